"""Sample density around residues in the local frames of three consecutive Cα.

The axes lie along the chain, outward (where the side chain goes), and normal to both. In such a
frame every residue has the same orientation, and the hand is kept.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["ball", "local_frames", "sample_balls"]

RADIUS = 7.5
"""Å. With its middle moved outward, the ball holds all of an arginine and both neighbours' Cα."""

OUTWARD = 2.0
"""Å from the Cα to the middle of its ball, towards the side chain."""

STRAIGHT = 1e-3
"""Å off the line of its neighbours below which a Cα does not tell where outward is."""


def local_frames(before: Tensor, middle: Tensor, after: Tensor) -> Tensor:
    """Frames of residues from their own and their neighbours' Cα.

    Parameters
    ----------
    before, middle, after : Tensor (n, 3)
        x, y, z.

    Returns
    -------
    Tensor (n, 3, 3)
        Rows are unit vectors along the chain, outward, and normal (along × outward).
    """
    along = functional.normalize(after - before, dim=1)
    outward = middle - (before + after) / 2
    outward = outward - (outward * along).sum(1, keepdim=True) * along
    # On a straight line outward is any direction across it.
    axis = torch.eye(3, device=along.device)[along.abs().argmin(1)]
    spare = axis - (axis * along).sum(1, keepdim=True) * along
    straight = outward.norm(dim=1, keepdim=True) < STRAIGHT
    outward = functional.normalize(torch.where(straight, spare, outward), dim=1)
    return torch.stack([along, outward, torch.linalg.cross(along, outward)], dim=1)


@cache
def ball(spacing: float) -> np.ndarray:
    """Points of a lattice in a ball around a residue, (k, 3) Å along, outward, normal."""
    reach = int(RADIUS / spacing + 0.5)
    axis = (np.arange(2 * reach) - reach + 0.5) * spacing
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    points = points[np.linalg.norm(points, axis=1) <= RADIUS]
    return (points + [0.0, OUTWARD, 0.0]).astype(np.float32)


def sample_balls(volume: Tensor, centres: Tensor, frames: Tensor, spacing: float) -> Tensor:
    """Values of a volume in balls around residues, by trilinear interpolation, 0 outside.

    Parameters
    ----------
    volume : Tensor (nz, ny, nx)
        Voxels of 1 Å.
    centres : Tensor (n, 3)
        Of the Cα, x, y, z in voxels.
    frames : Tensor (n, 3, 3)
        From `local_frames`.
    spacing : float
        Å.

    Returns
    -------
    Tensor (n, k)
        In the order of ``ball(spacing)``.
    """
    points = torch.as_tensor(ball(spacing), device=volume.device) @ frames + centres[:, None]
    size = torch.tensor(volume.shape[::-1], device=volume.device, dtype=torch.float32)
    unit = points / (size - 1) * 2 - 1
    return functional.grid_sample(
        volume[None, None], unit[None, :, :, None], padding_mode="zeros", align_corners=True
    )[0, 0, :, :, 0]
