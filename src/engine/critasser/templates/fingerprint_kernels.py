"""Numba kernels that pair the Cα of two sets by the distances around each (paper eqs. 3 and 4)."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

__all__ = ["all_supports", "fingerprints", "pair_ascending", "squared_differences"]

SAME_DISTANCE = 1.0
"""Å by which two distances may differ and still support each other fully (paper eq. 4)."""


@njit(cache=True)
def fingerprints(points, size):
    """Ascending distances (n, size) from each point (n, 3) to its nearest others.

    Where there are fewer than `size` others the last distance is repeated.
    """
    n = points.shape[0]
    result = np.zeros((n, size))
    distance = np.empty(n)
    for i in range(n):
        for j in range(n):
            total = 0.0
            for k in range(3):
                total += (points[i, k] - points[j, k]) ** 2
            distance[j] = total
        ordered = np.sort(distance)
        for k in range(size):
            result[i, k] = math.sqrt(ordered[min(k + 1, n - 1)])
    return result


@njit(cache=True)
def squared_differences(a, b):
    """Squared distance (n, m) of every row of `a` (n, k) from every row of `b` (m, k)."""
    result = np.empty((a.shape[0], b.shape[0]))
    for i in range(a.shape[0]):
        for j in range(b.shape[0]):
            total = 0.0
            for k in range(a.shape[1]):
                total += (a[i, k] - b[j, k]) ** 2
            result[i, j] = total
    return result


@njit(cache=True)
def pair_ascending(rows, columns, order, n, m):
    """Go through candidate pairs in an order, each row and column at most once.

    Parameters
    ----------
    rows, columns : (p,) int64
    order : (p,) int64
        Indices of candidates, best first.
    n, m : int
        Number of rows and columns.

    Returns
    -------
    (k, 2) int64
    """
    partner = np.full(n, -1, dtype=np.int64)
    taken = np.zeros(m, dtype=np.bool_)
    count = 0
    for candidate in order:
        i, j = rows[candidate], columns[candidate]
        if partner[i] < 0 and not taken[j]:
            partner[i] = j
            taken[j] = True
            count += 1
            if count == min(n, m):
                break
    pairs = np.empty((count, 2), dtype=np.int64)
    at = 0
    for i in range(n):
        if partner[i] >= 0:
            pairs[at, 0], pairs[at, 1] = i, partner[i]
            at += 1
    return pairs


@njit(cache=True)
def all_supports(moving, fixed, rows, columns, pairs, weights):
    """Matching score S(i, j) of candidate pairs, each against all current pairs (paper eq. 4).

    Parameters
    ----------
    moving, fixed : (n, 3), (m, 3)
    rows, columns : (p,) int64
        Candidates (i, j).
    pairs : (k, 2) int64
        Current pairs (ii, jj); those that share i or j with the candidate do not count.
    weights : (n,) float64
        w(i).

    Returns
    -------
    (p,) float64
    """
    n_pairs = pairs.shape[0]
    result = np.zeros(rows.shape[0])
    for p in range(rows.shape[0]):
        i, j = rows[p], columns[p]
        total = 0.0
        for q in range(n_pairs):
            ii, jj = pairs[q, 0], pairs[q, 1]
            if ii == i or jj == j:
                continue
            a = 0.0
            b = 0.0
            for k in range(3):
                a += (moving[i, k] - moving[ii, k]) ** 2
                b += (fixed[j, k] - fixed[jj, k]) ** 2
            difference = abs(math.sqrt(a) - math.sqrt(b))
            if difference <= SAME_DISTANCE:
                total += weights[ii]
            else:
                total += weights[ii] / (difference * difference)
        result[p] = weights[i] * total
    return result
