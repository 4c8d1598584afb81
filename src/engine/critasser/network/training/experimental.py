"""Training crops cut from experimental maps, turned, rescaled and re-sharpened at random."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from critasser.network.training.corruption import Dice, noisy
from critasser.network.training.packing import Pair
from critasser.network.training.simulation import (
    Crops,
    Molecules,
    band_limit,
    calpha_distance,
    gather,
    make_labels,
    place,
    random_rotation,
    send,
)
from critasser.network.training.transfer import unevenly_sharpened

__all__ = ["PairOnDevice", "backgrounds", "experimental_crops", "experimental_molecules",
           "signed_permutations", "with_noise"]  # fmt: skip

NOISY = 0.25
"""Share of experimental crops to which noise is added."""


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


def experimental_crops(
    sources: Sequence[PairOnDevice], side: int, rng: np.random.Generator, *, blur: bool = True
) -> Crops:
    """One example around a random residue of each of some experimental maps' models.

    The truth is known within 5.5 Å of the model's Cα and in empty space (less than 0.15 of the
    map's typical density); elsewhere there may be molecules that were not modelled, and the loss
    has no weight.
    """
    density, molecules, dice = experimental_molecules(sources, side, rng, blur=blur)
    known = (calpha_distance(molecules, side, 6) < 5.5) | (density < 0.15)
    count = len(sources)
    each = (count, 1, 1, 1)
    density = with_noise(density, sources, dice)
    density = density * dice.number(0.8, 1.25, each) + dice.number(-0.06, 0.06, each)
    # A contour below all density leaves the others as they are.
    contour = np.where(rng.random(count) < 0.15, rng.uniform(0.1, 0.5, count), -np.inf)
    density = torch.where(density > dice.send(contour.reshape(each)), density, 0.0)
    return Crops(
        density.clamp(-3, 6),
        *make_labels(molecules, side),
        known.float(),
        dice.send(np.array([source.pair.resolution for source in sources])),
    )


def experimental_molecules(
    sources: Sequence[PairOnDevice], side: int, rng: np.random.Generator, *, blur: bool = True
) -> tuple[Tensor, Molecules, Dice]:
    """Density ``(crops, side, side, side)`` around a random residue of each map's model.

    Turned, rescaled and re-sharpened at random; with the models' atoms in it and what random
    numbers are drawn from.
    """
    device = sources[0].density.device
    dice, count = Dice(rng, device), len(sources)
    densities, placed = [], []
    for source in sources:
        pair = source.pair
        centre = pair.atoms.positions[pair.atoms.calpha[rng.integers(len(pair.atoms.calpha))]]
        centre = centre.astype(float) + rng.uniform(-8, 8, size=3)
        if rng.random() < 0.4:
            # Turned onto itself the grid needs no interpolation, which would blur it.
            rotation, scale = _CUBE[rng.integers(24)], 1.0
            corner = (side - 1) / 2
            centre = np.round(centre - pair.origin - corner) + pair.origin + corner
        else:
            rotation, scale = random_rotation(rng), 1 + rng.uniform(-0.02, 0.02)
        densities.append(_sample(source, rotation / scale, centre, side))
        placed.append([place(pair.atoms, rotation, centre, scale, side, margin=6.0)])
    density = torch.stack(densities)
    if blur and len(index := np.flatnonzero(rng.random(count) < 0.7)):
        where, bfactor = send(index, device), dice.number(-30, 60, (len(index), 1, 1, 1))
        density = density.index_copy(0, where, band_limit(density[where], 2.0, bfactor))
    if blur:
        # Of maps that differ in nothing else a network would learn every residue by heart.
        density = unevenly_sharpened(density, rng)
    return density, gather(placed, device), dice


def with_noise(density: Tensor, sources: Sequence[PairOnDevice], dice: Dice) -> Tensor:
    """More noise than the experiment had, in a share of crops."""
    index = np.flatnonzero(dice.rng.random(len(density)) < NOISY)
    if not len(index):
        return density
    resolution = np.array([sources[k].pair.resolution for k in index])
    where = send(index, density.device)
    return density.index_copy(0, where, noisy(density[where], resolution, dice))


def _sample(source: PairOnDevice, rotation: np.ndarray, centre: np.ndarray, side: int) -> Tensor:
    """A map in a cube (side, side, side) around `centre`; `rotation` takes x y z to the cube."""
    # grid_sample counts x y z from −1 in the first voxel's middle to 1 in the last one's.
    half = (np.array(source.density.shape[:1:-1]) - 1) / 2
    theta = np.empty((1, 3, 4), np.float32)
    theta[0, :, :3] = rotation.T * ((side - 1) / 2) / half[:, None]
    theta[0, :, 3] = (centre - source.pair.origin) / half - 1
    grid = functional.affine_grid(
        send(theta, source.density.device), [1, 1, side, side, side], align_corners=True
    )
    return functional.grid_sample(
        source.density, grid, mode="bilinear", padding_mode="zeros", align_corners=True
    )[0, 0]


def backgrounds(pair: Pair, side: int = 16, most: int = 16) -> list[np.ndarray]:
    """Pieces ``(side, side, side)`` of a map's own solvent: mean 0, variance 1.

    They lie 7 Å from the model, in what no mask has emptied.
    """
    index = np.round((pair.atoms.positions - pair.origin)[:, ::-1]).astype(int)
    index = index[((index >= 0) & (index < pair.density.shape)).all(axis=1)]
    empty = np.ones(pair.density.shape, bool)
    empty[tuple(index.T)] = False
    open_space = (ndimage.distance_transform_edt(empty) > 7) & (pair.density != 0)
    # True where the whole cube that starts there is open.
    whole = ndimage.minimum_filter(
        open_space.astype(np.uint8), side, mode="constant", origin=-(side // 2)
    )
    starts = np.argwhere(whole)
    pieces = []
    for start in starts[:: max(1, len(starts) // most)][:most]:
        piece = pair.density[tuple(slice(s, s + side) for s in start)]
        # What a mask left is smooth and next to nothing; noise is not.
        if piece.std() > 0.03:
            pieces.append(((piece - piece.mean()) / piece.std()).astype(np.float32))
    return pieces
