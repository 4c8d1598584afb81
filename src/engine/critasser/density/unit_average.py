"""Average over the units of a symmetric molecule what a network saw of each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from critasser.density.blocks import BLOCK, SparseBlocks
from critasser.density.features import FeatureMaps

__all__ = ["averaged_over_units"]

KINDS = (0, 1, 2)
"""Helix, strand, coil."""
SEEN = 0.02
"""Probability of backbone from which, and from voxels beside such, there is something to average.
"""
BLOCKS_AT_ONCE = 512
"""Blocks whose voxels are averaged at once; some 30 MB."""


def averaged_over_units(
    features: FeatureMaps, rotation: NDArray[np.float64], shift: NDArray[np.float64]
) -> FeatureMaps:
    """Cα, backbone and secondary structure, each voxel as the mean over its images in the map.

    A network sees every unit turned otherwise: the mean has less of what it sees by chance, also
    where the map itself is exactly symmetric. One channel at a time is in memory as a whole map, of
    the others only the blocks that hold something.

    Parameters
    ----------
    features : FeatureMaps
    rotation, shift : ndarray (k, 3, 3), (k, 3)
        Operations that bring the map onto itself, shifts in Å.

    Returns
    -------
    FeatureMaps
        The amino acids stay as they are; secondary structure is in blocks.
    """
    seen = ndimage.binary_dilation(features.backbone > SEEN)
    places = _blocks_of(seen)
    blocks = np.zeros((len(places), 2 + len(KINDS), BLOCK**3), dtype=np.float32)
    for channel in range(blocks.shape[1]):
        whole = _channel(features, channel)
        for first in range(0, len(places), BLOCKS_AT_ONCE):
            part = slice(first, first + BLOCKS_AT_ONCE)
            block, cell, voxel = _voxels(places[part], seen)
            blocks[part][block, channel, cell] = _means(whole, voxel, features, rotation, shift)
        del whole  # before the next one is made
    made = SparseBlocks(features.shape, places, blocks.reshape(*blocks.shape[:2], *(BLOCK,) * 3))
    return replace(
        features,
        calpha=made.dense(0),
        backbone=made.dense(1),
        secondary_structure=made.channels(2, len(made)),
    )


def _channel(features: FeatureMaps, channel: int) -> NDArray[np.float32]:
    """Cα, backbone, or one of the structures (nz, ny, nx)."""
    if channel < 2:
        return np.asarray((features.calpha, features.backbone)[channel], dtype=np.float32)
    return np.asarray(features.structure_grid(KINDS[channel - 2]).values, dtype=np.float32)


def _means(
    whole: NDArray[np.float32],
    voxel: NDArray[np.int64],
    features: FeatureMaps,
    rotation: NDArray[np.float64],
    shift: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Of a channel at voxels (n, 3), over their images in the map."""
    positions = voxel[:, ::-1] * features.voxel_size + features.origin
    total, count = np.zeros(len(voxel)), np.zeros(len(voxel))
    last = np.array(features.shape)[:, None] - 1
    for turn, move in zip(rotation, shift):
        at = ((positions @ turn.T + move - features.origin) / features.voxel_size)[:, ::-1].T
        count += ((at >= 0) & (at <= last)).all(axis=0)
        total += ndimage.map_coordinates(whole, at, order=1)
    return total / np.maximum(count, 1)


def _blocks_of(seen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Blocks (n, 3) of 8³ voxels in which something is."""
    for axis in range(3):
        first = np.arange(0, seen.shape[axis], BLOCK)
        seen = np.logical_or.reduceat(seen, first, axis=axis)
    return np.argwhere(seen)


def _voxels(
    places: NDArray[np.int64], seen: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Voxels (m, 3) of blocks (n, 3) that are seen; of each its block, and which of that it is."""
    within = np.indices((BLOCK,) * 3).reshape(3, -1).T
    voxel = (BLOCK * places[:, None] + within).reshape(-1, 3)
    kept = (voxel < seen.shape).all(axis=1)
    kept[kept] = seen[tuple(voxel[kept].T)]
    block, cell = np.divmod(np.flatnonzero(kept), BLOCK**3)
    return block, cell, voxel[kept]
