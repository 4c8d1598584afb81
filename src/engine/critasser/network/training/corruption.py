"""Spoil simulated maps as experiments do: mobile atoms, noise, uneven resolution, masks.

Each corruption is a small function under a name, with its probability in one table. A crop draws
its own strength, by which the probabilities are multiplied, so that clean and spoilt maps are both
learnt. They act in this order: on which residues are modelled and on what lies beside the chain
(`critasser.network.training.surroundings`), on atoms, on maps before and after normalisation. The
ranges below were chosen so as to cover what maps in EMDB look like.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from critasser.network.gaussians import gaussian_density
from critasser.network.training.simulation import (
    Molecules,
    band_limit,
    coloured_noise,
    to_device,
)

__all__ = [
    "ATOM_CORRUPTIONS",
    "CORRUPTIONS",
    "MAP_CORRUPTIONS",
    "NORMALISED_CORRUPTIONS",
    "MapScene",
    "RandomNumbers",
    "noisy",
]

CORRUPTIONS: dict[str, float] = {
    "voxel_size": 1.0,
    "solvent": 0.3,
    "termini": 0.3,
    "loops": 0.2,
    "neighbours": 0.7,
    "crowding": 0.3,
    "detergent": 0.12,
    "nucleic_acid": 0.12,
    "blobs": 0.15,
    "residue_bfactors": 0.8,
    "domain_bfactors": 0.5,
    "visibility": 1.0,
    "side_chain_decay": 0.6,
    "carboxylates": 0.2,
    "side_chains": 0.2,
    "occupancy": 0.3,
    "anisotropy": 0.3,
    "transfer": 1.0,
    "band_limit": 0.5,
    "local_resolution": 0.25,
    "noise": 0.4,
    "background": 0.2,
    "sharpening": 0.2,
    "contrast": 0.4,
    "zone": 0.25,
    "contour": 0.25,
    "scale": 1.0,
    "capping": 0.1,
}
"""Share of crops of full strength that each corruption is done to."""

RESIDUE_BFACTOR = (0, 60)
"""Å² added to the most mobile residue of a crop."""

DOMAIN_BFACTOR = (0, 3)
"""Å² added for each Å along a direction …"""

DOMAIN_START = (10, 40)
"""… beyond so many Å."""

LONGEST_SIDE_CHAIN = 8
"""Å from the Cα, beyond which atoms of a side chain fade no more."""

LEAST_MOBILITY, MOBILITY_RANGE = 0.3, 1.4
"""Mobility of the stiffest side chain over the mean one, and how much more the loosest one has."""

DECAY_LOST, DECAY_REACH, MOST_LOST = (0, 0.4), 5, 0.95
"""Share of the amplitude that a side chain's atom loses at so many Å and beyond, 0.95 at most."""

DECAY_BFACTOR = (0, 15)
"""Å² for each Å from the Cα."""

CARBOXYLATE_LOST = (0.3, 1.0)
"""Share of the amplitude of the oxygen atoms of Asp and Glu."""

SIDE_CHAINS_LOST = (0, 0.15)
"""Share of residues without a side chain."""

OCCUPANCY_LOST = (0, 0.5)
"""Share of its amplitude that the faintest residue loses."""

STRETCH = (0, 0.4)
"""Widening of atoms along each axis, as a share of their width."""

LOCAL_BFACTOR = (2, 12)
"""B-factor of the blurred parts of a map over the square of its resolution."""

PATCH_SIZE, PATCH_SHIFT, PATCH_EDGE = (25, 50), (-1, 1), 3
"""Å, finest detail of the patches that are blurred; threshold of the smooth noise by which they are
chosen, in standard deviations; sharpness of their edges."""

INSIDE = 0.3
"""Share of a crop's highest density above which a voxel is inside the molecule."""

MOSTLY_CLEAN, MODERATE_NOISE, MOST_NOISE = 0.55, 0.5, 2**0.5
"""Share of noisy maps with little noise; standard deviation of the noise over that of the density
inside, at most in these and at most in the others (signal-to-noise ratio 0.5). Most maps that
people build into are cleaner than the worst."""

FINEST_NOISE, NOISE_SHIFT = 2.0, (-0.7, 1)
"""Å of the finest noise (white on 1 Å voxels); by what power of it the noise goes beyond the
resolution, negative: not at all, as after filtering."""

AMPLITUDE_GAIN = (0.4, 8)
"""Of the amplitude at the resolution by sharpening: from blurred to overdone."""

TROUGH_WIDTH = (1.5, 5)
"""Å; standard deviation of what the solvent hides."""

ZONE_RADIUS, ZONE_EDGE = (4.0, 7.5), (0.005, 0.025)
"""Å around the Cα that a mask keeps; width of its edge, in units of a Gaussian on each Cα."""

CONTOUR = (0.1, 0.6)
"""Level below which a map is cut, in units of its typical density."""

SCALE, SHIFT = (0.8, 1.25), (-0.06, 0.06)
"""By which a map's own normalisation errs."""

CAP = (1.0, 2.5)
"""Highest density, in units of the typical one."""

TINY = 1e-6
"""Keeps divisions by an empty map finite."""

_SIDE_CHAIN = 4
"""`Atoms.kind` of atoms of side chains."""


class RandomNumbers:
    """Random numbers of a batch: few drawn on the host, whole maps of them on the device."""

    def __init__(self, rng: np.random.Generator, device: torch.device) -> None:
        self.rng, self.device = rng, device
        self.generator = torch.Generator(device).manual_seed(int(rng.integers(2**31)))

    def uniform(self, low: float, high: float, shape: int | tuple[int, ...]) -> Tensor:
        """Uniform numbers on the device."""
        return self.send(self.rng.uniform(low, high, shape))

    def uniform_where(self, on: np.ndarray, low: float, high: float) -> Tensor:
        """A uniform number for each crop, 0 where `on` is not set."""
        return self.send(np.where(on, self.rng.uniform(low, high, len(on)), 0.0))

    def send(self, array: np.ndarray) -> Tensor:
        """To the device, as float32."""
        return to_device(np.asarray(array, np.float32), self.device)

    def uniform_on_device(self, count: int) -> Tensor:
        """Uniform numbers in [0, 1) made on the device."""
        return torch.rand(count, generator=self.generator, device=self.device)


# Atoms of all crops at once; `on` (crops,) says which of them it happens to.


def _side_chain_reach(m: Molecules) -> Tensor:
    """Å from their Cα for atoms of side chains (up to 8), 0 for the others."""
    calpha = torch.zeros(len(m.residue_type), 3, device=m.positions.device)
    calpha[m.residue[m.calpha]] = m.positions[m.calpha]
    reach = (m.positions - calpha[m.residue]).norm(dim=1).clamp(0, LONGEST_SIDE_CHAIN)
    return reach * (m.kind == _SIDE_CHAIN)


def _residue_bfactors(m: Molecules, on: np.ndarray, numbers: RandomNumbers) -> Molecules:
    mobile = numbers.uniform_on_device(len(m.residue_type))[m.residue] ** 2
    added = numbers.uniform_where(on, *RESIDUE_BFACTOR)[m.crop] * mobile
    return replace(m, bfactor=m.bfactor + added)


def _domain_bfactors(m: Molecules, on: np.ndarray, numbers: RandomNumbers) -> Molecules:
    """Let B-factors grow along one direction from somewhere in the crop."""
    axis = numbers.rng.normal(size=(len(on), 3))
    axis = numbers.send(axis / np.linalg.norm(axis, axis=1, keepdims=True))[m.crop]
    start = numbers.uniform(*DOMAIN_START, len(on))[m.crop]
    beyond = torch.relu((m.positions * axis).sum(1) - start)
    added = numbers.uniform_where(on, *DOMAIN_BFACTOR)[m.crop] * beyond
    return replace(m, bfactor=m.bfactor + added)


def _side_chain_decay(m: Molecules, on: np.ndarray, numbers: RandomNumbers) -> Molecules:
    """Fade and blur side chains towards their tips, some much more than others."""
    reach = _side_chain_reach(m)
    spread = numbers.uniform_on_device(len(m.residue_type))
    mobile = (LEAST_MOBILITY + MOBILITY_RANGE * spread)[m.residue]
    share = (reach / DECAY_REACH).clamp(max=1)
    lost = numbers.uniform_where(on, *DECAY_LOST)[m.crop] * mobile * share
    bfactor = m.bfactor + numbers.uniform_where(on, *DECAY_BFACTOR)[m.crop] * mobile * reach
    return replace(m, amplitude=m.amplitude * (1 - lost.clamp(max=MOST_LOST)), bfactor=bfactor)


def _carboxylates(m: Molecules, on: np.ndarray, numbers: RandomNumbers) -> Molecules:
    """Fade carboxylates: electrons see little of negative charges, and radiation removes them."""
    lost = numbers.uniform_where(on, *CARBOXYLATE_LOST)[m.crop] * m.carboxylate
    return replace(m, amplitude=m.amplitude * (1 - lost))


def _side_chains(m: Molecules, on: np.ndarray, numbers: RandomNumbers) -> Molecules:
    """Remove whole side chains."""
    order = numbers.uniform_on_device(len(m.residue_type))[m.residue]
    lost = order < numbers.uniform_where(on, *SIDE_CHAINS_LOST)[m.crop]
    return replace(m, amplitude=m.amplitude * ~(lost & (m.kind == _SIDE_CHAIN)))


def _occupancy(m: Molecules, on: np.ndarray, numbers: RandomNumbers) -> Molecules:
    strength = numbers.uniform_where(on, *OCCUPANCY_LOST)[m.crop]
    faint = strength * numbers.uniform_on_device(len(m.residue_type))[m.residue]
    return replace(m, amplitude=m.amplitude * (1 - faint))


def _anisotropy(m: Molecules, on: np.ndarray, numbers: RandomNumbers) -> Molecules:
    drawn = numbers.rng.uniform(*STRETCH, (len(on), 3))
    stretch = 1 + numbers.send(np.where(on[:, None], drawn, 0.0))
    return replace(m, stretch=stretch)


ATOM_CORRUPTIONS: dict[str, Callable[[Molecules, np.ndarray, RandomNumbers], Molecules]] = {
    "residue_bfactors": _residue_bfactors,
    "domain_bfactors": _domain_bfactors,
    "side_chain_decay": _side_chain_decay,
    "carboxylates": _carboxylates,
    "side_chains": _side_chains,
    "occupancy": _occupancy,
    "anisotropy": _anisotropy,
}


@dataclass(frozen=True)
class MapScene:
    """The maps that a corruption is done to.

    Attributes
    ----------
    resolution : (k,)
        Å, on the host.
    index : (k,)
        Which crops of the batch they are, on the host.
    molecules : Molecules
        Of the whole batch.
    backgrounds : sequence of (n, n, n)
        Pieces of solvent of experimental maps, on the device, variance 1.
    """

    resolution: np.ndarray
    index: np.ndarray
    molecules: Molecules
    backgrounds: Sequence[Tensor]


def _each(values: Tensor) -> Tensor:
    return values[:, None, None, None]


def _local_resolution(density: Tensor, scene: MapScene, numbers: RandomNumbers) -> Tensor:
    """Blur part of the map, in smooth patches, to a poorer resolution."""
    count = len(density)
    bfactor = numbers.rng.uniform(*LOCAL_BFACTOR, count) * scene.resolution**2
    blurred = band_limit(density, FINEST_NOISE, _each(numbers.send(bfactor)))
    size = _each(numbers.uniform(*PATCH_SIZE, count))
    smooth = coloured_noise(density.shape, size, numbers.generator)
    share = torch.sigmoid(PATCH_EDGE * (smooth + _each(numbers.uniform(*PATCH_SHIFT, count))))
    return density.lerp(blurred, share)


def _add(density: Tensor, noise: Tensor, numbers: RandomNumbers) -> Tensor:
    """Add noise (variance 1) down to a signal-to-noise ratio of 0.5 within the molecule."""
    inside = (density > INSIDE * density.amax((1, 2, 3), keepdim=True)).float()
    count = inside.sum((1, 2, 3), keepdim=True).clamp_min(1)
    mean = (density * inside).sum((1, 2, 3), keepdim=True) / count
    spread = (((density - mean) ** 2 * inside).sum((1, 2, 3), keepdim=True) / count).sqrt()
    rng, k = numbers.rng, len(density)
    level = np.where(
        rng.random(k) < MOSTLY_CLEAN,
        rng.uniform(0, MODERATE_NOISE, k),
        rng.uniform(MODERATE_NOISE, MOST_NOISE, k),
    )
    return density + noise * spread * _each(numbers.send(level))


def noisy(density: Tensor, resolution: np.ndarray, numbers: RandomNumbers) -> Tensor:
    """Noise that ends where the signal does, as after filtering, or beyond it, up to white.

    `density` (k, side, side, side), `resolution` (k,) in Å.
    """
    shift = np.maximum(numbers.rng.uniform(*NOISE_SHIFT, len(density)), 0)
    highest = np.maximum(resolution, FINEST_NOISE)
    cutoff = _each(numbers.send(highest ** (1 - shift) * FINEST_NOISE**shift))
    return _add(density, coloured_noise(density.shape, cutoff, numbers.generator), numbers)


def _noise(density: Tensor, scene: MapScene, numbers: RandomNumbers) -> Tensor:
    return noisy(density, scene.resolution, numbers)


def _background(density: Tensor, scene: MapScene, numbers: RandomNumbers) -> Tensor:
    """Add noise with the texture of an experimental map's own solvent.

    White noise convolved with a piece of it has the piece's spectrum in all directions and no other
    structure, at any size (Galerne, Gousseau & Morel, IEEE Trans. Image Process. 20, 257, 2011).
    """
    if not scene.backgrounds:
        return density
    white = torch.randn(density.shape, generator=numbers.generator, device=density.device)
    side = density.shape[-1]
    pieces = []
    for choice in numbers.rng.integers(len(scene.backgrounds), size=len(density)):
        piece = scene.backgrounds[choice][:side, :side, :side]
        turned = piece.permute(*(int(axis) for axis in numbers.rng.permutation(3)))
        pieces.append(torch.fft.rfftn(turned, s=(side,) * 3))
    noise = torch.fft.irfftn(
        torch.fft.rfftn(white, dim=(1, 2, 3)) * torch.stack(pieces), s=(side,) * 3, dim=(1, 2, 3)
    )
    return _add(density, noise / noise.std((1, 2, 3), keepdim=True).clamp_min(TINY), numbers)


def _sharpening(density: Tensor, scene: MapScene, numbers: RandomNumbers) -> Tensor:
    """Sharpen or blur by a B-factor, see `AMPLITUDE_GAIN`."""
    gain = numbers.rng.uniform(*np.log(AMPLITUDE_GAIN), len(density))
    bfactor = -4 * scene.resolution**2 * gain
    return band_limit(density, _each(numbers.send(scene.resolution)), _each(numbers.send(bfactor)))


def _contrast(density: Tensor, scene: MapScene, numbers: RandomNumbers) -> Tensor:
    """Weaken low frequencies, which the solvent hides: density lies in troughs."""
    k, side = len(density), density.shape[-1]
    share, width = _each(numbers.uniform(0, 1, k)), _each(numbers.uniform(*TROUGH_WIDTH, k))
    f = torch.fft.fftfreq(side, device=density.device)
    h = torch.fft.rfftfreq(side, device=density.device)
    square = f[:, None, None] ** 2 + f[:, None] ** 2 + h**2
    gain = 1 - share * torch.exp(-2 * (math.pi * width) ** 2 * square)
    return torch.fft.irfftn(
        torch.fft.rfftn(density, dim=(1, 2, 3)) * gain, s=density.shape[1:], dim=(1, 2, 3)
    )


MAP_CORRUPTIONS: dict[str, Callable[[Tensor, MapScene, RandomNumbers], Tensor]] = {
    "local_resolution": _local_resolution,
    "noise": _noise,
    "background": _background,
    "sharpening": _sharpening,
    "contrast": _contrast,
}
"""Before normalisation, in cubes ``(k, side, side, side)`` with some margin."""


def _zone(density: Tensor, scene: MapScene, numbers: RandomNumbers) -> Tensor:
    """Mask softly around the chain: by Gaussians on its Cα, cheaper than distances to them."""
    m = scene.molecules
    radius = numbers.uniform(*ZONE_RADIUS, len(m.counts))
    spread = (radius / 2)[m.crop[m.calpha], None].expand(-1, 3)
    around = gaussian_density(
        m.positions[m.calpha], m.own[m.calpha].float(), spread, m.calpha_counts, density.shape[-1]
    )[to_device(scene.index, density.device)]
    edge = _each(numbers.uniform(*ZONE_EDGE, len(density)))
    return density * torch.sigmoid((around - math.exp(-2)) / edge)


def _contour(density: Tensor, scene: MapScene, numbers: RandomNumbers) -> Tensor:
    """Leave nothing below a contour."""
    level = _each(numbers.uniform(*CONTOUR, len(density)))
    return torch.where(density > level, density, 0.0)


def _scale(density: Tensor, scene: MapScene, numbers: RandomNumbers) -> Tensor:
    """Err in the map's own normalisation."""
    k = len(density)
    return density * _each(numbers.uniform(*SCALE, k)) + _each(numbers.uniform(*SHIFT, k))


def _capping(density: Tensor, scene: MapScene, numbers: RandomNumbers) -> Tensor:
    return torch.minimum(density, _each(numbers.uniform(*CAP, len(density))))


NORMALISED_CORRUPTIONS: dict[str, Callable[[Tensor, MapScene, RandomNumbers], Tensor]] = {
    "zone": _zone,
    "contour": _contour,
    "scale": _scale,
    "capping": _capping,
}
"""After normalisation, as maps are handed on."""
