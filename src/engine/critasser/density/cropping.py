"""The part of a map that is worth the work."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from critasser.density.grid import Grid
from critasser.density.normalise import background, masked_level

__all__ = ["BLOCK", "block_means", "block_size", "crop", "crop_to_molecule"]

BLOCK = 3.0
"""Å: the side of blocks of voxels."""

CONTOUR_IN_SCATTER = 4.0
# As fractions of the highest density: loose ends are weak, and a contour is never above the body.
LOW_CONTOUR, HIGH_CONTOUR = 0.1, 0.4
SMALL_PIECE = 0.01
# A mask that leaves more of the box was not drawn around a molecule: a sphere leaves 52 %.
TIGHT_MASK = 0.35
RIM = 0.02


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
    """The part of a map around the molecule, so that work goes with its size and not the box's.

    On blocks of about 3 Å, over which noise averages out, the molecule is what stands out of the
    background by four times its scatter, in connected pieces of at least 1 % of the largest. But
    where someone has cut the molecule out, with exact zeros around it, all within counts: a domain
    too mobile to stand out of the noise is still in there.

    Parameters
    ----------
    grid : Grid
    margin : float
        Kept around the molecule in Å, as far as the map reaches.
    mask : ndarray (nz, ny, nx) bool, optional
        What belongs to the molecule; nothing is guessed then, and values stay as they are.

    Returns
    -------
    Grid
        Voxels stay where they were.

    Raises
    ------
    ValueError
        The mask has another shape, or is empty.
    """
    if mask is None:
        first, last = _molecule(grid)
    else:
        if mask.shape != grid.shape:
            raise ValueError(f"the mask has shape {mask.shape}, the grid {grid.shape}")
        if not mask.any():
            raise ValueError("the mask is empty")
        first, last = _bounds(mask)
    return crop(grid, grid.to_position(first) - margin, grid.to_position(last) + margin)


def _molecule(grid: Grid) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last index z, y, x of the molecule."""
    block = block_size(grid)
    means = block_means(grid)
    level = masked_level(grid)
    if level is not None:
        # Resampling leaves a faint rim around what was cut out.
        height = np.abs(means - level)
        cut_out = height > RIM * height.max()
        if np.mean(cut_out) < TIGHT_MASK:
            first, last = _bounds(_large_pieces(cut_out, height))
            return first * block, (last + 1) * block - 1
    solvent = background(grid)
    values = means - solvent
    # Noise is symmetric about the background, and the molecule adds nothing below it.
    below = values[values < 0]
    scatter = float(np.sqrt(np.mean(below**2))) if below.size else 0.0
    high = float(np.percentile(values, 99.9) if values.size > 1000 else values.max())
    contour = float(np.clip(CONTOUR_IN_SCATTER * scatter, LOW_CONTOUR * high, HIGH_CONTOUR * high))
    first, last = _bounds(_large_pieces(values > contour, values))
    return first * block, (last + 1) * block - 1


def _large_pieces(inside: NDArray[np.bool_], values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Connected pieces with at least 1 % of the density of the largest; everything if none."""
    labels, count = ndimage.label(inside, structure=np.ones((3, 3, 3)))
    if count == 0:
        return np.ones_like(inside)
    mass = ndimage.sum_labels(values, labels, np.arange(1, count + 1))
    return np.isin(labels, 1 + np.flatnonzero(mass >= SMALL_PIECE * mass.max()))


def block_size(grid: Grid) -> NDArray[np.int64]:
    """Voxels along z, y, x in a block of about 3 Å."""
    block = np.maximum(1, np.round(BLOCK / grid.voxel_size[::-1])).astype(int)
    return np.minimum(block, grid.shape)


def block_means(grid: Grid) -> NDArray[np.float64]:
    """Means over blocks of voxels; blocks cut off by the end of the map are means of the rest."""
    block = block_size(grid)
    sums = grid.values
    for axis in range(3):
        starts = np.arange(0, grid.shape[axis], block[axis])
        sums = np.add.reduceat(sums, starts, axis=axis, dtype=np.float64)
        counts = np.diff([*starts, grid.shape[axis]])
        sums /= counts.reshape([-1 if a == axis else 1 for a in range(3)])
    return sums


def _bounds(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last index z, y, x of what is set."""
    along = [np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    return np.array([a[0] for a in along]), np.array([a[-1] for a in along])
