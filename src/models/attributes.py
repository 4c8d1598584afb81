"""Registered attributes of residues, such as the confidence, and the colours for them.

The attributes are registered, so that *Render by Attribute*, specifiers such as
``::critasser_confidence<50``, ``save … .defattr`` and sessions know them.
"""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np

from ..jobs.residue_names import NO_NAME, ResidueName, names_of
from .segments.palette import PALETTE

__all__ = [
    "ATTRIBUTE",
    "DISTANCE",
    "DOMAIN",
    "LOCAL_CONFIDENCE",
    "LOCAL_PCC",
    "REGISTER",
    "SCHEMES",
    "SOURCE",
    "SPREAD",
    "Scheme",
    "adopt_confidence",
    "has_values",
    "read_columns",
    "read_confidence",
    "read_domains",
    "read_table",
    "register_attributes",
    "set_spread",
]

ATTRIBUTE = "critasser_confidence"
"""0 to 100; None for a residue without, as for all that follow."""

LOCAL_CONFIDENCE = "critasser_local_confidence"
"""The method's own local confidence, from how far decoys agree; 0 to 100."""

LOCAL_PCC = "critasser_local_pcc"
"""Correlation of the residue's own density with the map, -1 to 1."""

SOURCE = "critasser_source"
"""Of models: where the residue comes from, a number of `_SOURCES`."""

_SOURCES = {"neither": 0.0, "map": 1.0, "template": 2.0, "both": 3.0}
"""Words of the tables, and what stands for them."""

REGISTER = "critasser_register"
"""Of traces: how sure it is that this residue and no other is here, 0 to 100."""

SPREAD = "critasser_spread"
"""Å; root mean square distance of the residue's Cα in the job's models from their mean."""

DISTANCE = "critasser_distance"
"""Å; distance of the Cα from that of the model it was compared with last."""

DOMAIN = "critasser_domain"
"""Number of the domain that a fit has given a place of its own, from 1."""

_FROM_FILE = "confidence_score"
"""What ChimeraX makes of the local metric ``confidence`` in our mmCIF files."""

_LARGEST = 64 << 20
"""Bytes of a table of residues."""

_COLUMNS = {
    "models": {
        LOCAL_PCC: ("local_pcc", 1.0),
        LOCAL_CONFIDENCE: ("local_confidence", 1.0),
        SOURCE: ("source", 1.0),
    },
    "traces": {REGISTER: ("confidence", 100.0)},
}
"""Columns of the table beside a file of each kind, and what they are multiplied by."""


@dataclass(frozen=True)
class Scheme:
    """Colours for an attribute.

    Attributes
    ----------
    title : str
        Name of the key's model.
    attribute : str
        Of residues; empty for chains.
    colors : tuple of (float, str)
        Values and their colours; between them colours are interpolated.
    unit : str
        Of the values, told in the heading.
    lacking : str
        What is said when no model has a value.
    words : tuple of str
        What the values stand for, where they are no measure; the key shows them.
    """

    title: str
    attribute: str
    colors: tuple[tuple[float, str], ...]
    unit: str = ""
    lacking: str = ""
    words: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """What stands above the key."""
        words = self.title.removeprefix("Critasser ")
        unit = f" ({self.unit})" if self.unit else ""
        return words[0].upper() + words[1:] + unit


_SURE = ((0.0, "red"), (50.0, "orange"), (70.0, "yellow"), (90.0, "cornflowerblue"),
         (100.0, "blue"))  # fmt: skip
_DOMAINS = tuple((float(number), color) for number, color in enumerate(PALETTE, start=1))
_FAR = ((0.0, "blue"), (2.0, "cornflowerblue"), (4.0, "white"), (6.0, "orange"), (8.0, "red"))

SCHEMES = {
    "confidence": Scheme("Critasser confidence", ATTRIBUTE, _SURE, "",
                         "none of these models has a confidence of Critasser"),
    "localConfidence": Scheme("Critasser local confidence", LOCAL_CONFIDENCE,
                              _SURE, "",
                              "local confidence is of a job's models; open them by critasser open"),
    "localPCC": Scheme("Critasser local PCC", LOCAL_PCC,
                       ((0.0, "red"), (0.4, "white"), (0.8, "blue")), "",
                       "local correlations are of a job's models; open them by critasser open"),
    "register": Scheme("Critasser register", REGISTER, _SURE, "%",
                       "confidence of the register is of traces: critasser show traces, and give "
                       "one of them"),
    "source": Scheme("Critasser sources", SOURCE,
                     tuple(zip(_SOURCES.values(), ("#d9534f", "#2563a8", "#e0a030", "#3f8f5f"))),
                     "", "where residues come from is known of models of builds; open them by "
                     "critasser open", tuple(_SOURCES)),
    "agreement": Scheme("Critasser agreement", SPREAD, _FAR, "Å",
                        "agreement is of the models of one job, and takes two at least"),
    "distance": Scheme("Critasser distance", DISTANCE, _FAR, "Å",
                       "distances are of models that were compared by critasser compare"),
    "domain": Scheme("Critasser domains", DOMAIN, _DOMAINS, "",
                     "domains are of models that were placed by critasser fit"),
    "chain": Scheme("Critasser chains", "", ()),
}  # fmt: skip
"""By the word that chooses each in `critasser confidence show`."""


def register_attributes(session) -> None:
    """Make ChimeraX know our attributes; may be called again."""
    from chimerax.atomic import Residue

    for name in (ATTRIBUTE, LOCAL_CONFIDENCE, LOCAL_PCC, SOURCE, REGISTER, SPREAD, DISTANCE,
                 DOMAIN):  # fmt: skip
        Residue.register_attr(session, name, "Critasser", attr_type=float, can_return_none=True)


def read_confidence(structure) -> None:
    """Take confidences from the B-factors of one of our own files."""
    register_attributes(structure.session)
    for residue in structure.residues:
        atom = residue.find_atom("CA")
        setattr(residue, ATTRIBUTE, None if atom is None else float(atom.bfactor))


def read_domains(structure, table: Path) -> int:
    """Take the domains of a placed model from its table; how many of them have a place.

    Parameters
    ----------
    structure : chimerax.atomic.AtomicStructure
    table : Path
        CSV as `read_columns` reads it.
    """
    register_attributes(structure.session)
    found = read_columns(table, {"domain": ("domain", 1.0), "placed": ("placed", 1.0)})
    numbers = set()
    for residue, key in names_of(structure.residues).items():
        number = found["domain"].get(key) if found["placed"].get(key) else None
        setattr(residue, DOMAIN, number)
        numbers.add(number)
    return len(numbers - {None})


def read_table(structure, table: Path, kind: str, *, percent: bool = True) -> None:
    """Take what else is known of residues from the table beside a file, if there is one.

    Parameters
    ----------
    structure : chimerax.atomic.AtomicStructure
    table : Path
        CSV as `read_columns` reads it.
    kind : str
        What the file is: models, traces …
    percent : bool
        Whether its local confidence is 0 to 100; that of older jobs is 0 to 1.
    """
    found = read_columns(table, _COLUMNS.get(kind, {}))
    if not percent and LOCAL_CONFIDENCE in found:
        values = found[LOCAL_CONFIDENCE]
        found[LOCAL_CONFIDENCE] = {residue: 100 * value for residue, value in values.items()}
    register_attributes(structure.session)
    keys = names_of(structure.residues)
    for name, values in found.items():
        if values:
            for residue, key in keys.items():
                setattr(residue, name, values.get(key))


def read_columns(
    table: Path, columns: Mapping[str, tuple[str, float]]
) -> dict[str, dict[ResidueName, float]]:
    """Numbers of residues from a table; a damaged one costs that residue, or what comes after it.

    Parameters
    ----------
    table : Path
        CSV with the columns ``chain``, ``residue`` and, where there are any, ``insertion``.
    columns : mapping
        Column and what it is multiplied by, under the name that its numbers are to have.

    Returns
    -------
    dict
        By name, the numbers by the engine's names of residues, `names_of`.
    """
    found: dict[str, dict[ResidueName, float]] = {name: {} for name in columns}
    # Nothing else depends on such a table.
    with contextlib.suppress(OSError, csv.Error):
        if table.stat().st_size > _LARGEST:
            return found
        with table.open(newline="", encoding="utf-8", errors="replace") as lines:
            for row in csv.DictReader(lines):
                with contextlib.suppress(KeyError, TypeError, ValueError):
                    chain = row["chain"].strip() or NO_NAME
                    key = chain, int(row["residue"]), (row.get("insertion") or "").strip()
                    for name, (column, factor) in columns.items():
                        if (text := row.get(column)) and isfinite(value := _number(text)):
                            found[name][key] = factor * value
    return found


def _number(text: str) -> float:
    return _SOURCES[text] if text in _SOURCES else float(text)


def has_values(structure, attribute: str) -> bool:
    """Whether any residue has a value."""
    return any(getattr(residue, attribute, None) is not None for residue in structure.residues)


def adopt_confidence(structure) -> bool:
    """Whether a structure has confidences of ours, also when it was opened as any other file."""
    if has_values(structure, ATTRIBUTE):
        return True
    values = [getattr(residue, _FROM_FILE, None) for residue in structure.residues]
    if all(value is None for value in values):
        return False
    register_attributes(structure.session)
    for residue, value in zip(structure.residues, values):
        setattr(residue, ATTRIBUTE, value)
    return True


def set_spread(structures: Sequence) -> bool:
    """Give residues how far the models of one job spread there; whether there are several models.

    Models stand as they lie in the map, they are not superposed: what is told is whether they
    agree on where the residue is.
    """
    if len(structures) < 2:
        return False
    register_attributes(structures[0].session)
    places = [_calpha_places(structure) for structure in structures]
    shared = set(places[0]).intersection(*places[1:])
    spread = {}
    if shared:
        keys = sorted(shared)
        coords = np.array([[found[key] for key in keys] for found in places])
        off = np.square(coords - coords.mean(axis=0)).sum(axis=2)
        spread = dict(zip(keys, np.sqrt(off.mean(axis=0)).tolist()))
    for structure in structures:
        for residue in structure.residues:
            setattr(residue, SPREAD, spread.get((residue.chain_id, residue.number)))
    return True


def _calpha_places(structure) -> dict[tuple[str, int], np.ndarray]:
    """Scene position of each residue's Cα, by chain and number."""
    atoms = structure.atoms
    atoms = atoms.filter(np.asarray(atoms.names) == "CA")
    residues = atoms.residues
    keys = zip(residues.chain_ids, np.asarray(residues.numbers).tolist())
    return dict(zip(keys, atoms.scene_coords))
