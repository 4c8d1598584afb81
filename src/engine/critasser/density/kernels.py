"""Numba kernels of the density package, on plain arrays."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

__all__ = ["add_gaussians", "interpolate_axis", "mark_spheres"]


@njit(cache=True)
def add_gaussians(values, index, step, amplitudes, sigma, cutoff):
    """Add ``amplitude * exp(-d² / 2 sigma²)`` of every atom to `values`, in place.

    The Gaussian is the product of three one-dimensional ones, so that the exponentials are
    computed along the edges of the atom's box only.

    Parameters
    ----------
    values : (nz, ny, nx) float64
    index : (n, 3) float64
        Fractional z, y, x of the atoms.
    step : (3,) float64
        Voxel size along z, y, x in Å.
    amplitudes : (n,) float64
    sigma : float
        Å.
    cutoff : float
        Half edge of the box around an atom in which it counts, in Å.
    """
    shape = values.shape
    width = 0
    for axis in range(3):
        width = max(width, int(2 * cutoff / step[axis]) + 3)
    factors = np.zeros((3, width))
    first = np.zeros(3, dtype=np.int64)
    count = np.zeros(3, dtype=np.int64)
    scale = -0.5 / (sigma * sigma)
    for atom in range(index.shape[0]):
        seen = True
        for axis in range(3):
            centre = index[atom, axis]
            reach = cutoff / step[axis]
            low = max(0, math.ceil(centre - reach))
            high = min(shape[axis] - 1, math.floor(centre + reach))
            first[axis] = low
            count[axis] = high - low + 1
            if count[axis] <= 0:
                seen = False
                break
            for i in range(count[axis]):
                distance = (low + i - centre) * step[axis]
                factors[axis, i] = math.exp(scale * distance * distance)
        if not seen:
            continue
        for i in range(count[0]):
            in_z = amplitudes[atom] * factors[0, i]
            for j in range(count[1]):
                in_y = in_z * factors[1, j]
                row = values[first[0] + i, first[1] + j]
                for k in range(count[2]):
                    row[first[2] + k] += in_y * factors[2, k]


@njit(cache=True)
def mark_spheres(mask, index, step, radius):
    """Set `mask` (nz, ny, nx) bool within `radius` Å of fractional indices (n, 3), in place."""
    shape = mask.shape
    limit = radius * radius
    for atom in range(index.shape[0]):
        z, y, x = index[atom, 0], index[atom, 1], index[atom, 2]
        for k in range(
            max(0, math.ceil(z - radius / step[0])),
            min(shape[0] - 1, math.floor(z + radius / step[0])) + 1,
        ):
            in_z = ((k - z) * step[0]) ** 2
            for j in range(
                max(0, math.ceil(y - radius / step[1])),
                min(shape[1] - 1, math.floor(y + radius / step[1])) + 1,
            ):
                in_y = in_z + ((j - y) * step[1]) ** 2
                if in_y > limit:
                    continue
                half = math.sqrt(limit - in_y) / step[2]
                for i in range(
                    max(0, math.ceil(x - half)), min(shape[2] - 1, math.floor(x + half)) + 1
                ):
                    mask[k, j, i] = True


@njit(cache=True)
def interpolate_axis(values, first, weights):
    """Weighted sums along the middle axis; indices beyond the ends count as the ends.

    Parameters
    ----------
    values : (a, n, b) float32
    first : (m,) int64
        Index of each new voxel's first weight.
    weights : (m, taps) float32

    Returns
    -------
    (a, m, b) float32
    """
    outer, count, inner = values.shape
    result = np.zeros((outer, first.shape[0], inner), dtype=np.float32)
    for o in range(outer):
        for j in range(first.shape[0]):
            for t in range(weights.shape[1]):
                weight = weights[j, t]
                if weight == 0:
                    continue
                source = values[o, min(max(first[j] + t, 0), count - 1)]
                target = result[o, j]
                for i in range(inner):
                    target[i] += weight * source[i]
    return result
