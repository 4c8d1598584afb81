"""What a network sees in a map: probabilities on the map's 1 Å grid."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from critasser.density.blocks import SparseBlocks
from critasser.density.grid import Grid
from critasser.density.sampling import trilinear

__all__ = ["FeatureMaps"]

_CHANNELS = 25


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
    secondary_structure : ndarray or SparseBlocks (3, nz, ny, nx)
        Helix, strand, coil.
    amino_acid : ndarray or SparseBlocks (20, nz, ny, nx)
        In the order of `critasser.structure.AMINO_ACIDS`.
    views : SparseBlocks (v, nz, ny, nx), optional
        Where these are means over views of the map: what each view alone says of Cα.
    """

    origin: NDArray[np.float64]
    voxel_size: NDArray[np.float64]
    calpha: NDArray[np.floating]
    backbone: NDArray[np.floating]
    secondary_structure: NDArray[np.floating] | SparseBlocks
    amino_acid: NDArray[np.floating] | SparseBlocks
    views: SparseBlocks | None = None

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

    @classmethod
    def from_blocks(
        cls, origin: ArrayLike, voxel_size: ArrayLike, blocks: SparseBlocks
    ) -> FeatureMaps:
        """Probabilities of which only the blocks that hold something are kept.

        Parameters
        ----------
        origin, voxel_size : array_like (3,)
            x, y, z in Å.
        blocks : SparseBlocks (25 + v, nz, ny, nx)
            Channels in the order of the attributes; `v` is 0, or the number of views.

        Raises
        ------
        ValueError
            Fewer channels.
        """
        if len(blocks) < _CHANNELS:
            raise ValueError(f"{len(blocks)} channels, not {_CHANNELS} or more")
        return cls(
            origin,
            voxel_size,
            blocks.dense(0),
            blocks.dense(1),
            blocks.channels(2, 5),
            blocks.channels(5, _CHANNELS),
            blocks.channels(_CHANNELS, len(blocks)) if len(blocks) > _CHANNELS else None,
        )

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

    @property
    def opinions(self) -> tuple[FeatureMaps, ...]:
        """With each view's own Cα probability in place of the mean; all else stays the mean."""
        if self.views is None:
            return (self,)
        return tuple(
            replace(self, calpha=self.views.dense(k), views=None) for k in range(len(self.views))
        )

    def part(
        self, first: tuple[int, int, int], last: tuple[int, int, int]
    ) -> NDArray[np.floating]:
        """All probabilities (25, z, y, x), as `SparseBlocks.part` cuts them out."""
        made = [_cut(one[None], first, last) for one in (self.calpha, self.backbone)]
        for one in (self.secondary_structure, self.amino_acid):
            sparse = isinstance(one, SparseBlocks)
            made.append(one.part(first, last) if sparse else _cut(one, first, last))
        return np.concatenate(made)

    def without(self, region: NDArray[np.bool_]) -> FeatureMaps:
        """The same with neither Cα nor backbone in a region (nz, ny, nx)."""
        if not region.any():
            return self
        calpha, backbone = self.calpha.copy(), self.backbone.copy()
        calpha[region] = backbone[region] = 0
        return replace(self, calpha=calpha, backbone=backbone)

    def structure_grid(self, kind: int) -> Grid:
        """Probability of helix (0), strand (1) or coil (2) as a grid."""
        one = self.secondary_structure
        values = one.dense(kind) if isinstance(one, SparseBlocks) else one[kind]
        return Grid(values, self.origin, self.voxel_size)

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


def _cut(
    values: NDArray[np.floating], first: tuple[int, int, int], last: tuple[int, int, int]
) -> NDArray[np.floating]:
    """Channels from voxel `first` to before `last`, 0 beyond the grid."""
    whole = np.zeros((len(values), *np.subtract(last, first)), dtype=values.dtype)
    there = values[(slice(None), *map(slice, first, last))]
    whole[(slice(None), *map(slice, there.shape[1:]))] = there
    return whole
