"""Numba kernel of the alignment of two sequences, on plain arrays."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["align_overlap"]


@njit(cache=True)
def align_overlap(similarity, gap_open, gap_extend):
    """Best alignment with affine gaps inside and free gaps at all four ends (Gotoh 1982).

    Parameters
    ----------
    similarity : (n, m) float64
        Of row i with column j.
    gap_open, gap_extend : float
        Positive costs of the first and of each further position of a gap.

    Returns
    -------
    score : float
    partner : (n,) int64
        Column of each row, −1 where it has none.
    """
    n, m = similarity.shape
    low = -1e30
    # States: 0 pair, 1 row alone (gap in columns), 2 column alone (gap in rows).
    value = np.full((3, n + 1, m + 1), low)
    came = np.zeros((3, n + 1, m + 1), dtype=np.int8)
    value[0, 0, :] = 0.0
    value[0, :, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            # A pair after a pair, after either gap, or as the first of all.
            best, origin = value[0, i - 1, j - 1], 0
            for state in range(1, 3):
                if value[state, i - 1, j - 1] > best:
                    best, origin = value[state, i - 1, j - 1], state
            value[0, i, j] = best + similarity[i - 1, j - 1]
            came[0, i, j] = origin
            opened = value[0, i - 1, j] - gap_open
            longer = value[1, i - 1, j] - gap_extend
            value[1, i, j] = max(opened, longer)
            came[1, i, j] = 0 if opened >= longer else 1
            best, origin = value[0, i, j - 1] - gap_open, 0
            if value[2, i, j - 1] - gap_extend > best:
                best, origin = value[2, i, j - 1] - gap_extend, 2
            if value[1, i, j - 1] - gap_open > best:
                best, origin = value[1, i, j - 1] - gap_open, 1
            value[2, i, j] = best
            came[2, i, j] = origin
    partner = np.full(n, -1, dtype=np.int64)
    score = 0.0
    i, j = 0, 0
    for row in range(1, n + 1):
        if value[0, row, m] > score:
            score, i, j = value[0, row, m], row, m
    for column in range(1, m + 1):
        if value[0, n, column] > score:
            score, i, j = value[0, n, column], n, column
    state = 0
    while i > 0 and j > 0:
        origin = came[state, i, j]
        if state == 0:
            partner[i - 1] = j - 1
            i -= 1
            j -= 1
        elif state == 1:
            i -= 1
        else:
            j -= 1
        state = origin
    return score, partner
