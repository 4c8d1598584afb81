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
    library = library_of(_chains(structures, splits, report))
    write_library(output, library)
    report(f"{output}: {len(library)} chains of {len(library.codes)} residues")


def _chains(
    folder: Path, splits: Collection[str], report: Callable[[str], None]
) -> Iterator[tuple[str, ProteinChain]]:
    """Chains by name; files that cannot be read are told and left out."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; give one with structures")
    for path in _files(folder, splits):
        stem = path.name.removesuffix(".gz").rpartition(".")[0]
        try:
            chains = read_chains(path)
        except InputError as error:
            report(f"left out: {error}")
            continue
        for chain in chains:
            lone = len(chains) == 1 and stem.endswith(f"_{chain.name}")
            yield printable(stem if lone else f"{stem}_{chain.name}"), chain


def _files(folder: Path, splits: Collection[str]) -> Iterator[Path]:
    table = folder / "index.tsv"
    if not table.is_file():
        for path in sorted(folder.iterdir()):
            if path.name.removesuffix(".gz").endswith(STRUCTURES):
                yield path
        return
    with table.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            if row.get("split") in splits and row.get("file"):
                yield folder / row["file"]
