"""What a network sees in a map: probabilities on the map's 1 Å grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from critasser.density.grid import Grid
from critasser.density.sampling import trilinear

__all__ = ["FeatureMaps"]


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """Probabilities for every voxel, as float16 or float32.

    Attributes
    ----------
    origin, voxel_size : ndarray (3,) float64
        As in `Grid`, x, y, z in Å.
    calpha : ndarray (nz, ny, nx)
        That the voxel is (next to) a Cα.
    backbone : ndarray (nz, ny, nx)
        That the voxel is at N, CA, C or O.
    secondary_structure : ndarray (3, nz, ny, nx)
        Helix, strand, coil.
    amino_acid : ndarray (20, nz, ny, nx)
        In the order of `critasser.structure.AMINO_ACIDS`.
    """

    origin: NDArray[np.float64]
    voxel_size: NDArray[np.float64]
    calpha: NDArray[np.floating]
    backbone: NDArray[np.floating]
    secondary_structure: NDArray[np.floating]
    amino_acid: NDArray[np.floating]

    def __post_init__(self) -> None:
        shape = self.calpha.shape
        if len(shape) != 3:
            raise ValueError(f"calpha has three dimensions, not {len(shape)}")
        channels = {"backbone": (), "secondary_structure": (3,), "amino_acid": (20,)}
        for name, leading in channels.items():
            found = getattr(self, name).shape
            if found != (*leading, *shape):
                raise ValueError(f"{name} has shape {found}, not {(*leading, *shape)}")
        object.__setattr__(self, "origin", np.array(self.origin, dtype=np.float64))
        voxel_size = np.broadcast_to(np.asarray(self.voxel_size, dtype=np.float64), 3).copy()
        object.__setattr__(self, "voxel_size", voxel_size)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels (nz, ny, nx)."""
        return self.calpha.shape

    @property
    def calpha_grid(self) -> Grid:
        """Cα probability as a grid."""
        return Grid(self.calpha, self.origin, self.voxel_size)

    @property
    def backbone_grid(self) -> Grid:
        """Backbone probability as a grid."""
        return Grid(self.backbone, self.origin, self.voxel_size)

    def sample(
        self, positions: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """All probabilities at positions, by trilinear interpolation, 0 outside.

        Parameters
        ----------
        positions : array_like (n, 3)
            x, y, z in Å.

        Returns
        -------
        calpha : ndarray (n,)
        backbone : ndarray (n,)
        secondary_structure : ndarray (n, 3)
        amino_acid : ndarray (n, 20)
        """
        positions = np.asarray(positions, dtype=np.float64).reshape(-1, 3)
        index = ((positions - self.origin) / self.voxel_size)[:, ::-1]
        return (
            trilinear(self.calpha, index),
            trilinear(self.backbone, index),
            trilinear(self.secondary_structure, index).T,
            trilinear(self.amino_acid, index).T,
        )
