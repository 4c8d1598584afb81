"""Maps whose grids are turned against the axes, brought upright."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from critasser.density.mapheader import Turn

__all__ = ["resampled_upright"]

ORDER = 3
"""Of the splines."""

ROUNDING = 1e-4
"""Voxels."""


def resampled_upright(values: NDArray[np.generic], turn: Turn) -> NDArray[np.float32]:
    """Values of a turned map on the upright grid that holds it.

    Parameters
    ----------
    values : ndarray (nz, ny, nx)
        On the map's own grid.
    turn : Turn

    Returns
    -------
    ndarray float32
        Of the shape of `Turn.upright`, by cubic splines, within the range of the values; beyond the
        map the median of its faces.
    """
    origin, step, shape = turn.upright()
    outside = _at_faces(values)
    splines = ndimage.spline_filter(values.astype(np.float32), ORDER, output=np.float32)
    back = turn.rotation.T / turn.voxel_size[:, None]
    result = np.empty(shape, dtype=np.float32)
    y, x = np.indices(shape[1:])
    for z in range(shape[0]):
        positions = np.stack([x, y, np.full_like(x, z)]) * step[:, None, None]
        positions += (origin - turn.origin)[:, None, None]
        index = np.tensordot(back, positions, axes=1)[::-1]
        result[z] = ndimage.map_coordinates(
            splines, _onto_voxels(index), order=ORDER, prefilter=False, cval=outside
        )
    return np.clip(result, values.min(), values.max())


def _onto_voxels(index: NDArray[np.float64]) -> NDArray[np.float64]:
    """Indices without the rounding that puts the last voxel outside the map."""
    near = np.rint(index)
    return np.where(np.abs(index - near) < ROUNDING, near, index)


def _at_faces(values: NDArray[np.generic]) -> float:
    """The median of the voxels at the faces of a map."""
    faces = [np.take(values, side, axis=axis).ravel() for axis in range(3) for side in (0, -1)]
    return float(np.median(np.concatenate(faces)))
