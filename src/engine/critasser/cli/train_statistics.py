"""Learn the statistical tables that ship with Critasser from known protein chains.

Only ``critasser train statistics`` imports this. A stage's learner is loaded when its table is
asked for.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path

import numpy as np

from critasser.errors import InputError
from critasser.shipped import shipped
from critasser.structure import ProteinChain, read_chains
from critasser.writing import appearing

__all__ = ["LEARNERS", "train_statistics", "training_chains"]

LEARNERS = {
    "trace": "critasser.trace.learning",
    "assembly": "critasser.assembly.statistics",
    "backbone": "critasser.atomic.backbone_statistics",
    "rotamers": "critasser.atomic.rotamer_statistics",
}
"""Modules whose function ``learn`` makes the arrays of a table from chains, by the table's name."""


def training_chains(folder: Path) -> Iterator[ProteinChain]:
    """The chains that ``index.tsv`` of a folder lists under split ``train``, one after the other.

    Raises
    ------
    InputError
        There is no such table, or a file is no structure.
    """
    table = folder / "index.tsv"
    if not table.is_file():
        raise InputError(f"{table}: no split table; it needs the columns 'file' and 'split'")
    with table.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            if row["split"] == "train":
                yield from read_chains(folder / row["file"])


def train_statistics(
    structures: Path,
    output: Path,
    only: Sequence[str] | None = None,
    *,
    report: Callable[[str], None] = print,
) -> None:
    """Learn tables and write them.

    Arrays of a table that are learnt from something else than chains stay as they ship.

    Parameters
    ----------
    structures : Path
        Folder with ``index.tsv``.
    output : Path
        Folder for the tables.
    only : sequence of str, optional
        Tables of `LEARNERS`; all without.
    report : callable
        Given a line for each table.

    Raises
    ------
    InputError
        A table is not known, or the chains are too few for it.
    """
    unknown = set(only or ()) - set(LEARNERS)
    if unknown:
        raise InputError(f"no table {sorted(unknown)[0]!r}; there are {', '.join(LEARNERS)}")
    output.mkdir(parents=True, exist_ok=True)
    chains = list(training_chains(structures))
    for name, module in LEARNERS.items():
        if only and name not in only:
            continue
        with np.load(shipped(f"{name}.npz"), allow_pickle=False) as present:
            table = dict(present)
        try:
            learnt = import_module(module).learn(chains)
        except ValueError as error:
            raise InputError(f"{structures}: {name}: {error}") from error
        path = output / f"{name}.npz"
        with appearing(path) as temporary:
            np.savez_compressed(temporary, **{**table, **learnt})
        report(f"{path}: learnt from {len(chains)} chains")
