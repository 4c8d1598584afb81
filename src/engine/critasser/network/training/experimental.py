"""Cut training crops from experimental maps, turned, rescaled and re-sharpened at random."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from critasser.network.rotations import signed_permutations
from critasser.network.training.corruption import SCALE, SHIFT, RandomNumbers, noisy
from critasser.network.training.packing import Pair
from critasser.network.training.simulation import (
    HIGHEST,
    LOWEST,
    Crops,
    Molecules,
    band_limit,
    calpha_distance,
    gather_atoms,
    make_labels,
    place,
    random_rotation,
    to_device,
)
from critasser.network.training.transfer import uneven_sharpening

__all__ = [
    "PairOnDevice",
    "backgrounds",
    "experimental_crops",
    "experimental_molecules",
    "rescaled",
    "with_noise",
]

NOISY = 0.25
"""Share of experimental crops to which noise is added."""

LABELLED, EMPTY = 5.5, 0.15
"""The truth is known within so many Å of the model's Cα, and where the density is below this share
of the map's typical one; elsewhere there may be molecules that were not modelled."""

CONTOURED, CONTOUR = 0.15, (0.1, 0.5)
"""Share of crops that are cut at a contour; its level."""

OFF_CENTRE = 8
"""Å in any direction from a residue to the crop's centre, at most."""

ON_GRID = 0.4
"""Share of crops that are turned by a rotation of the cube alone: these need no interpolation,
which would blur them."""

VOXEL_SIZE_ERROR = 0.02
"""Share by which the voxel size of the others is off, at most."""

ATOM_MARGIN = 6.0
"""Å around a crop in which atoms are kept."""

SHARPENED, SHARPENING, FINEST = 0.7, (-30, 60), 2.0
"""Share of crops that a B-factor sharpens or blurs, its range in Å², and the finest detail in Å
that is kept."""

LEAST_PIECE = 2
"""Voxels along each axis, between which values are interpolated."""

PIECE, MOST_PIECES = 16, 16
"""Side of a piece of solvent in voxels; pieces of one map."""

SOLVENT_DISTANCE = 7
"""Å from the model's atoms beyond which there is solvent."""

LEAST_NOISE = 0.03
"""Standard deviation of a piece; what a mask left is smooth and next to nothing."""


class PairOnDevice:
    """A map–model pair whose crops are computed on a device.

    Only the pieces of its map that crops are cut from go there.
    """

    def __init__(self, pair: Pair, device: torch.device) -> None:
        self.pair, self.device = pair, device

    def piece(self, low: np.ndarray, high: np.ndarray) -> Tensor:
        """Voxels (1, 1, z, y, x) from `low` to before `high`, both x y z."""
        x, y, z = (slice(int(a), int(b)) for a, b in zip(low, high))
        part = np.ascontiguousarray(self.pair.density[z, y, x], dtype=np.float32)
        return to_device(part, self.device)[None, None]


_CUBE = signed_permutations()


def experimental_crops(
    sources: Sequence[PairOnDevice], side: int, rng: np.random.Generator, *, blur: bool = True
) -> Crops:
    """One example around a random residue of each of some experimental maps' models.

    Where the truth is not known, see `LABELLED`, the loss has no weight.
    """
    density, molecules, numbers = experimental_molecules(sources, side, rng, blur=blur)
    distance = calpha_distance(molecules, side, math.ceil(LABELLED))
    known = (distance < LABELLED) | (density < EMPTY)
    count = len(sources)
    each = (count, 1, 1, 1)
    density = rescaled(with_noise(density, sources, numbers), numbers)
    # A contour below all density leaves the others as they are.
    contour = np.where(rng.random(count) < CONTOURED, rng.uniform(*CONTOUR, count), -np.inf)
    density = torch.where(density > numbers.send(contour.reshape(each)), density, 0.0)
    return Crops(
        density.clamp(LOWEST, HIGHEST),
        *make_labels(molecules, side),
        known.float(),
        numbers.send(np.array([source.pair.resolution for source in sources])),
    )


def experimental_molecules(
    sources: Sequence[PairOnDevice], side: int, rng: np.random.Generator, *, blur: bool = True
) -> tuple[Tensor, Molecules, RandomNumbers]:
    """Density ``(crops, side, side, side)`` around a random residue of each map's model.

    Turned, rescaled and re-sharpened at random; with the models' atoms in it and what random
    numbers are drawn from.
    """
    device = sources[0].device
    numbers, count = RandomNumbers(rng, device), len(sources)
    densities, placed = [], []
    for source in sources:
        pair = source.pair
        centre = pair.atoms.positions[pair.atoms.calpha[rng.integers(len(pair.atoms.calpha))]]
        centre = centre.astype(float) + rng.uniform(-OFF_CENTRE, OFF_CENTRE, size=3)
        if rng.random() < ON_GRID:
            rotation, scale = _CUBE[rng.integers(len(_CUBE))], 1.0
            corner = (side - 1) / 2
            centre = np.round(centre - pair.origin - corner) + pair.origin + corner
        else:
            rotation = random_rotation(rng)
            scale = 1 + rng.uniform(-VOXEL_SIZE_ERROR, VOXEL_SIZE_ERROR)
        densities.append(_sample(source, rotation / scale, centre, side))
        placed.append([place(pair.atoms, rotation * scale, centre, side, margin=ATOM_MARGIN)])
    density = torch.stack(densities)
    if blur and len(index := np.flatnonzero(rng.random(count) < SHARPENED)):
        where = to_device(index, device)
        bfactor = numbers.uniform(*SHARPENING, (len(index), 1, 1, 1))
        density = density.index_copy(0, where, band_limit(density[where], FINEST, bfactor))
    if blur:
        # Otherwise every crop of a residue would look alike, and be learnt by heart.
        density = uneven_sharpening(density, rng)
    return density, gather_atoms(placed, device), numbers


def rescaled(density: Tensor, numbers: RandomNumbers) -> Tensor:
    """Crops with the errors of a map's own normalisation."""
    each = (len(density), 1, 1, 1)
    return density * numbers.uniform(*SCALE, each) + numbers.uniform(*SHIFT, each)


def with_noise(density: Tensor, sources: Sequence[PairOnDevice], numbers: RandomNumbers) -> Tensor:
    """More noise than the experiment had, in a share of crops."""
    index = np.flatnonzero(numbers.rng.random(len(density)) < NOISY)
    if not len(index):
        return density
    resolution = np.array([sources[k].pair.resolution for k in index])
    where = to_device(index, density.device)
    return density.index_copy(0, where, noisy(density[where], resolution, numbers))


def _sample(source: PairOnDevice, rotation: np.ndarray, centre: np.ndarray, side: int) -> Tensor:
    """A map in a cube (side, side, side) around `centre`; `rotation` takes x y z to the cube."""
    turn = rotation.T * ((side - 1) / 2)
    at = centre - source.pair.origin
    shape = np.array(source.pair.density.shape[::-1])
    reach = np.abs(turn).sum(axis=1)
    low = np.clip(np.floor(at - reach), 0, shape - LEAST_PIECE).astype(int)
    high = np.clip(np.ceil(at + reach) + 1, low + LEAST_PIECE, shape).astype(int)
    # grid_sample counts x y z from −1 in the first voxel's middle to 1 in the last one's.
    half = (high - low - 1) / 2
    theta = np.empty((1, 3, 4), np.float32)
    theta[0, :, :3] = turn / half[:, None]
    theta[0, :, 3] = (at - low) / half - 1
    grid = functional.affine_grid(
        to_device(theta, source.device), [1, 1, side, side, side], align_corners=True
    )
    return functional.grid_sample(
        source.piece(low, high), grid, mode="bilinear", padding_mode="zeros", align_corners=True
    )[0, 0]


def backgrounds(pair: Pair, side: int = PIECE, most: int = MOST_PIECES) -> list[np.ndarray]:
    """Pieces ``(side, side, side)`` of a map's unmasked solvent: mean 0, variance 1."""
    index = np.round((pair.atoms.positions - pair.origin)[:, ::-1]).astype(int)
    index = index[((index >= 0) & (index < pair.density.shape)).all(axis=1)]
    empty = np.ones(pair.density.shape, bool)
    empty[tuple(index.T)] = False
    open_space = (ndimage.distance_transform_edt(empty) > SOLVENT_DISTANCE) & (pair.density != 0)
    # True where the whole cube that starts there is open.
    whole = ndimage.minimum_filter(
        open_space.astype(np.uint8), side, mode="constant", origin=-(side // 2)
    )
    starts = np.argwhere(whole)
    pieces = []
    for start in starts[:: max(1, len(starts) // most)][:most]:
        piece = np.float32(pair.density[tuple(slice(s, s + side) for s in start)])
        if piece.std() > LEAST_NOISE:
            pieces.append(((piece - piece.mean()) / piece.std()).astype(np.float32))
    return pieces
