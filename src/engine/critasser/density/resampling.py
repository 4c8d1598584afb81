"""A map on voxels of another size."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from critasser.density.grid import Grid

__all__ = ["resample"]


def resample(grid: Grid, voxel_size: float = 1.0) -> Grid:
    """Bring a map to isotropic voxels; the first voxel's centre stays where it is."""
    step = voxel_size / grid.voxel_size[::-1]
    shape = np.floor((np.array(grid.shape) - 1) / step + 1e-6).astype(int) + 1
    values = grid.values
    blur = np.where(step > 1, 0.5 * step, 0)
    if blur.any():
        values = ndimage.gaussian_filter(values, blur)
    values = ndimage.affine_transform(values, step, output_shape=tuple(shape), order=3)
    return Grid(values, grid.origin, np.full(3, float(voxel_size)))
