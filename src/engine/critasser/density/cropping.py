"""The part of a map that is worth the work."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from critasser.density.grid import Grid

__all__ = ["crop", "crop_to_molecule"]


def crop(grid: Grid, lower: ArrayLike, upper: ArrayLike) -> Grid:
    """The smallest part of a grid that holds a box, as far as the grid reaches.

    Parameters
    ----------
    grid : Grid
    lower, upper : array_like (3,)
        Opposite corners x, y, z in Å.

    Returns
    -------
    Grid
        Voxels stay where they were.

    Raises
    ------
    ValueError
        The box lies outside the grid.
    """
    last = np.array(grid.shape) - 1
    first = np.floor(grid.to_index(np.asarray(lower)) + 1e-6).astype(int)
    final = np.ceil(grid.to_index(np.asarray(upper)) - 1e-6).astype(int)
    if np.any(first > last) or np.any(final < 0) or np.any(final < first):
        raise ValueError(f"no voxel between {lower} and {upper}")
    first, final = np.maximum(first, 0), np.minimum(final, last)
    part = tuple(slice(a, b + 1) for a, b in zip(first, final))
    return Grid(grid.values[part], grid.to_position(first), grid.voxel_size)


def crop_to_molecule(
    grid: Grid, margin: float = 8.0, mask: NDArray[np.bool_] | None = None
) -> Grid:
    """The part of a map around the molecule (or the mask)."""
    if mask is None:
        mask = grid.values > grid.values.mean() + 3 * grid.values.std()
        labels, _ = ndimage.label(mask)
        mask = labels == np.argmax(np.bincount(labels.ravel())[1:]) + 1
    index = np.argwhere(mask)
    return crop(
        grid,
        grid.to_position(index.min(axis=0)) - margin,
        grid.to_position(index.max(axis=0)) + margin,
    )
