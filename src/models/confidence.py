"""Confidence of residues as an attribute, as colours, and their key.

The attribute is registered, so that *Render by Attribute*, specifiers such as
``::critasser_confidence<50``, ``save … .defattr`` and sessions know it.
"""

from __future__ import annotations

import csv
from pathlib import Path

__all__ = [
    "ATTRIBUTE",
    "adopt_confidence",
    "color_by_confidence",
    "read_confidence",
    "read_local_pcc",
    "register_attributes",
    "show_key",
]

ATTRIBUTE = "critasser_confidence"
"""0 to 100; None for a residue without."""

LOCAL_PCC = "critasser_local_pcc"
"""Correlation of the residue's own density with the map, -1 to 1."""

_FROM_FILE = "confidence_score"
"""What ChimeraX makes of the local metric ``confidence`` in our mmCIF files."""

_PALETTE = "alphafold"
_NO_VALUE = "gray"

_LEAST_WIDTH = 240
"""Pixels of the key's width below which its labels run into each other."""


def register_attributes(session) -> None:
    """Make ChimeraX know our attributes; may be called again."""
    from chimerax.atomic import Residue

    for name in (ATTRIBUTE, LOCAL_PCC):
        Residue.register_attr(session, name, "Critasser", attr_type=float, can_return_none=True)


def read_confidence(structure) -> None:
    """Take confidences from the B-factors of one of our own files."""
    register_attributes(structure.session)
    for residue in structure.residues:
        atom = residue.find_atom("CA")
        setattr(residue, ATTRIBUTE, None if atom is None else float(atom.bfactor))


def read_local_pcc(structure, table: Path) -> None:
    """Take local correlations from the table of residues beside a model, if there is one."""
    try:
        with table.open(newline="", encoding="utf-8") as lines:
            values = {
                (row["chain"], int(row["residue"])): float(row["local_pcc"])
                for row in csv.DictReader(lines)
            }
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        return  # nothing else depends on it
    for residue in structure.residues:
        setattr(residue, LOCAL_PCC, values.get((residue.chain_id, residue.number)))


def adopt_confidence(structure) -> bool:
    """Whether a structure has confidences of ours, also when it was opened as any other file."""
    values = [getattr(residue, ATTRIBUTE, None) for residue in structure.residues]
    if any(value is not None for value in values):
        return True
    values = [getattr(residue, _FROM_FILE, None) for residue in structure.residues]
    if all(value is None for value in values):
        return False
    register_attributes(structure.session)
    for residue, value in zip(structure.residues, values):
        setattr(residue, ATTRIBUTE, value)
    return True


def color_by_confidence(structure) -> None:
    """Colour an open structure; grey where there is no confidence."""
    from chimerax.core.commands import run

    run(
        structure.session,
        f"color byattribute r:{ATTRIBUTE} {structure.atomspec} palette {_PALETTE} range 0,100 "
        f"noValueColor {_NO_VALUE} logInfo false",
        log=False,
    )


def show_key(session, *, replace: bool = False) -> None:
    """Show what the colours mean.

    Parameters
    ----------
    session : chimerax.core.session.Session
    replace : bool
        Also when there is a key already, which may be one of the person's own.
    """
    from chimerax.color_key.model import get_model
    from chimerax.core.colors import BuiltinColormaps
    from chimerax.core.commands import run

    if get_model(session, create=False) is not None and not replace:
        return
    marks = [f"{value:g}" for value in BuiltinColormaps[_PALETTE].data_values]
    labels = " ".join(f":{mark}" for mark in marks)
    width, _ = session.main_view.window_size
    share = min(max(0.28, _LEAST_WIDTH / max(width, 1)), 0.9)
    run(
        session,
        f"key {_PALETTE} {labels} size {share:.3f},0.03 pos {0.97 - share:.3f},0.09 fontSize 16 "
        "ticks true tickLength 6 tickThickness 2 numericLabelSpacing equal",
        log=False,
    )
    get_model(session).name = "Critasser confidence"
