"""Simulated training crops."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from critasser.network.training.corruption import ATOMS, CORRUPTIONS, MAPS, SHOWN, Dice, MapScene
from critasser.network.training.experimental import backgrounds
from critasser.network.training.packing import Atoms, Pair
from critasser.network.training.simulation import (
    Crops,
    Molecules,
    Placed,
    band_limit,
    gather,
    gaussian_density,
    make_labels,
    normalise_tensor,
    place,
    random_rotation,
    send,
)
from critasser.network.training.surroundings import MISSING, SURROUNDINGS, Scene
from critasser.network.training.transfer import (
    ATOM_VARIANCE,
    Transfer,
    compare,
    draw_transfer,
    measure_transfer,
    transferred,
)
from critasser.network.training.visibility import Visibility, measure_visibility, shown

__all__ = ["NOTHING_SEEN", "Seen", "SimulationRange", "simulate_crops", "simulate_molecules"]

_PAD = 4
"""Voxels around a crop that are simulated with it: what is filtered wraps around."""


@dataclass(frozen=True)
class SimulationRange:
    """What simulated maps are drawn from.

    Attributes
    ----------
    resolutions, weights
        Edges of resolution shells (Å) and the share of crops drawn from each.
    corruption
        0: clean maps by eq. 2; 1: all corruptions up to their full frequency. Each crop draws its
        own strength up to this one, high ones more often.
    without
        Names of `CORRUPTIONS` that are left out.
    """

    resolutions: tuple[float, ...] = (1.5, 3.0, 4.0, 5.0, 8.0, 15.0)
    weights: tuple[float, ...] = (0.28, 0.26, 0.20, 0.16, 0.10)
    corruption: float = 1.0
    without: tuple[str, ...] = ()

    def draw(self, rng: np.random.Generator) -> float:
        """A resolution."""
        shell = rng.choice(len(self.weights), p=np.array(self.weights) / sum(self.weights))
        return float(rng.uniform(self.resolutions[shell], self.resolutions[shell + 1]))

    def draw_corruptions(self, rng: np.random.Generator) -> set[str]:
        """Names of what happens to one crop."""
        # One number a name, whatever is left out: otherwise the same crops are drawn without it.
        strength = self.corruption * math.sqrt(rng.random())
        chance = rng.random(len(CORRUPTIONS)) / max(strength, 1e-12)
        return {
            name
            for (name, probability), c in zip(CORRUPTIONS.items(), chance)
            if c < probability and name not in self.without
        }


@dataclass(frozen=True)
class Seen:
    """What experimental maps lend to simulated ones.

    Attributes
    ----------
    backgrounds : sequence of Tensor
        As in `MapScene`.
    transfers : sequence of Transfer
    visibility : Visibility or None
    """

    backgrounds: Sequence[Tensor] = ()
    transfers: Sequence[Transfer] = ()
    visibility: Visibility | None = None

    @staticmethod
    def of(pairs: Sequence[Pair], device: torch.device) -> Seen:
        """Take it from maps with models."""
        compared = [compare(pair, device) for pair in pairs]
        transfers = [measure_transfer(pair, both) for pair, both in zip(pairs, compared)]
        return Seen(
            [torch.from_numpy(piece) for pair in pairs for piece in backgrounds(pair)],
            transfers,
            measure_visibility(pairs, compared, transfers) if pairs else None,
        ).to(device)

    def to(self, device: torch.device) -> Seen:
        """The same with its tensors on a device."""
        return replace(self, backgrounds=[piece.to(device) for piece in self.backgrounds])


NOTHING_SEEN = Seen()


def _arrange(
    chain: Atoms, pool: Sequence[Atoms], side: int, drawn: set[str], rng: np.random.Generator
) -> list[Placed]:
    """A chain turned around one of its residues, and what lies beside it."""
    scale = 1 + (rng.uniform(-0.03, 0.03) if "voxel_size" in drawn else 0.0)
    calpha = chain.positions[chain.calpha]
    centre = calpha[rng.integers(len(calpha))]
    # Towards the middle of the chain: crops full of protein teach more than crops of solvent.
    centre = centre + rng.uniform(0, 0.6) * (chain.positions.mean(0) - centre)
    if "solvent" in drawn:
        # Away from the middle, to its surface and beyond.
        outwards = centre - chain.positions.mean(0)
        outwards = outwards / max(float(np.linalg.norm(outwards)), 1e-6)
        surface = float((calpha @ outwards).max() - centre @ outwards)
        centre = centre + outwards * (surface + rng.uniform(-0.3, 0.3) * side)
    centre = centre + rng.uniform(-6, 6, size=3)
    missing = np.zeros(len(calpha), bool)
    for name, mark in MISSING.items():
        if name in drawn:
            mark(missing, chain.residue_structure, rng)
    rotation = random_rotation(rng)
    own = place(chain, rotation, centre, scale, side, missing=missing)
    axis = None
    along = calpha[4:] - calpha[:-4]
    helix = along[(chain.residue_structure[4:] == 0) & (chain.residue_structure[:-4] == 0)]
    if len(helix):
        axis = rotation @ np.linalg.eigh(helix.T @ helix)[1][:, -1]
    scene = Scene([own], pool, side, scale, axis)
    for name, add in SURROUNDINGS.items():
        if name in drawn:
            add(scene, rng)
    return scene.parts


def simulate_crops(
    chains: Sequence[Atoms],
    side: int,
    ranges: SimulationRange,
    rng: np.random.Generator,
    device: torch.device,
    *,
    pool: Sequence[Atoms] = (),
    seen: Seen = NOTHING_SEEN,
    resolution: float | None = None,
) -> Crops:
    """One simulated example around a random residue of each of `chains`.

    `pool` are chains that may lie beside them; `resolution` (Å) is drawn where it is not given.
    """
    density, molecules, resolutions = simulate_molecules(
        chains, side, ranges, rng, device, pool=pool, seen=seen, resolution=resolution
    )
    labels = make_labels(molecules, side)
    resolved = send(resolutions.astype(np.float32), device)
    return Crops(density, *labels, torch.ones_like(density), resolved)


def simulate_molecules(
    chains: Sequence[Atoms],
    side: int,
    ranges: SimulationRange,
    rng: np.random.Generator,
    device: torch.device,
    *,
    pool: Sequence[Atoms] = (),
    seen: Seen = NOTHING_SEEN,
    resolution: float | None = None,
) -> tuple[Tensor, Molecules, np.ndarray]:
    """Density ``(crops, side, side, side)``, the atoms in it, and its resolutions ``(crops,)``.

    Parameters as in `simulate_crops`.
    """
    dice = Dice(rng, device)
    resolutions = np.array([ranges.draw(rng) if resolution is None else resolution for _ in chains])
    drawn = [ranges.draw_corruptions(rng) for _ in chains]
    molecules = gather([_arrange(c, pool, side, d, rng) for c, d in zip(chains, drawn)], device)
    on = {name: np.array([name in names for names in drawn]) for name in CORRUPTIONS}
    if seen.visibility is not None:
        strength = dice.where(on["visibility"], 0.6, 1.5)
        molecules = shown(molecules, seen.visibility, strength, dice.generator)
    for name, happen in ATOMS.items():
        if on[name].any():
            molecules = happen(molecules, on[name], dice)
    drawn_transfers = [
        draw_transfer(seen.transfers, resolution, rng) if use else None
        for resolution, use in zip(resolutions, on["transfer"])
    ]
    density = _image(molecules, resolutions, drawn_transfers, on["band_limit"], side, dice)

    def corrupt(table: dict, density: Tensor) -> Tensor:
        for name, happen in table.items():
            index = np.flatnonzero(on[name])
            if not len(index):
                continue
            scene = MapScene(resolutions[index], index, molecules, seen.backgrounds)
            if len(index) == len(density):
                density = happen(density, scene, dice)
            else:
                where = send(index, device)
                density = density.index_copy(0, where, happen(density[where], scene, dice))
        return density

    inner = slice(_PAD, _PAD + side)
    density = corrupt(MAPS, density)[:, inner, inner, inner]
    density = corrupt(SHOWN, normalise_tensor(density)).clamp(-3, 6)
    return density, molecules, resolutions


def _image(
    m: Molecules,
    resolution: np.ndarray,
    transfers: Sequence[Transfer | None],
    band_limited: np.ndarray,
    side: int,
    dice: Dice,
) -> Tensor:
    """Maps by eq. 2, or of sharper atoms: as an experiment shows them where there is a transfer,
    or, where `band_limited`, cut at the resolution."""
    count, rng = len(resolution), dice.rng
    with_transfer = np.array([transfer is not None for transfer in transfers])
    band_limited = band_limited & ~with_transfer
    # As an experiment has it: atoms of their own B, cut at the resolution.
    variance = np.where(
        band_limited,
        rng.uniform(15, 60, count) / (8 * math.pi**2),
        (resolution / (math.sqrt(2) * math.pi)) ** 2,
    )
    variance = np.where(with_transfer, ATOM_VARIANCE, variance)
    variance = dice.send(variance)[m.crop] + m.bfactor / (8 * math.pi**2)
    variance = variance.clamp_min(0.16)
    density = gaussian_density(
        m.positions + _PAD,
        m.amplitude / variance**1.5,
        variance.sqrt()[:, None] * m.stretch[m.crop],
        m.counts,
        side + 2 * _PAD,
    )
    index = np.flatnonzero(band_limited)
    if len(index):
        where = send(index, dice.device)
        cut = dice.send(resolution[index])[:, None, None, None]
        bfactor = dice.number(-40, 60, (len(index), 1, 1, 1))
        density = density.index_copy(0, where, band_limit(density[where], cut, bfactor))
    for k in np.flatnonzero(with_transfer):
        density[k] = transferred(density[k], transfers[k], rng.uniform(), dice.generator)
    return density
