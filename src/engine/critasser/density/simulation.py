"""Density of atoms at a resolution (paper equation 2)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from critasser.density.grid import Grid
from critasser.density.kernels import add_gaussians, mark_spheres
from critasser.errors import InputError

__all__ = ["kernel_width", "model_mask", "simulate", "soft_model_mask"]

# At 5 s a Gaussian is 4e-6 of its height: beyond float32 sums of neighbouring atoms.
CUTOFF_IN_WIDTHS = 5.0

MOST_VOXELS = 1 << 29
"""Of a box around atoms: 2 GB as float32, as large as the maps that are read."""


def kernel_width(resolution: float) -> float:
    """Standard deviation ``s = R / (sqrt(2) pi)`` in Å of an atom's Gaussian (paper eq. 2)."""
    return resolution / (math.sqrt(2.0) * math.pi)


def simulate(
    positions: ArrayLike,
    amplitudes: ArrayLike,
    resolution: float,
    *,
    like: Grid | None = None,
    voxel_size: ArrayLike = 1.0,
    padding: float | None = None,
) -> Grid:
    """Density of atoms: ``sum_i A_i / sqrt(2 pi s²) exp(-|y - x_i|² / 2 s²)``.

    Parameters
    ----------
    positions : array_like (n, 3)
        Atoms, x, y, z in Å. Atoms at NaN are left out.
    amplitudes : array_like (n,)
        Atomic numbers.
    resolution : float
        Å.
    like : Grid, optional
        Frame of the result; without it a box around the atoms.
    voxel_size : float or array_like (3,)
        Å, for the box around the atoms.
    padding : float, optional
        Space between atoms and faces of the box in Å; by default as far as density reaches.

    Raises
    ------
    InputError
        The atoms are too far apart for a box around them to fit in memory.

    Returns
    -------
    Grid
        Each atom is summed exactly within a box of ± 5 s and left out beyond.

    References
    ----------
    Equation 2 of the CR-I-TASSER paper; the width is also that of ChimeraX `molmap`.
    """
    positions = np.asarray(positions, dtype=np.float64).reshape(-1, 3)
    amplitudes = np.broadcast_to(np.asarray(amplitudes, dtype=np.float64), len(positions))
    present = np.isfinite(positions).all(axis=1)
    positions, amplitudes = positions[present], amplitudes[present]
    if not resolution > 0:
        raise ValueError(f"resolution must be positive, not {resolution}")
    sigma = kernel_width(resolution)
    cutoff = CUTOFF_IN_WIDTHS * sigma
    if like is None:
        if len(positions) == 0:
            raise ValueError("without atoms there is no box: give `like`")
        like = _box(
            positions, np.broadcast_to(voxel_size, 3), cutoff if padding is None else padding
        )
    values = np.zeros(like.shape, dtype=np.float64)
    add_gaussians(
        values,
        np.ascontiguousarray(like.to_index(positions)),
        like.voxel_size[::-1].copy(),
        amplitudes / math.sqrt(2.0 * math.pi * sigma**2),
        sigma,
        cutoff,
    )
    return like.with_values(values.astype(np.float32))


def _box(positions: NDArray[np.float64], voxel_size: NDArray, padding: float) -> Grid:
    """An empty grid around positions, on the lattice that passes through the frame's zero."""
    voxel_size = np.asarray(voxel_size, dtype=np.float64)
    low = np.floor((positions.min(axis=0) - padding) / voxel_size)
    high = np.ceil((positions.max(axis=0) + padding) / voxel_size)
    shape = (high - low + 1).astype(int)[::-1]
    if np.prod(shape.astype(float)) > MOST_VOXELS:
        spread = " × ".join(f"{length:.0f}" for length in np.ptp(positions, axis=0))
        raise InputError(
            f"the atoms lie within {spread} Å, too much for one map: take out those that are far "
            "from the others, or give larger voxels"
        )
    return Grid(np.zeros(shape, dtype=np.float32), low * voxel_size, voxel_size)


def model_mask(grid: Grid, positions: ArrayLike, radius: float) -> NDArray[np.bool_]:
    """Voxels whose centres lie within a radius of any position.

    Parameters
    ----------
    grid : Grid
    positions : array_like (n, 3)
        x, y, z in Å; NaN rows are left out.
    radius : float
        Å.

    Returns
    -------
    ndarray (nz, ny, nx) bool
    """
    positions = np.asarray(positions, dtype=np.float64).reshape(-1, 3)
    positions = positions[np.isfinite(positions).all(axis=1)]
    mask = np.zeros(grid.shape, dtype=np.bool_)
    index = np.ascontiguousarray(grid.to_index(positions))
    mark_spheres(mask, index, grid.voxel_size[::-1].copy(), float(radius))
    return mask


def soft_model_mask(
    grid: Grid, positions: ArrayLike, radius: float, edge: float
) -> NDArray[np.float64]:
    """1 within a radius of any position, falling to 0 as a cosine over an edge beyond.

    Parameters
    ----------
    grid : Grid
    positions : array_like (n, 3)
        x, y, z in Å; NaN rows are left out.
    radius, edge : float
        Å.

    Returns
    -------
    ndarray (nz, ny, nx)
    """
    outside = ~model_mask(grid, positions, radius)
    distance = ndimage.distance_transform_edt(outside, sampling=grid.voxel_size[::-1])
    return np.cos(np.pi / 2 * np.minimum(distance / edge, 1.0)) ** 2
