"""Numba kernel that aligns parts of two sequences."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["align_locally"]

IMPOSSIBLE = -1e30
"""A score below any."""


@njit(cache=True)
def align_locally(first, second, table, gap_open, gap_extend):
    """Best local alignment with affine gaps (Smith & Waterman 1981, Gotoh 1982).

    Parameters
    ----------
    first, second : (n,), (m,) int8
        Rows and columns of `table`.
    table : (k, k) float64
        Scores of pairs.
    gap_open, gap_extend : float
        Positive costs of the first and of each further position of a gap.

    Returns
    -------
    score : float
    identical, pairs : int
        Pairs of the same residue, and all pairs, along the best alignment; 0 where there is none.
    """
    m = len(second)
    # Of the row above, then of this one: alignments that end in a pair or in either gap, with
    # identical and all pairs on the way.
    pair = np.zeros(m + 1)
    down = np.full(m + 1, IMPOSSIBLE)
    pair_counts = np.zeros((m + 1, 2), np.int64)
    down_counts = np.zeros((m + 1, 2), np.int64)
    best, identical, pairs = 0.0, 0, 0
    for i in range(len(first)):
        diagonal = pair[0]
        diagonal_same, diagonal_all = 0, 0
        across = IMPOSSIBLE
        across_same, across_all = 0, 0
        for j in range(1, m + 1):
            above = pair[j]
            above_same, above_all = pair_counts[j, 0], pair_counts[j, 1]
            if above - gap_open > down[j] - gap_extend:
                down[j] = above - gap_open
                down_counts[j, 0], down_counts[j, 1] = above_same, above_all
            else:
                down[j] -= gap_extend
            left = pair[j - 1]
            if left - gap_open > across - gap_extend:
                across = left - gap_open
                across_same, across_all = pair_counts[j - 1, 0], pair_counts[j - 1, 1]
            else:
                across -= gap_extend
            value = diagonal + table[first[i], second[j - 1]]
            same = diagonal_same + (1 if first[i] == second[j - 1] else 0)
            every = diagonal_all + 1
            if down[j] > value:
                value, same, every = down[j], down_counts[j, 0], down_counts[j, 1]
            if across > value:
                value, same, every = across, across_same, across_all
            if value <= 0.0:
                value, same, every = 0.0, 0, 0
            pair[j] = value
            pair_counts[j, 0], pair_counts[j, 1] = same, every
            diagonal, diagonal_same, diagonal_all = above, above_same, above_all
            if value > best:
                best, identical, pairs = value, same, every
    return best, identical, pairs
