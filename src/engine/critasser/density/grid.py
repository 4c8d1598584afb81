"""Density on a regular grid.

The convention of the whole engine: values are indexed ``[z, y, x]`` as MRC stores them; positions
are ``x, y, z`` in Å in the frame of the map as it came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from critasser.density.mapheader import MapHeader

__all__ = ["Grid"]


@dataclass(frozen=True, eq=False)
class Grid:
    """Density values and where they are.

    Attributes
    ----------
    values : ndarray (nz, ny, nx) float32
    origin : ndarray (3,) float64
        Position x, y, z in Å of the centre of voxel ``[0, 0, 0]``.
    voxel_size : ndarray (3,) float64
        Along x, y, z in Å.
    """

    values: NDArray[np.float32]
    origin: NDArray[np.float64]
    voxel_size: NDArray[np.float64]

    def __post_init__(self) -> None:
        values = np.ascontiguousarray(self.values, dtype=np.float32)
        if values.ndim != 3:
            raise ValueError(f"a grid has three dimensions, not {values.ndim}")
        origin = np.array(self.origin, dtype=np.float64)
        voxel_size = np.array(self.voxel_size, dtype=np.float64)
        if voxel_size.ndim == 0:
            voxel_size = np.full(3, float(voxel_size))
        if origin.shape != (3,) or voxel_size.shape != (3,):
            raise ValueError("origin and voxel_size have three numbers each")
        if not np.all(voxel_size > 0):
            raise ValueError(f"voxel size must be positive, not {voxel_size}")
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "origin", origin)
        object.__setattr__(self, "voxel_size", voxel_size)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels (nz, ny, nx)."""
        return self.values.shape

    @property
    def upper(self) -> NDArray[np.float64]:
        """Position x, y, z in Å of the centre of the last voxel."""
        return self.origin + self.voxel_size * (np.array(self.shape[::-1]) - 1)

    def to_index(self, positions: ArrayLike) -> NDArray[np.float64]:
        """Fractional indices (n, 3) z, y, x of positions (n, 3) x, y, z in Å."""
        positions = np.asarray(positions, dtype=np.float64)
        return ((positions - self.origin) / self.voxel_size)[..., ::-1]

    def to_position(self, index: ArrayLike) -> NDArray[np.float64]:
        """Positions (n, 3) x, y, z in Å of (fractional) indices (n, 3) z, y, x."""
        index = np.asarray(index, dtype=np.float64)
        return index[..., ::-1] * self.voxel_size + self.origin

    def with_values(self, values: NDArray) -> Grid:
        """Other values in the same frame; the shape must be this one's."""
        if np.shape(values) != self.shape:
            raise ValueError(f"values have shape {np.shape(values)}, the grid {self.shape}")
        return Grid(values, self.origin, self.voxel_size)

    def without(self, region: NDArray[np.bool_]) -> Grid:
        """A normalised map with no density (the solvent's level, 0) in a region (nz, ny, nx)."""
        return self.with_values(np.where(region, 0, self.values)) if region.any() else self

    def same_frame(self, other: Grid | MapHeader) -> bool:
        """Whether voxels of both grids coincide (shape, voxel size and origin)."""
        return (
            self.shape == other.shape
            and np.allclose(self.voxel_size, other.voxel_size, rtol=1e-4, atol=0)
            and np.allclose(self.origin, other.origin, rtol=0, atol=1e-2 * self.voxel_size.min())
        )
