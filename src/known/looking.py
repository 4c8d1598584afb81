"""Look for known structures: here, and where the person allows it in public databases."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..jobs.predicted_error import error_path
from ..session.network import NoAnswer, NotThere, host_of
from . import services
from .alignment import LEAST_COVERAGE, LEAST_IDENTITY, likeness
from .cif import sequences_of
from .downloads import ALPHAFOLD_FOLDER, ENTRY_FOLDER, cut_entry, error_of, in_folder, keep
from .found import Found, Wanted

__all__ = ["Looked", "look", "what_is_sent"]

PATIENCE = 180.0
"""Seconds for all of a look."""

_MOST_DOWNLOADED = 3
"""Files of the download folder for each sequence."""

_MOST_PREDICTED = 1
"""Models of AlphaFold DB for each sequence."""

_MOST_ENTRIES = 3
"""Entries of the PDB for each sequence; each costs the build some time."""


@dataclass(frozen=True)
class Looked:
    """What came of a look.

    Attributes
    ----------
    found : tuple of Found
        The most alike first, none twice.
    trouble : tuple of str
        Why something could not be looked at, in lines for a person.
    """

    found: tuple[Found, ...]
    trouble: tuple[str, ...] = ()


def what_is_sent() -> str:
    """What leaves this computer, in a sentence."""
    return (
        f"{host_of(services.ALPHAFOLD)} is sent the UniProt accession or an MD5 checksum of each "
        f"sequence, {host_of(services.SEARCH)} the sequence itself"
    )


def look(
    wanted: Sequence[Wanted],
    folder: Path,
    *,
    online: bool,
    here: Sequence[Found] = (),
    stopped: Callable[[], bool] = lambda: False,
) -> Looked:
    """Look for structures of sequences; in any thread.

    What is fetched goes into the download folder, so that it is fetched once.

    Parameters
    ----------
    wanted : sequence of Wanted
    folder : Path
        ChimeraX's download folder.
    online : bool
        Ask public databases too.
    here : sequence of Found
        Open models, which were looked at already.
    stopped : callable
        Whether the person has stopped it.

    Returns
    -------
    Looked
    """
    wanted = list({one.letters: one for one in reversed(wanted)}.values())[::-1]
    found, trouble = list(here), []
    end = time.monotonic() + PATIENCE

    def over() -> bool:
        return stopped() or time.monotonic() > end

    downloaded = sorted(in_folder(folder, wanted, over), key=_worth, reverse=True)
    for one in wanted:
        found += [d for d in downloaded if d.sequence == one.name][:_MOST_DOWNLOADED]
    for ask in (_predicted, _solved) if online else ():
        for one in wanted:
            if over():
                trouble.append(f"stopped, or {PATIENCE:.0f} s are over; what was found is used")
                break
            try:
                found += ask(one, folder, over)
            except NoAnswer as error:
                trouble.append(str(error))
                break  # the next sequence would wait for the same server
            except OSError as error:
                trouble.append(f"{folder} cannot be written to: {error.strerror}")
                break
    return Looked(_distinct(found), tuple(dict.fromkeys(trouble)))


def _worth(one: Found) -> float:
    return one.identity * one.coverage


def _distinct(found: Sequence[Found]) -> tuple[Found, ...]:
    """Each file and each model once, the most alike first."""
    kept: dict[tuple[str, str], Found] = {}
    for one in sorted(found, key=_worth, reverse=True):
        kept.setdefault(one.key, one)
    return tuple(kept.values())


def _predicted(one: Wanted, folder: Path, stopped: Callable[[], bool]) -> list[Found]:
    """Models of AlphaFold DB."""
    found = []
    for made in services.predictions(one.letters, one.accession, stopped)[:_MOST_PREDICTED]:
        identity, coverage = likeness(one.letters, made.letters or one.letters)
        if identity < LEAST_IDENTITY or coverage < LEAST_COVERAGE:
            continue
        path = folder / ALPHAFOLD_FOLDER / f"{made.name}.cif"
        if not path.is_file():
            try:
                content = services.download(made.model, stopped)
            except NotThere:
                continue
            if b"_atom_site." not in content:
                raise NoAnswer(f"{host_of(made.model)} gives a file that is no model")
            keep(path, content)
        error = _error(made, path, stopped)
        found.append(
            Found(made.name, "AlphaFold DB", one.name, identity, coverage, path, error, made.model)
        )
    return found


def _error(
    made: services.Prediction, path: Path, stopped: Callable[[], bool]
) -> Path | None:
    """The predicted aligned error of a model; a model is of use without it too."""
    kept = error_path(path)
    try:
        if not kept.is_file():
            keep(kept, services.download(made.error, stopped))
        text = path.read_text(encoding="utf-8", errors="replace")
    except (NoAnswer, NotThere):
        return None
    lengths = list(map(len, sequences_of(text).values()))
    return error_of(path, lengths[0]) if len(lengths) == 1 else None


def _solved(one: Wanted, folder: Path, stopped: Callable[[], bool]) -> list[Found]:
    """Entries of the PDB, of each the chain that is alike."""
    found = []
    for entry in services.similar_entries(one.letters, stopped):
        if len(found) == _MOST_ENTRIES:
            break
        address = services.entry_file(entry.entry)
        path = folder / ENTRY_FOLDER / address.rsplit("/", 1)[-1]
        if not path.is_file():
            try:
                keep(path, services.download(address, stopped))
            except NotThere:
                continue  # too large for this format's name, or withdrawn
        cut = cut_entry(folder, path, entry.entity)
        if cut is not None:
            found.append(
                Found(
                    f"{entry.entry} entity {entry.entity}", "PDB", one.name, entry.identity,
                    entry.coverage, cut, None, address,
                )
            )  # fmt: skip
    return found
