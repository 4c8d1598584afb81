"""Shift points to the peaks of a probability map (mean shift)."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

__all__ = ["mean_shift"]

CUTOFF = 2.5
"""Standard deviations beyond which the Gaussian is left out."""


@njit(cache=True)
def mean_shift(probability, starts, width, rounds, tolerance):
    """Climb from each start to where the Gaussian-weighted mean of probability rests.

    Mean shift: Comaniciu & Meer (2002) IEEE Trans. Pattern Anal. Mach. Intell. 24, 603.

    Parameters
    ----------
    probability : ndarray (nz, ny, nx) float32
    starts : ndarray (n, 3)
        z, y, x in voxels.
    width : float
        Standard deviation of the Gaussian in voxels.
    rounds : int
        Most steps.
    tolerance : float
        Length of a step, in voxels, at which the climb ends.

    Returns
    -------
    ends : ndarray (n, 3)
    height : ndarray (n,)
        Weighted mean probability there.
    """
    reach = math.ceil(CUTOFF * width)
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
