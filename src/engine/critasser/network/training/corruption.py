"""What experiments do to density that a simulation of atoms lacks.

Each corruption is a small function under a name, with its probability in one table; a crop draws
its own strength, by which the probabilities are multiplied, so that neither clean nor spoilt maps
are forgotten. They act in this order: on which residues are there and on what lies beside the chain
(`critasser.network.training.surroundings`), on atoms, on maps before and after normalisation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from critasser.network.training.simulation import (
    Molecules,
    band_limit,
    coloured_noise,
    gaussian_density,
    send,
)

__all__ = ["ATOMS", "CORRUPTIONS", "MAPS", "SHOWN", "Dice", "MapScene", "noisy"]

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


class Dice:
    """Random numbers of a batch: few ones from the host, whole maps of them on the device."""

    def __init__(self, rng: np.random.Generator, device: torch.device) -> None:
        self.rng, self.device = rng, device
        self.generator = torch.Generator(device).manual_seed(int(rng.integers(2**31)))

    def number(self, low: float, high: float, shape: int | tuple[int, ...]) -> Tensor:
        """Uniform numbers on the device."""
        return self.send(self.rng.uniform(low, high, shape))

    def where(self, on: np.ndarray, low: float, high: float) -> Tensor:
        """A uniform number for each crop, 0 where `on` is not set."""
        return self.send(np.where(on, self.rng.uniform(low, high, len(on)), 0.0))

    def send(self, array: np.ndarray) -> Tensor:
        """To the device, as float32."""
        return send(np.asarray(array, np.float32), self.device)

    def field(self, count: int) -> Tensor:
        """Uniform numbers in [0, 1) made on the device."""
        return torch.rand(count, generator=self.generator, device=self.device)


# Atoms of all crops at once; `on` (crops,) says which of them it happens to.


def _side_chain_reach(m: Molecules) -> Tensor:
    """Å from its Cα for atoms of side chains (up to 8), 0 for the others."""
    calpha = torch.zeros(len(m.residue_type), 3, device=m.positions.device)
    calpha[m.residue[m.calpha]] = m.positions[m.calpha]
    reach = (m.positions - calpha[m.residue]).norm(dim=1).clamp(0, 8)
    return reach * (m.kind == 4)


def _residue_bfactors(m: Molecules, on: np.ndarray, dice: Dice) -> Molecules:
    mobile = dice.field(len(m.residue_type))[m.residue] ** 2
    return replace(m, bfactor=m.bfactor + dice.where(on, 0, 60)[m.crop] * mobile)


def _domain_bfactors(m: Molecules, on: np.ndarray, dice: Dice) -> Molecules:
    """B grows along one direction from somewhere in the crop."""
    axis = dice.rng.normal(size=(len(on), 3))
    axis = dice.send(axis / np.linalg.norm(axis, axis=1, keepdims=True))[m.crop]
    start = dice.number(10, 40, len(on))[m.crop]
    beyond = torch.relu((m.positions * axis).sum(1) - start)
    return replace(m, bfactor=m.bfactor + dice.where(on, 0, 3)[m.crop] * beyond)


def _side_chain_decay(m: Molecules, on: np.ndarray, dice: Dice) -> Molecules:
    """The tips of side chains move more and are seen less, some much more than others."""
    reach = _side_chain_reach(m)
    mobile = (0.3 + 1.4 * dice.field(len(m.residue_type)))[m.residue]
    lost = dice.where(on, 0, 0.4)[m.crop] * mobile * (reach / 5).clamp(max=1)
    bfactor = m.bfactor + dice.where(on, 0, 15)[m.crop] * mobile * reach
    return replace(m, amplitude=m.amplitude * (1 - lost.clamp(max=0.95)), bfactor=bfactor)


def _carboxylates(m: Molecules, on: np.ndarray, dice: Dice) -> Molecules:
    """Electrons see little of negative charges, and radiation takes them off."""
    lost = dice.where(on, 0.3, 1.0)[m.crop] * m.carboxylate
    return replace(m, amplitude=m.amplitude * (1 - lost))


def _side_chains(m: Molecules, on: np.ndarray, dice: Dice) -> Molecules:
    """Whole side chains are missing."""
    lost = dice.field(len(m.residue_type))[m.residue] < dice.where(on, 0, 0.15)[m.crop]
    return replace(m, amplitude=m.amplitude * ~(lost & (m.kind == 4)))


def _occupancy(m: Molecules, on: np.ndarray, dice: Dice) -> Molecules:
    faint = dice.where(on, 0, 0.5)[m.crop] * dice.field(len(m.residue_type))[m.residue]
    return replace(m, amplitude=m.amplitude * (1 - faint))


def _anisotropy(m: Molecules, on: np.ndarray, dice: Dice) -> Molecules:
    stretch = 1 + dice.send(np.where(on[:, None], dice.rng.uniform(0, 0.4, (len(on), 3)), 0.0))
    return replace(m, stretch=stretch)


ATOMS: dict[str, Callable[[Molecules, np.ndarray, Dice], Molecules]] = {
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
    """What is known of the maps that a corruption is done to.

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


def _local_resolution(density: Tensor, scene: MapScene, dice: Dice) -> Tensor:
    """Part of the map, in smooth patches, is blurred by as much again as the resolution hides."""
    square = scene.resolution**2
    blurred = band_limit(
        density, 2.0, _each(dice.send(dice.rng.uniform(2, 12, len(square)) * square))
    )
    smooth = coloured_noise(density.shape, _each(dice.number(25, 50, len(square))), dice.generator)
    share = torch.sigmoid(3 * (smooth + _each(dice.number(-1, 1, len(square)))))
    return density.lerp(blurred, share)


def _add(density: Tensor, noise: Tensor, dice: Dice) -> Tensor:
    """Add noise (variance 1) down to a signal-to-noise ratio of 0.5 within the molecule."""
    inside = (density > 0.3 * density.amax((1, 2, 3), keepdim=True)).float()
    count = inside.sum((1, 2, 3), keepdim=True).clamp_min(1)
    mean = (density * inside).sum((1, 2, 3), keepdim=True) / count
    spread = (((density - mean) ** 2 * inside).sum((1, 2, 3), keepdim=True) / count).sqrt()
    # Most maps that people build into are cleaner than the worst.
    rng, k = dice.rng, len(density)
    level = np.where(rng.random(k) < 0.55, rng.uniform(0, 0.5, k), rng.uniform(0.5, 2**0.5, k))
    return density + noise * spread * _each(dice.send(level))


def noisy(density: Tensor, resolution: np.ndarray, dice: Dice) -> Tensor:
    """Noise that ends where the signal does, as after filtering, or beyond it, up to white.

    `density` (k, side, side, side), `resolution` (k,) in Å.
    """
    shift = np.maximum(dice.rng.uniform(-0.7, 1, len(density)), 0)
    highest = np.maximum(resolution, 2.0)
    cutoff = _each(dice.send(highest ** (1 - shift) * 2.0**shift))
    return _add(density, coloured_noise(density.shape, cutoff, dice.generator), dice)


def _noise(density: Tensor, scene: MapScene, dice: Dice) -> Tensor:
    return noisy(density, scene.resolution, dice)


def _background(density: Tensor, scene: MapScene, dice: Dice) -> Tensor:
    """The texture of an experimental map's own solvent.

    White noise convolved with a piece of it has the piece's spectrum in all directions and no other
    structure, at any size (Galerne, Gousseau & Morel, IEEE Trans. Image Process. 20, 257, 2011).
    """
    if not scene.backgrounds:
        return density
    white = torch.randn(density.shape, generator=dice.generator, device=density.device)
    side = density.shape[-1]
    pieces = []
    for choice in dice.rng.integers(len(scene.backgrounds), size=len(density)):
        piece = scene.backgrounds[choice][:side, :side, :side]
        turned = piece.permute(*(int(axis) for axis in dice.rng.permutation(3)))
        pieces.append(torch.fft.rfftn(turned, s=(side,) * 3))
    noise = torch.fft.irfftn(
        torch.fft.rfftn(white, dim=(1, 2, 3)) * torch.stack(pieces), s=(side,) * 3, dim=(1, 2, 3)
    )
    return _add(density, noise / noise.std((1, 2, 3), keepdim=True).clamp_min(1e-6), dice)


def _sharpening(density: Tensor, scene: MapScene, dice: Dice) -> Tensor:
    """B-factors that scale the amplitude at the resolution by 0.4 to 8: blurred to overdone."""
    gain = dice.rng.uniform(math.log(0.4), math.log(8), len(density))
    bfactor = -4 * scene.resolution**2 * gain
    return band_limit(density, _each(dice.send(scene.resolution)), _each(dice.send(bfactor)))


def _contrast(density: Tensor, scene: MapScene, dice: Dice) -> Tensor:
    """The solvent hides what is wide: low frequencies are weak, density lies in troughs."""
    k, side = len(density), density.shape[-1]
    share, width = _each(dice.number(0, 1, k)), _each(dice.number(1.5, 5, k))
    f = torch.fft.fftfreq(side, device=density.device)
    h = torch.fft.rfftfreq(side, device=density.device)
    square = f[:, None, None] ** 2 + f[:, None] ** 2 + h**2
    gain = 1 - share * torch.exp(-2 * (math.pi * width) ** 2 * square)
    return torch.fft.irfftn(
        torch.fft.rfftn(density, dim=(1, 2, 3)) * gain, s=density.shape[1:], dim=(1, 2, 3)
    )


MAPS: dict[str, Callable[[Tensor, MapScene, Dice], Tensor]] = {
    "local_resolution": _local_resolution,
    "noise": _noise,
    "background": _background,
    "sharpening": _sharpening,
    "contrast": _contrast,
}
"""Before normalisation, in cubes ``(k, side, side, side)`` with some margin."""


def _zone(density: Tensor, scene: MapScene, dice: Dice) -> Tensor:
    """A soft mask around the chain: of Gaussians on its Cα, cheaper than distances to them."""
    m = scene.molecules
    radius = dice.number(4.0, 7.5, len(m.counts))
    spread = (radius / 2)[m.crop[m.calpha], None].expand(-1, 3)
    around = gaussian_density(
        m.positions[m.calpha], m.own[m.calpha].float(), spread, m.calpha_counts, density.shape[-1]
    )[send(scene.index, density.device)]
    edge = _each(dice.number(0.005, 0.025, len(density)))
    return density * torch.sigmoid((around - math.exp(-2)) / edge)


def _contour(density: Tensor, scene: MapScene, dice: Dice) -> Tensor:
    """Nothing below a contour."""
    level = _each(dice.number(0.1, 0.6, len(density)))
    return torch.where(density > level, density, 0.0)


def _scale(density: Tensor, scene: MapScene, dice: Dice) -> Tensor:
    """A map's own normalisation errs."""
    k = len(density)
    return density * _each(dice.number(0.8, 1.25, k)) + _each(dice.number(-0.06, 0.06, k))


def _capping(density: Tensor, scene: MapScene, dice: Dice) -> Tensor:
    return torch.minimum(density, _each(dice.number(1.0, 2.5, len(density))))


SHOWN: dict[str, Callable[[Tensor, MapScene, Dice], Tensor]] = {
    "zone": _zone,
    "contour": _contour,
    "scale": _scale,
    "capping": _capping,
}
"""After normalisation, as maps are handed on."""
