"""Rank the chains of a library by how well a sequence suits their structures.

A sequence is aligned with each chain by three witnesses: the likeness of the two sequences
(BLOSUM62), and how well the secondary structure and the exposure of the chain's residues agree with
what the sequence by itself tells of them. Whether it is the order of its residues that suits a
chain, and not what letters it has, is asked of those that suit it best (`order_z_score`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from critasser.structure.fold_classes import EXPOSURE_WEIGHT, STRUCTURE_WEIGHT
from critasser.structure.substitution import GAP_EXTEND, GAP_OPEN, blosum62
from critasser.threading.library import TemplateLibrary
from critasser.threading.ranking_kernels import overlap_scores

__all__ = ["order_z_score", "rank"]

REVERSED_WEIGHT = 0.5
"""Of the score of the reversed sequence, which is taken away: that of its composition."""

FEWEST_CHAINS = 30
"""Of a library, by which it can be told what chance does."""

BLOCK = 200
"""Chains that are aligned between two reports: a second for 600 residues."""

SHUFFLES, WINDOW = 60, 20
"""Sequences that a sequence is compared with, and residues within which these are shuffled: they
keep stretches of few letters, such as poly-glycine, where they are."""

LEAST_SPREAD = 1e-6
"""Of scores, that a z-score divides by."""


def rank(
    library: TemplateLibrary,
    codes: NDArray[np.int8],
    structure: NDArray[np.float64],
    side: NDArray[np.float64],
    back: NDArray[np.float64],
    progress: Callable[[float], None] | None = None,
) -> NDArray[np.float64]:
    """z-score of each chain of a library for a sequence.

    Parameters
    ----------
    library : TemplateLibrary
    codes : ndarray (L,)
        Indices into `AMINO_ACIDS`, -1 where one is not known.
    structure : ndarray (L, 3)
        Log-odds that each residue is in a helix, a strand or coil.
    side, back : ndarray (L, 8)
        Log-odds of each bin of its exposure, see `critasser.structure.exposure`.
    progress : callable, optional
        Given the fraction done; may raise `Cancelled`.

    Returns
    -------
    ndarray (N,)
        By how many standard deviations the score of each chain is above what the reversed sequence
        has with chains of its length. Unrelated chains come to 6 at most, mostly. All 0 where the
        library has fewer than `FEWEST_CHAINS`.
    """
    if len(library) < FEWEST_CHAINS:
        return np.zeros(len(library))
    tables = _tables(codes, structure, side, back)
    both = [_ordered(tables, slice(None, None, step)) for step in (1, -1)]
    own, chance = np.empty((2, len(library)))
    for first in range(0, len(library), BLOCK):
        if progress is not None:
            progress(first / len(library))
        last = min(first + BLOCK, len(library))
        block = _block(library, first, last)
        for scores, ours in zip((own, chance), both):
            scores[first:last] = overlap_scores(*block, *ours, GAP_OPEN, GAP_EXTEND)
    size = np.log(library.lengths)
    slope = np.polynomial.Polynomial.fit(size, chance, 1 if np.ptp(size) > 0 else 0)
    above = chance - slope(size)
    return (own - slope(size) - REVERSED_WEIGHT * above) / max(float(above.std()), LEAST_SPREAD)


def order_z_score(
    library: TemplateLibrary,
    number: int,
    codes: NDArray[np.int8],
    structure: NDArray[np.float64],
    side: NDArray[np.float64],
    back: NDArray[np.float64],
    rng: np.random.Generator,
) -> float:
    """z-score of one chain of a library for a sequence, among the same residues in other orders.

    Sequences of few letters suit chains that have many of these, whatever their order: by `rank`
    60 glycines come to 8, here to 0.

    Parameters
    ----------
    library : TemplateLibrary
    number : int
        Of the chain.
    codes, structure, side, back : ndarray
        Of the sequence, as for `rank`.
    rng : numpy.random.Generator

    Returns
    -------
    float
        By how many standard deviations the score is above those of sequences that are shuffled
        within windows, each residue with what is told of it.
    """
    tables = _tables(codes, structure, side, back)
    block = _block(library, number, number + 1)

    def score(order: NDArray[np.int64]) -> float:
        ordered = _ordered(tables, order)
        return float(overlap_scores(*block, *ordered, GAP_OPEN, GAP_EXTEND)[0])

    length = len(codes)
    shuffled = np.array([score(_shuffled(length, rng)) for _ in range(SHUFFLES)])
    own = score(np.arange(length))
    return (own - float(shuffled.mean())) / max(float(shuffled.std(ddof=1)), LEAST_SPREAD)


def _shuffled(length: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """An order of residues in which each stays within a window of `WINDOW`."""
    edges = np.arange(rng.integers(1, WINDOW + 1), length, WINDOW)
    return np.concatenate([rng.permutation(part) for part in np.split(np.arange(length), edges)])


def _tables(
    codes: NDArray[np.int8],
    structure: NDArray[np.float64],
    side: NDArray[np.float64],
    back: NDArray[np.float64],
) -> list[NDArray[np.float64]]:
    """Score of each amino acid and of each class with each residue of a sequence."""
    return [
        blosum62()[:, codes.astype(int)],
        STRUCTURE_WEIGHT * structure.T,
        *(EXPOSURE_WEIGHT * np.pad(one, ((0, 0), (0, 1))).T for one in (side, back)),
    ]


def _ordered(
    tables: list[NDArray[np.float64]], order: slice | NDArray[np.int64]
) -> list[NDArray[np.float64]]:
    return [np.ascontiguousarray(table[:, order], dtype=np.float64) for table in tables]


def _block(library: TemplateLibrary, first: int, last: int) -> tuple[NDArray, ...]:
    """Some chains of a library in a row, as the kernel takes them."""
    rows = slice(library.starts[first], library.ends[last - 1])
    return (
        library.ends[first:last] - library.starts[first],
        *(one[rows] for one in (library.codes, library.structure, library.side, library.back)),
    )
