"""Rank the chains of a library by how well a sequence suits their structures.

A sequence is aligned with each chain by three witnesses: the likeness of the two sequences
(BLOSUM62), and how well the secondary structure and the exposure of the chain's residues agree with
what the sequence by itself tells of them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from critasser.structure.fold_classes import EXPOSURE_WEIGHT, STRUCTURE_WEIGHT
from critasser.structure.substitution import GAP_EXTEND, GAP_OPEN, blosum62
from critasser.threading.library import TemplateLibrary
from critasser.threading.ranking_kernels import overlap_scores

__all__ = ["rank"]

REVERSED_WEIGHT = 0.5
"""Of the score of the reversed sequence, which is taken away: that of its composition."""

FEWEST_CHAINS = 30
"""Of a library, by which it can be told what chance does."""

BLOCK = 200
"""Chains that are aligned between two reports: a second for 600 residues."""

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
    tables = [
        blosum62()[:, codes.astype(int)],
        STRUCTURE_WEIGHT * structure.T,
        *(EXPOSURE_WEIGHT * np.pad(one, ((0, 0), (0, 1))).T for one in (side, back)),
    ]
    both = [
        [np.ascontiguousarray(table[:, ::step], dtype=np.float64) for table in tables]
        for step in (1, -1)
    ]
    own, chance = np.empty((2, len(library)))
    for first in range(0, len(library), BLOCK):
        if progress is not None:
            progress(first / len(library))
        last = min(first + BLOCK, len(library))
        rows = slice(library.starts[first], library.ends[last - 1])
        block = (
            library.ends[first:last] - library.starts[first],
            *(one[rows] for one in (library.codes, library.structure, library.side, library.back)),
        )
        for scores, ours in zip((own, chance), both):
            scores[first:last] = overlap_scores(*block, *ours, GAP_OPEN, GAP_EXTEND)
    size = np.log(library.lengths)
    slope = np.polynomial.Polynomial.fit(size, chance, 1 if np.ptp(size) > 0 else 0)
    above = chance - slope(size)
    return (own - slope(size) - REVERSED_WEIGHT * above) / max(float(above.std()), LEAST_SPREAD)
