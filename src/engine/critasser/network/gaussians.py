"""Sum Gaussians on grids of 1 Å voxels.

A Gaussian is a product of three one-dimensional ones, so the map of all atoms is one matrix
product, exact for any width of each atom.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["gaussian_density"]

CPU_ATOMS, GPU_ATOMS = 512, 1 << 20
"""Atoms whose planes are made at once: on processors as many as stay in the cache."""


def gaussian_density(
    positions: Tensor, amplitude: Tensor, sigma: Tensor, counts: Sequence[int], side: int
) -> Tensor:
    """Sums of Gaussians on cubes of 1 Å voxels.

    Parameters
    ----------
    positions : Tensor (n, 3)
        z y x in voxels of their cube; the atoms of each cube follow each other.
    amplitude : Tensor (n,)
        Height.
    sigma : Tensor (n, 3)
        Standard deviation along z y x, Å.
    counts : sequence of int
        Atoms of each cube.
    side : int
        Voxels.

    Returns
    -------
    Tensor (cubes, side, side, side)
    """
    axis = torch.arange(side, device=positions.device, dtype=positions.dtype)
    profile = torch.exp(-0.5 * ((axis - positions[:, :, None]) / sigma[:, :, None]) ** 2)
    z, y, x = profile.unbind(1)
    z = z * amplitude[:, None]
    step = CPU_ATOMS if positions.device.type == "cpu" else GPU_ATOMS
    out = torch.zeros(len(counts), side, side * side, device=positions.device)
    first = 0
    for cube, count in zip(out, counts):
        for start in range(first, first + count, step):
            part = slice(start, min(start + step, first + count))
            plane = (y[part, :, None] * x[part, None, :]).reshape(-1, side * side)
            cube.addmm_(z[part].T, plane)
        first += count
    return out.reshape(-1, side, side, side)
