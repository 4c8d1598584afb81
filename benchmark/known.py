"""Template libraries for judging: without the relatives of a target.

A target that is found in its own structure, or in that of a near relative, says nothing of those
for which there is none.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from critasser.shipped import LIBRARY, shipped
from critasser.structure import AMINO_ACIDS
from critasser.structure.substitution import GAP_EXTEND, GAP_OPEN, blosum62
from critasser.templates.alignment_kernels import align_overlap
from critasser.threading import TemplateLibrary, load_library, write_library

__all__ = ["LIBRARIES", "family_of", "library_options", "without_relatives"]

LIBRARIES = ("unrelated", "all", "none")
"""Of which templates are found: of those that are no relatives of the target (the paper's hard
targets), of all, or of none."""

RELATED, COVERED = 0.30, 0.5
"""Identity from which two chains are relatives, as in the paper, and share of the shorter one that
must be aligned for it."""


def without_relatives(
    library: TemplateLibrary, sequences: Sequence[str], clusters: frozenset[str] = frozenset()
) -> TemplateLibrary:
    """The chains of a library that are relatives of none of the sequences, by their letters or by
    names that are known to be."""
    table = blosum62()
    kept = []
    for number, name in enumerate(library.names):
        codes = library.codes[library.residues(number)].astype(int)
        if name not in clusters and not any(_alike(codes, one, table) for one in sequences):
            kept.append((number, 0, len(codes)))
    return library.select(kept)


def _alike(codes: np.ndarray, letters: str, table: np.ndarray) -> bool:
    own = np.array([AMINO_ACIDS.find(letter) for letter in letters])
    _, partner = align_overlap(table[codes][:, own], GAP_OPEN, GAP_EXTEND)
    rows = np.flatnonzero(partner >= 0)
    same = (codes[rows] == own[partner[rows]]) & (codes[rows] >= 0)
    enough = len(rows) >= COVERED * min(len(codes), len(own))
    return enough and bool(same.mean() >= RELATED)


def library_options(
    which: str, data: Path, name: str, sequences: Sequence[str], folder: Path
) -> list[str]:
    """Options of ``critasser build`` by which it finds templates as one of `LIBRARIES` says.

    Parameters
    ----------
    which : str
    data : Path
        Folder with ``structures/index.tsv``, by which chains of one cluster are relatives too.
    name : str
        Of the target, as the table may have it.
    sequences : sequence of str
        Of the target.
    folder : Path
        Where a library may be written.
    """
    if which == "none":
        return ["--no-template-search"]
    if which == "all":
        return []
    path = folder / "library.npz"
    if not path.exists():
        library = load_library(shipped(LIBRARY))
        write_library(path, without_relatives(library, sequences, family_of(data, name)))
    return ["--library", str(path)]


def family_of(data: Path, name: str) -> frozenset[str]:
    """The chains of one's cluster in ``structures/index.tsv``; none where it is not there."""
    with (data / "structures" / "index.tsv").open(newline="") as lines:
        cluster = {row["id"]: row["cluster25"] for row in csv.DictReader(lines, delimiter="\t")}
    own = cluster.get(name)
    return frozenset(one for one, its in cluster.items() if own is not None and its == own)
