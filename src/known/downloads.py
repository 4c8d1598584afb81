"""ChimeraX's download folder: what is there already, and where what is fetched goes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ..jobs.predicted_error import error_length, error_path
from ..session.files import open_regular, read_regular
from .alignment import LEAST_COVERAGE, LEAST_IDENTITY, likeness
from .cif import one_chain, sequences_of
from .found import Found, Wanted

__all__ = ["ALPHAFOLD_FOLDER", "CUT_FOLDER", "ENTRY_FOLDER", "cut_entry", "download_folder",
           "error_of", "in_folder", "keep"]

ALPHAFOLD_FOLDER, ENTRY_FOLDER = "AlphaFold", "PDB"
"""Of ChimeraX's own, by its names, so that it finds there what is fetched here."""

CUT_FOLDER = "Critasser"
"""Of single chains of entries."""

_MOST_FILES = 300
"""Files that are looked into, the newest first."""

_HEAD = 1 << 20
"""Bytes of a file's beginning that its sequences are read from."""

_LARGEST_ENTRY = 200 << 20

_PATTERNS = (
    f"{ALPHAFOLD_FOLDER}/*.cif", f"{ALPHAFOLD_FOLDER}/*/best_model.pdb", f"{ENTRY_FOLDER}/*.cif",
    f"{ENTRY_FOLDER}/*.pdb",
)  # fmt: skip


def download_folder() -> Path:
    """Where ChimeraX keeps what it has fetched."""
    from chimerax.core.fetch import cache_directories

    return Path(cache_directories()[0])


def in_folder(
    folder: Path, wanted: Sequence[Wanted], stopped: Callable[[], bool] = lambda: False
) -> Iterator[Found]:
    """Files of the download folder with a chain that is alike to a sequence.

    Of an entry of several chains only the chain that is alike is taken, into a file of its own.
    """
    for path in _newest(folder):
        if stopped():
            return
        try:
            with open_regular(path) as file:
                text = file.read(_HEAD).decode("utf-8", errors="replace")
        except OSError:
            continue
        chains = sequences_of(text)
        for one in wanted:
            best = max(
                ((*likeness(one.letters, letters), name) for name, letters in chains.items()),
                key=lambda found: found[0] * found[1],
                default=(0.0, 0.0, ""),
            )
            identity, coverage, entity = best
            if identity < LEAST_IDENTITY or coverage < LEAST_COVERAGE:
                continue
            used = path
            if path.parent.name == ENTRY_FOLDER and path.suffix == ".cif":
                used = cut_entry(folder, path, entity)
            if used is not None:
                yield Found(
                    used.name.removesuffix(used.suffix), "downloaded", one.name, identity,
                    coverage, used, error_of(path, len(chains[entity])),
                )  # fmt: skip


def error_of(path: Path, residues: int) -> Path | None:
    """The predicted aligned error beside a model of so many residues, if it is of as many."""
    error = error_path(path)
    if error is None or not error.is_file():
        return None
    return error if error_length(error) == residues else None


def _newest(folder: Path) -> list[Path]:
    found: list[tuple[float, Path]] = []
    for pattern in _PATTERNS:
        with contextlib.suppress(OSError):
            for path in folder.glob(pattern):
                with contextlib.suppress(OSError):
                    found.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(found, reverse=True)[:_MOST_FILES]]


def cut_entry(folder: Path, path: Path, entity: str) -> Path | None:
    """The file with the first chain of an entity of an entry alone; None where there is none."""
    cut = folder / CUT_FOLDER / f"{path.stem}_{entity}.cif"
    if cut.is_file():
        return cut
    try:
        text = read_regular(path, _LARGEST_ENTRY).decode("utf-8", errors="replace")
        return keep(cut, one_chain(text, entity).encode())
    except (OSError, ValueError):
        return None


def keep(path: Path, content: bytes) -> Path:
    """Write a file of the download folder; it appears whole.

    Raises
    ------
    OSError
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".part-{path.name}")
    part.write_bytes(content)
    part.replace(path)
    return path
