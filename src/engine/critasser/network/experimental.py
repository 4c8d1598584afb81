"""Training crops cut from experimental maps, turned, rescaled and re-sharpened at random."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from critasser.network.packing import Pair
from critasser.network.simulation import (
    Crop,
    Molecule,
    band_limit,
    make_labels,
    place,
    random_rotation,
)

__all__ = ["PairOnDevice", "experimental_crop", "signed_permutations"]


class PairOnDevice:
    """A map–model pair with its density on the training device."""

    def __init__(self, pair: Pair, device: torch.device) -> None:
        self.pair = pair
        self.density = torch.as_tensor(pair.density, device=device)[None, None]


def signed_permutations() -> list[np.ndarray]:
    """The 24 rotations of the cube, as matrices (3, 3)."""
    rotations = []
    for order in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
        for signs in np.ndindex(2, 2, 2):
            matrix = np.zeros((3, 3))
            matrix[np.arange(3), order] = 1 - 2 * np.array(signs)
            if np.linalg.det(matrix) > 0:
                rotations.append(matrix)
    return rotations


_CUBE = signed_permutations()


def _sample(density: Tensor, zyx: Tensor) -> Tensor:
    size = torch.tensor(density.shape[2:], device=density.device, dtype=torch.float32)
    unit = zyx / (size - 1) * 2 - 1
    return functional.grid_sample(
        density, unit.flip(-1)[None], mode="bilinear", padding_mode="zeros", align_corners=True
    )[0, 0]


def experimental_crop(
    source: PairOnDevice, side: int, rng: np.random.Generator, *, blur: bool = True
) -> Crop:
    """One example around a random residue of an experimental map's model.

    The truth is known within 5.5 Å of the model and in empty space (less than 0.15 of the map's
    typical density); elsewhere there may be molecules that were not modelled, and the loss has no
    weight.
    """
    density, molecule = experimental_molecule(source, side, rng, blur=blur)
    target, backbone, structure, kind = make_labels(molecule, side)
    near = torch.zeros(side**3, dtype=torch.bool, device=density.device)
    calpha = molecule.positions[molecule.kind == 1]
    if len(calpha):
        axis = torch.arange(side, device=density.device, dtype=torch.float32)
        voxels = torch.cartesian_prod(axis, axis, axis)
        near = torch.cdist(voxels, calpha).amin(1) < 5.5
    weight = (near.reshape(density.shape) | (density < 0.15)).float()
    density = density * rng.uniform(0.8, 1.25) + rng.uniform(-0.06, 0.06)
    if rng.random() < 0.15:
        contour = rng.uniform(0.1, 0.5)
        density = torch.where(density > contour, density, torch.zeros_like(density))
    resolution = source.pair.resolution
    return Crop(density.clamp(-3, 6), target, backbone, structure, kind, weight, resolution)


def experimental_molecule(
    source: PairOnDevice, side: int, rng: np.random.Generator, *, blur: bool = True
) -> tuple[Tensor, Molecule]:
    """Density ``(side, side, side)`` around a random residue of an experimental map's model,
    turned, rescaled and re-sharpened at random, and the model's atoms in it."""
    pair, device = source.pair, source.density.device
    atoms = pair.atoms
    centre = atoms.positions[atoms.calpha[rng.integers(len(atoms.calpha))]].astype(float)
    centre = centre + rng.uniform(-8, 8, size=3)
    if rng.random() < 0.4:
        # Turned onto itself the grid needs no interpolation, which would blur it.
        rotation, scale = _CUBE[rng.integers(24)], 1.0
        corner = (side - 1) / 2
        centre = np.round(centre - pair.origin - corner) + pair.origin + corner
    else:
        rotation, scale = random_rotation(rng), 1 + rng.uniform(-0.02, 0.02)
    axis = torch.arange(side, device=device, dtype=torch.float32) - (side - 1) / 2
    zyx = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), -1)
    # In z y x order a rotation is its x y z matrix with both axes reversed.
    turn = torch.as_tensor(rotation[::-1, ::-1].copy(), dtype=torch.float32, device=device)
    start = torch.as_tensor((centre - pair.origin)[::-1].copy(), dtype=torch.float32, device=device)
    density = _sample(source.density, (zyx / scale) @ turn + start)
    if blur and rng.random() < 0.7:
        density = band_limit(density, 2.0, rng.uniform(-30, 60))
    return density, place(atoms, rotation, centre, scale, side, device, margin=6.0)
