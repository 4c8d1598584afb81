"""Mean shift on a probability map."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

__all__ = ["mean_shift"]


@njit(cache=True)
def mean_shift(probability, starts, width, rounds, tolerance):
    """Climb from each start (n, 3) z y x to where the Gaussian-weighted mean of probability rests.

    Returns the ends ``(n, 3)`` and the weighted mean probability there ``(n,)``.
    """
    reach = math.ceil(2.5 * width)
    nz, ny, nx = probability.shape
    ends = starts.copy()
    height = np.zeros(len(starts))
    for k in range(len(starts)):
        z, y, x = ends[k, 0], ends[k, 1], ends[k, 2]
        for _ in range(rounds):
            cz, cy, cx = round(z), round(y), round(x)
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
