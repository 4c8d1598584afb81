"""Numba kernel of density and its gradient at atoms, from cubic B-spline coefficients."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["density_and_gradient"]


@njit(cache=True)
def density_and_gradient(coefficients, index, weights, spacing, gradient):
    """Sum of weighted density at atoms; its gradient is written into `gradient`.

    Parameters
    ----------
    coefficients : (nz, ny, nx) float32, as `scipy.ndimage.spline_filter` gives them.
    index : (n, 3) fractional indices z, y, x.
    weights : (n,)
    spacing : (3,) voxel size along z, y, x; the gradient is per that unit.
    gradient : (n, 3) z, y, x, written.

    Returns
    -------
    float. Atoms whose 4 × 4 × 4 neighbourhood is not wholly inside count nothing.
    """
    total = 0.0
    value = np.empty((3, 4))
    slope = np.empty((3, 4))
    corner = np.empty(3, np.int64)
    for i in range(len(index)):
        gradient[i, 0] = gradient[i, 1] = gradient[i, 2] = 0.0
        if weights[i] == 0.0:
            continue
        inside = True
        for axis in range(3):
            at = index[i, axis]
            low = np.floor(at)
            if not (low >= 1.0 and low + 2.0 <= coefficients.shape[axis] - 1.0):
                inside = False
                break
            t = at - low
            u = 1.0 - t
            corner[axis] = int(low) - 1
            value[axis, 0] = u * u * u / 6.0
            value[axis, 1] = (4.0 - 6.0 * t * t + 3.0 * t * t * t) / 6.0
            value[axis, 2] = (4.0 - 6.0 * u * u + 3.0 * u * u * u) / 6.0
            value[axis, 3] = t * t * t / 6.0
            slope[axis, 0] = -0.5 * u * u
            slope[axis, 1] = (-4.0 * t + 3.0 * t * t) / 2.0
            slope[axis, 2] = (4.0 * u - 3.0 * u * u) / 2.0
            slope[axis, 3] = 0.5 * t * t
        if not inside:
            continue
        whole = gz = gy = gx = 0.0
        for a in range(4):
            for b in range(4):
                row = rise = 0.0
                for c in range(4):
                    knot = coefficients[corner[0] + a, corner[1] + b, corner[2] + c]
                    row += value[2, c] * knot
                    rise += slope[2, c] * knot
                whole += value[0, a] * value[1, b] * row
                gz += slope[0, a] * value[1, b] * row
                gy += value[0, a] * slope[1, b] * row
                gx += value[0, a] * value[1, b] * rise
        total += weights[i] * whole
        gradient[i, 0] = weights[i] * gz / spacing[0]
        gradient[i, 1] = weights[i] * gy / spacing[1]
        gradient[i, 2] = weights[i] * gx / spacing[2]
    return total
