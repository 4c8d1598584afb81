"""Numba kernels that prepare the maps for the energy."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

__all__ = ["mark_nearest"]


@njit(cache=True)
def mark_nearest(nearest, origin, voxel, positions, reach):
    """Write into each voxel of `nearest` (nz, ny, nx) int32 the index of the nearest position.

    Parameters
    ----------
    nearest : (nz, ny, nx) int32
        −1 everywhere; stays so beyond `reach` Å of all positions. Equally near: the first.
    origin, voxel : (3,) float64
        x, y, z in Å.
    positions : (n, 3) float64
    reach : float
        Å.
    """
    nz, ny, nx = nearest.shape
    count = np.array([nx, ny, nz])
    low, high = np.empty(3, dtype=np.int64), np.empty(3, dtype=np.int64)
    for p in range(positions.shape[0]):
        for k in range(3):
            at = (positions[p, k] - origin[k]) / voxel[k]
            low[k] = max(0, math.ceil(at - reach / voxel[k]))
            high[k] = min(count[k] - 1, math.floor(at + reach / voxel[k]))
        for z in range(low[2], high[2] + 1):
            for y in range(low[1], high[1] + 1):
                for x in range(low[0], high[0] + 1):
                    px = origin[0] + x * voxel[0]
                    py = origin[1] + y * voxel[1]
                    pz = origin[2] + z * voxel[2]
                    d = (
                        (px - positions[p, 0]) ** 2
                        + (py - positions[p, 1]) ** 2
                        + (pz - positions[p, 2]) ** 2
                    )
                    if d > reach * reach:
                        continue
                    q = nearest[z, y, x]
                    if q >= 0:
                        e = (
                            (px - positions[q, 0]) ** 2
                            + (py - positions[q, 1]) ** 2
                            + (pz - positions[q, 2]) ** 2
                        )
                        if e <= d:
                            continue
                    nearest[z, y, x] = p
