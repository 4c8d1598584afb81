"""Average over the units of a symmetric molecule what a network saw of each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from critasser.density.features import FeatureMaps

__all__ = ["averaged_over_units"]

KINDS = (0, 1, 2)
"""Helix, strand, coil."""
SEEN = 0.02
"""Probability of backbone from which, and from voxels beside such, there is something to average.
"""


def averaged_over_units(
    features: FeatureMaps, rotation: NDArray[np.float64], shift: NDArray[np.float64]
) -> FeatureMaps:
    """Cα, backbone and secondary structure, each voxel as the mean over its images in the map.

    A network sees every unit turned otherwise: the mean has less of what it sees by chance, also
    where the map itself is exactly symmetric.

    Parameters
    ----------
    features : FeatureMaps
    rotation, shift : ndarray (k, 3, 3), (k, 3)
        Operations that bring the map onto itself, shifts in Å.

    Returns
    -------
    FeatureMaps
        The amino acids stay as they are.
    """
    index = np.argwhere(ndimage.binary_dilation(features.backbone > SEEN))
    positions = index[:, ::-1] * features.voxel_size + features.origin
    channels = [features.calpha, features.backbone]
    channels += [features.structure_grid(kind).values for kind in KINDS]
    total = np.zeros((len(channels), len(index)))
    count = np.zeros(len(index))
    last = np.array(features.shape)[:, None] - 1
    for turn, move in zip(rotation, shift):
        there = ((positions @ turn.T + move - features.origin) / features.voxel_size)[:, ::-1].T
        inside = ((there >= 0) & (there <= last)).all(axis=0)
        count += inside
        for row, values in zip(total, channels):
            row += ndimage.map_coordinates(np.asarray(values, np.float32), there, order=1)
    total /= np.maximum(count, 1)
    made = np.zeros((len(channels), *features.shape), dtype=np.float32)
    made[(slice(None), *index.T)] = total
    return replace(features, calpha=made[0], backbone=made[1], secondary_structure=made[2:])
