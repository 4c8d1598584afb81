"""Numba kernels of the rigid fit, on plain arrays."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

__all__ = ["deposit", "field_score"]


@njit(cache=True)
def field_score(points, kind, weight, fields, origin, step, outside, gradient):
    """Weighted sum of field values at points, and its derivative by their positions.

    Parameters
    ----------
    points : (n, 3) float64
        x, y, z in Å.
    kind : (n,) int64
        Which field each point reads.
    weight : (n,) float64
    fields : (k, nz, ny, nx) float32
    origin : (3,) float64
        x, y, z in Å of voxel 0.
    step : float
        Voxel size in Å, the same along all axes.
    outside : (k,) float64
        Value of each field beyond its box.
    gradient : (n, 3) float64
        Filled in; 0 for points outside.

    Returns
    -------
    float
    """
    total = 0.0
    nz, ny, nx = fields.shape[1:]
    for i in range(points.shape[0]):
        x = (points[i, 0] - origin[0]) / step
        y = (points[i, 1] - origin[1]) / step
        z = (points[i, 2] - origin[2]) / step
        gradient[i, 0] = gradient[i, 1] = gradient[i, 2] = 0.0
        if not (0.0 <= x < nx - 1 and 0.0 <= y < ny - 1 and 0.0 <= z < nz - 1):
            total += weight[i] * outside[kind[i]]
            continue
        a, b, c = math.floor(x), math.floor(y), math.floor(z)
        u, v, w = x - a, y - b, z - c
        field = fields[kind[i]]
        f000, f001 = field[c, b, a], field[c, b, a + 1]
        f010, f011 = field[c, b + 1, a], field[c, b + 1, a + 1]
        f100, f101 = field[c + 1, b, a], field[c + 1, b, a + 1]
        f110, f111 = field[c + 1, b + 1, a], field[c + 1, b + 1, a + 1]
        f00, f01 = f000 + u * (f001 - f000), f010 + u * (f011 - f010)
        f10, f11 = f100 + u * (f101 - f100), f110 + u * (f111 - f110)
        f0, f1 = f00 + v * (f01 - f00), f10 + v * (f11 - f10)
        total += weight[i] * (f0 + w * (f1 - f0))
        scale = weight[i] / step
        along_x0 = (f001 - f000) + v * ((f011 - f010) - (f001 - f000))
        along_x1 = (f101 - f100) + v * ((f111 - f110) - (f101 - f100))
        gradient[i, 0] = scale * (along_x0 + w * (along_x1 - along_x0))
        gradient[i, 1] = scale * ((f01 - f00) + w * ((f11 - f10) - (f01 - f00)))
        gradient[i, 2] = scale * (f1 - f0)
    return total


@njit(cache=True)
def deposit(points, kind, weight, shape, step, grids):
    """Spread weighted points over the eight voxels around each, in place; indices wrap around.

    Parameters
    ----------
    points : (n, 3) float64
        x, y, z in Å from voxel 0; negative ones wrap to the far side.
    kind : (n,) int64
    weight : (n,) float64
    shape : (nz, ny, nx)
    step : float
        Å.
    grids : (k, nz, ny, nx) float32
        Set to zero first.
    """
    grids[:] = 0.0
    nz, ny, nx = shape
    for i in range(points.shape[0]):
        x, y, z = points[i, 0] / step, points[i, 1] / step, points[i, 2] / step
        a, b, c = math.floor(x), math.floor(y), math.floor(z)
        u, v, w = x - a, y - b, z - c
        for k in range(2):
            in_z = weight[i] * (w if k else 1.0 - w)
            for j in range(2):
                in_y = in_z * (v if j else 1.0 - v)
                for h in range(2):
                    part = in_y * (u if h else 1.0 - u)
                    grids[kind[i], (c + k) % nz, (b + j) % ny, (a + h) % nx] += np.float32(part)
