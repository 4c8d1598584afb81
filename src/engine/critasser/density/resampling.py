"""A map on voxels of another size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from critasser.density.grid import Grid
from critasser.density.kernels import interpolate_axis

__all__ = ["resample"]

LOBES = 5
# Voxel sizes are kept as float32 in headers: a map of 1.0000001 Å is a map of 1 Å.
SAME_PLACE = 0.01


def resample(grid: Grid, voxel_size: float = 1.0) -> Grid:
    """Bring a map to isotropic voxels of another size.

    Each axis is interpolated by a windowed sinc, widened to the new voxels where they are larger
    than the old, so that detail that the new voxels cannot hold goes instead of folding over.
    Unlike a spline or a Fourier transform this reaches only five voxels far: what was exactly zero
    around a masked molecule stays so.

    Parameters
    ----------
    grid : Grid
    voxel_size : float
        Å, along all axes.

    Returns
    -------
    Grid
        Voxel ``[0, 0, 0]`` stays where it is; the last voxels reach at least as far as before.
    """
    if not voxel_size > 0:
        raise ValueError(f"voxel size must be positive, not {voxel_size}")
    values = grid.values
    for axis, old in enumerate(grid.voxel_size[::-1]):
        count = grid.shape[axis]
        step = voxel_size / old
        if abs(step - 1.0) * count < SAME_PLACE:
            continue
        first, weights = _taps(count, step)
        outer = int(np.prod(values.shape[:axis]))
        inner = int(np.prod(values.shape[axis + 1 :]))
        result = interpolate_axis(values.reshape(outer, count, inner), first, weights)
        values = result.reshape(*values.shape[:axis], len(first), *values.shape[axis + 1 :])
    return Grid(values, grid.origin, np.full(3, float(voxel_size)))


def _taps(count: int, step: float) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Where each new voxel's weights begin among `count` old voxels, and the weights.

    Parameters
    ----------
    count : int
        Old voxels.
    step : float
        New voxel size in old voxels.

    Returns
    -------
    first : ndarray (m,)
        May lie outside; the outermost voxels count as going on for ever.
    weights : ndarray (m, taps)
        Each row sums to 1.
    """
    new_count = int(np.ceil((count - 1) / step - SAME_PLACE)) + 1
    width = max(1.0, step)
    at = np.arange(new_count) * step
    first = np.floor(at - LOBES * width).astype(np.int64) + 1
    reach = np.arange(int(np.ceil(2 * LOBES * width)))
    distance = (first[:, None] + reach - at[:, None]) / width
    weights = np.sinc(distance) * np.sinc(distance / LOBES)
    weights[np.abs(distance) >= LOBES] = 0.0
    weights /= weights.sum(axis=1, keepdims=True)
    return first, weights.astype(np.float32)
