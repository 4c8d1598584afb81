"""Make a template library, as the command line says.

Only ``critasser data library`` imports this.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from critasser.errors import InputError
from critasser.structure import ProteinChain, read_chains
from critasser.text import printable
from critasser.threading import library_of, write_library

__all__ = ["make_library"]

STRUCTURES = (".pdb", ".ent", ".cif", ".mmcif")
"""Endings of files of structures, before .gz."""


def make_library(
    structures: Path, output: Path, splits: Collection[str], report: Callable[[str], None]
) -> None:
    """Write the chains of a folder's structures as a template library.

    Parameters
    ----------
    structures : Path
        Folder; with ``index.tsv`` the files that it lists under `splits`, else all structures.
    output : Path
        File to write.
    splits : collection of str
    report : callable
        Given a line for each file that is left out, and one at the end.

    Raises
    ------
    InputError
        There is nothing to make a library of, or the result is not named ``.npz``.
    """
    if output.suffix != ".npz":
        raise InputError(f"{output}: give a name that ends in .npz")
    if not output.absolute().parent.is_dir():
        raise InputError(f"{output.absolute().parent}: no such folder; make it first")
    library = library_of(_chains(structures, splits, report))
    write_library(output, library)
    report(f"{output}: {len(library)} chains of {len(library.codes)} residues")


def _chains(
    folder: Path, splits: Collection[str], report: Callable[[str], None]
) -> Iterator[tuple[str, ProteinChain]]:
    """Chains by name; files that cannot be read are told and left out."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give one with structures")
    count, there = 0, set()
    for name, path in _files(folder, splits):
        count += 1
        try:
            chains = read_chains(path)
        except InputError as error:
            report(f"left out: {error}")
            continue
        for number, chain in enumerate(chains, 1):
            own = printable(name if len(chains) == 1 else f"{name}_{chain.name}")
            if own in there:  # chains of one letter
                own = f"{own}_{number}"
            there.add(own)
            yield own, chain
    if not count:
        raise InputError(f"{folder}: no structures there, or none of split {', '.join(splits)}")


def _files(folder: Path, splits: Collection[str]) -> Iterator[tuple[str, Path]]:
    """Structures by name: those of the table if there is one, else all."""
    table = folder / "index.tsv"
    if not table.is_file():
        for path in sorted(folder.iterdir()):
            if path.name.lower().removesuffix(".gz").endswith(STRUCTURES):
                yield _stem(path), path
        return
    try:
        with table.open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines, delimiter="\t"))
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{table}: cannot be read ({error})") from None
    for row in rows:
        if not {"file", "split"} <= {key for key, value in row.items() if value}:
            raise InputError(f"{table}: needs the columns 'file' and 'split'")
        if row["split"] in splits:
            path = folder / row["file"]
            yield row.get("id") or _stem(path), path


def _stem(path: Path) -> str:
    """A file's name without what says of which kind it is."""
    name = path.name[: -len(".gz")] if path.name.lower().endswith(".gz") else path.name
    return name.rpartition(".")[0]
