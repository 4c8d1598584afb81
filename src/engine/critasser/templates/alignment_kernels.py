"""Numba kernel that aligns two sequences."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["align_overlap"]

IMPOSSIBLE = -1e30
"""A score below any."""

PAIR, ROW_ALONE, COLUMN_ALONE = range(3)
"""States of the alignment: two residues, a row without a column, a column without a row."""


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
    value = np.full((3, n + 1, m + 1), IMPOSSIBLE)
    came = np.zeros((3, n + 1, m + 1), dtype=np.int8)
    value[PAIR, 0, :] = 0.0
    value[PAIR, :, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            # A pair after a pair, after either gap, or as the first of all.
            best, origin = value[PAIR, i - 1, j - 1], PAIR
            for state in range(1, 3):
                if value[state, i - 1, j - 1] > best:
                    best, origin = value[state, i - 1, j - 1], state
            value[PAIR, i, j] = best + similarity[i - 1, j - 1]
            came[PAIR, i, j] = origin
            opened = value[PAIR, i - 1, j] - gap_open
            longer = value[ROW_ALONE, i - 1, j] - gap_extend
            value[ROW_ALONE, i, j] = max(opened, longer)
            came[ROW_ALONE, i, j] = PAIR if opened >= longer else ROW_ALONE
            best, origin = value[PAIR, i, j - 1] - gap_open, PAIR
            if value[COLUMN_ALONE, i, j - 1] - gap_extend > best:
                best, origin = value[COLUMN_ALONE, i, j - 1] - gap_extend, COLUMN_ALONE
            if value[ROW_ALONE, i, j - 1] - gap_open > best:
                best, origin = value[ROW_ALONE, i, j - 1] - gap_open, ROW_ALONE
            value[COLUMN_ALONE, i, j] = best
            came[COLUMN_ALONE, i, j] = origin
    partner = np.full(n, -1, dtype=np.int64)
    score = 0.0
    i, j = 0, 0
    for row in range(1, n + 1):
        if value[PAIR, row, m] > score:
            score, i, j = value[PAIR, row, m], row, m
    for column in range(1, m + 1):
        if value[PAIR, n, column] > score:
            score, i, j = value[PAIR, n, column], n, column
    state = PAIR
    while i > 0 and j > 0:
        origin = came[state, i, j]
        if state == PAIR:
            partner[i - 1] = j - 1
            i -= 1
            j -= 1
        elif state == ROW_ALONE:
            i -= 1
        else:
            j -= 1
        state = origin
    return score, partner
