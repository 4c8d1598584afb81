"""Values of a grid at positions between its voxels."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from critasser.density.grid import Grid

__all__ = ["sample", "trilinear"]


def trilinear(values: NDArray, index: NDArray[np.float64]) -> NDArray[np.float64]:
    """Trilinear interpolation of one or many channels; 0 outside and at NaN.

    Parameters
    ----------
    values : ndarray (..., nz, ny, nx)
        Any real dtype; leading dimensions are channels.
    index : ndarray (n, 3)
        Fractional indices z, y, x.

    Returns
    -------
    ndarray (..., n) float64
    """
    size = np.array(values.shape[-3:])
    with np.errstate(invalid="ignore"):
        inside = np.all((index >= 0) & (index <= size - 1), axis=-1)
    at = np.where(inside[:, None], index, 0.0)
    low = np.floor(at).astype(np.int64)
    high = np.minimum(low + 1, size - 1)
    step = at - low
    result = np.zeros((*values.shape[:-3], len(index)), dtype=np.float64)
    for corner in np.ndindex(2, 2, 2):
        chosen = np.array(corner, dtype=bool)
        z, y, x = np.where(chosen, high, low).T
        weight = np.prod(np.where(chosen, step, 1 - step), axis=-1)
        result += weight * values[..., z, y, x]
    result[..., ~inside] = 0.0
    return result


def sample(grid: Grid, positions: ArrayLike) -> NDArray[np.float64]:
    """Density at positions by trilinear interpolation.

    Parameters
    ----------
    grid : Grid
    positions : array_like (n, 3)
        x, y, z in Å.

    Returns
    -------
    ndarray (n,) float64
        0 for positions outside the outermost voxel centres and for NaN positions.
    """
    positions = np.asarray(positions, dtype=np.float64).reshape(-1, 3)
    return trilinear(grid.values, grid.to_index(positions))
