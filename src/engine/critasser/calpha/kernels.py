"""Mean shift on a probability map."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

__all__ = ["mean_shift", "suppress_neighbours"]


@njit(cache=True)
def mean_shift(probability, starts, width, rounds, tolerance):  # noqa: ANN001, ANN201
    """Climb from each start (n, 3) z y x to where the Gaussian-weighted mean of probability rests.

    Returns the ends ``(n, 3)`` and the weighted mean probability there ``(n,)``.
    """
    reach = int(math.ceil(2.5 * width))
    nz, ny, nx = probability.shape
    ends = starts.copy()
    height = np.zeros(len(starts))
    for k in range(len(starts)):
        z, y, x = ends[k, 0], ends[k, 1], ends[k, 2]
        for _ in range(rounds):
            cz, cy, cx = int(round(z)), int(round(y)), int(round(x))
            total = sz = sy = sx = norm = 0.0
            for i in range(max(cz - reach, 0), min(cz + reach + 1, nz)):
                for j in range(max(cy - reach, 0), min(cy + reach + 1, ny)):
                    for m in range(max(cx - reach, 0), min(cx + reach + 1, nx)):
                        squared = (i - z) ** 2 + (j - y) ** 2 + (m - x) ** 2
                        gauss = math.exp(-0.5 * squared / (width * width))
                        weight = gauss * probability[i, j, m]
                        norm += gauss
                        total += weight
                        sz += weight * i
                        sy += weight * j
                        sx += weight * m
            if total <= 0.0:
                break
            height[k] = total / norm
            move = abs(sz / total - z) + abs(sy / total - y) + abs(sx / total - x)
            z, y, x = sz / total, sy / total, sx / total
            if move < tolerance:
                break
        ends[k, 0], ends[k, 1], ends[k, 2] = z, y, x
    return ends, height


@njit(cache=True)
def suppress_neighbours(positions, order, radius, limit):  # noqa: ANN001, ANN201
    """Take positions (n, 3) in `order`, none nearer than `radius` to one taken; at most `limit`.

    Returns the indices taken. Cells of one radius keep each test local.
    """
    cells = {}
    taken = np.empty(min(limit, len(order)), np.int64)
    following = np.full(len(positions), -1, np.int64)
    count = 0
    for k in order:
        if count == len(taken):
            break
        a = int(math.floor(positions[k, 0] / radius))
        b = int(math.floor(positions[k, 1] / radius))
        c = int(math.floor(positions[k, 2] / radius))
        free = True
        for i in range(a - 1, a + 2):
            for j in range(b - 1, b + 2):
                for m in range(c - 1, c + 2):
                    other = cells.get((i, j, m), -1)
                    while other >= 0 and free:
                        d = positions[k] - positions[other]
                        if d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < radius * radius:
                            free = False
                        other = following[other]
        if free:
            following[k] = cells.get((a, b, c), -1)
            cells[(a, b, c)] = k
            taken[count] = k
            count += 1
    return taken[:count]
