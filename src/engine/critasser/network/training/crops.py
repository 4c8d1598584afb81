"""Simulate training crops: a chain, its surroundings, and what experiments do to their density."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from critasser.network.gaussians import gaussian_density
from critasser.network.training.corruption import (
    ATOM_CORRUPTIONS,
    CORRUPTIONS,
    MAP_CORRUPTIONS,
    NORMALISED_CORRUPTIONS,
    MapScene,
    RandomNumbers,
)
from critasser.network.training.experimental import backgrounds
from critasser.network.training.packing import Atoms, Pair
from critasser.network.training.simulation import (
    HIGHEST,
    LOWEST,
    TINY,
    Crops,
    Molecules,
    PlacedAtoms,
    band_limit,
    gather_atoms,
    make_labels,
    normalise_tensor,
    place,
    random_rotation,
    to_device,
)
from critasser.network.training.surroundings import MISSING, SURROUNDINGS, Scene
from critasser.network.training.transfer import (
    ATOM_VARIANCE,
    Transfer,
    apply_transfer,
    compare_with_atoms,
    draw_transfer,
    measure_transfer,
    molecule_share,
)
from critasser.network.training.visibility import Visibility, fade_side_chains, measure_visibility

__all__ = [
    "NO_DEGRADATION",
    "Degradation",
    "SimulationRange",
    "simulate_crops",
    "simulate_molecules",
]

_PAD = 4
"""Voxels around a crop that are simulated with it: filters wrap around."""

VOXEL_SIZE_ERROR = 0.03
"""Share by which a map's voxel size is off, at most."""

TOWARDS_MIDDLE, OFF_CENTRE = 0.6, 6
"""Share of the way to the chain's middle that a crop's centre is moved from a residue, at most, and
Å in any direction: crops full of protein teach more than crops of solvent."""

SURFACE_SHIFT = 0.3
"""Share of a crop's side that the centre of a crop of solvent lies inside or outside the surface,
at most."""

HELIX_STEP = 4
"""Residues between the two Cα that tell the direction of a helix."""

FADING = (0.6, 1.5)
"""Exponent of the measured fading of side chains, see `fade_side_chains`."""

ATOMIC_BFACTOR, SHARPENING = (15, 60), (-40, 60)
"""Å²; of the atoms of a band-limited map, and by which that map is blurred or sharpened."""

NOISE = (0.3, 1.0)
"""Share of what is not the atoms' in an experimental map that is put in as noise: the rest is
other molecules and the model's errors."""

MOST_MEASURED = 200
"""Maps; a minute or two of a processor, and far more transfers than a network tells apart."""

LEAST_VARIANCE = 0.16
"""Å²; narrower atoms cannot be shown on 1 Å voxels."""

_B_OF_VARIANCE = 8 * math.pi**2
"""Å² of B-factor for each Å² of variance along a coordinate."""


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
    coarse_transfers
        Whether crops of poorer resolution than the experimental maps get transfers as well, those
        of finer maps `coarsened`.
    """

    resolutions: tuple[float, ...] = (1.5, 3.0, 4.0, 5.0, 8.0, 15.0)
    weights: tuple[float, ...] = (0.28, 0.26, 0.20, 0.16, 0.10)
    corruption: float = 1.0
    without: tuple[str, ...] = ()
    coarse_transfers: bool = False

    def draw(self, rng: np.random.Generator) -> float:
        """A resolution."""
        shell = rng.choice(len(self.weights), p=np.array(self.weights) / sum(self.weights))
        return float(rng.uniform(self.resolutions[shell], self.resolutions[shell + 1]))

    def draw_corruptions(self, rng: np.random.Generator) -> set[str]:
        """Names of what happens to one crop."""
        # One number a name, whatever is left out: otherwise the same crops are drawn without it.
        strength = self.corruption * math.sqrt(rng.random())
        chance = rng.random(len(CORRUPTIONS)) / max(strength, TINY**2)
        return {
            name
            for (name, probability), c in zip(CORRUPTIONS.items(), chance)
            if c < probability and name not in self.without
        }


@dataclass(frozen=True)
class Degradation:
    """How experiments degrade density, measured on maps with models, to be put on simulated maps.

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
    def of(pairs: Sequence[Pair], device: torch.device) -> Degradation:
        """Measure it on maps with models; on some of all resolutions where there are many."""
        if len(pairs) > MOST_MEASURED:
            order = sorted(pairs, key=lambda pair: pair.resolution)
            chosen = np.linspace(0, len(order) - 1, MOST_MEASURED).round().astype(int)
            pairs = [order[k] for k in chosen]
        compared = [compare_with_atoms(pair, device) for pair in pairs]
        transfers = [measure_transfer(pair, both) for pair, both in zip(pairs, compared)]
        return Degradation(
            [torch.from_numpy(piece) for pair in pairs for piece in backgrounds(pair)],
            transfers,
            measure_visibility(pairs, compared, transfers) if pairs else None,
        ).to(device)

    def to(self, device: torch.device) -> Degradation:
        """The same with its tensors on a device."""
        return replace(self, backgrounds=[piece.to(device) for piece in self.backgrounds])


NO_DEGRADATION = Degradation()


def _arrange(
    chain: Atoms, pool: Sequence[Atoms], side: int, drawn: set[str], rng: np.random.Generator
) -> list[PlacedAtoms]:
    """A chain turned around one of its residues, and what lies beside it."""
    scale = 1 + (rng.uniform(-VOXEL_SIZE_ERROR, VOXEL_SIZE_ERROR) if "voxel_size" in drawn else 0.0)
    calpha = chain.positions[chain.calpha]
    centre = calpha[rng.integers(len(calpha))]
    centre = centre + rng.uniform(0, TOWARDS_MIDDLE) * (chain.positions.mean(0) - centre)
    if "solvent" in drawn:
        # Away from the middle, to its surface and beyond.
        outwards = centre - chain.positions.mean(0)
        outwards = outwards / max(float(np.linalg.norm(outwards)), TINY)
        surface = float((calpha @ outwards).max() - centre @ outwards)
        centre = centre + outwards * (surface + rng.uniform(-SURFACE_SHIFT, SURFACE_SHIFT) * side)
    centre = centre + rng.uniform(-OFF_CENTRE, OFF_CENTRE, size=3)
    missing = np.zeros(len(calpha), bool)
    for name, mark in MISSING.items():
        if name in drawn:
            mark(missing, chain.residue_structure, rng)
    rotation = random_rotation(rng)
    own = place(chain, rotation * scale, centre, side, missing=missing)
    axis = None
    along = calpha[HELIX_STEP:] - calpha[:-HELIX_STEP]
    in_helix = chain.residue_structure == 0
    helix = along[in_helix[HELIX_STEP:] & in_helix[:-HELIX_STEP]]
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
    degradation: Degradation = NO_DEGRADATION,
    resolution: float | None = None,
) -> Crops:
    """One simulated example around a random residue of each of some chains.

    Parameters
    ----------
    chains : sequence of Atoms
    side : int
        Voxels of 1 Å.
    ranges : SimulationRange
        What resolutions and corruptions are drawn from.
    rng : numpy.random.Generator
    device : torch.device
        Where voxels are computed.
    pool : sequence of Atoms
        Chains that may lie beside these.
    degradation : Degradation
        As measured on experimental maps.
    resolution : float, optional
        Å; drawn from `ranges` where it is not given.
    """
    density, molecules, resolutions = simulate_molecules(
        chains, side, ranges, rng, device, pool=pool, degradation=degradation, resolution=resolution
    )
    labels = make_labels(molecules, side)
    resolved = to_device(resolutions.astype(np.float32), device)
    return Crops(density, *labels, torch.ones_like(density), resolved)


def simulate_molecules(
    chains: Sequence[Atoms],
    side: int,
    ranges: SimulationRange,
    rng: np.random.Generator,
    device: torch.device,
    *,
    pool: Sequence[Atoms] = (),
    degradation: Degradation = NO_DEGRADATION,
    resolution: float | None = None,
    loosened: Callable[[Molecules, RandomNumbers], Molecules] | None = None,
) -> tuple[Tensor, Molecules, np.ndarray]:
    """Density ``(crops, side, side, side)``, the atoms in it, and its resolutions ``(crops,)``.

    Parameters as in `simulate_crops`; `loosened` gives atoms B-factors before anything else
    happens to them.
    """
    numbers = RandomNumbers(rng, device)
    resolutions = np.array([ranges.draw(rng) if resolution is None else resolution for _ in chains])
    drawn = [ranges.draw_corruptions(rng) for _ in chains]
    placed = [_arrange(chain, pool, side, names, rng) for chain, names in zip(chains, drawn)]
    molecules = gather_atoms(placed, device)
    if loosened is not None:
        molecules = loosened(molecules, numbers)
    on = {name: np.array([name in names for names in drawn]) for name in CORRUPTIONS}
    if degradation.visibility is not None:
        strength = numbers.uniform_where(on["visibility"], *FADING)
        molecules = fade_side_chains(molecules, degradation.visibility, strength, numbers.generator)
    for name, corrupt_atoms in ATOM_CORRUPTIONS.items():
        if on[name].any():
            molecules = corrupt_atoms(molecules, on[name], numbers)
    drawn_transfers = [
        draw_transfer(degradation.transfers, resolution, rng, coarser=ranges.coarse_transfers)
        if use
        else None
        for resolution, use in zip(resolutions, on["transfer"])
    ]
    density = _image(molecules, resolutions, drawn_transfers, on["band_limit"], side, numbers)

    def corrupted(table: dict, density: Tensor) -> Tensor:
        for name, corrupt in table.items():
            index = np.flatnonzero(on[name])
            if not len(index):
                continue
            scene = MapScene(resolutions[index], index, molecules, degradation.backgrounds)
            if len(index) == len(density):
                density = corrupt(density, scene, numbers)
            else:
                where = to_device(index, device)
                density = density.index_copy(0, where, corrupt(density[where], scene, numbers))
        return density

    inner = slice(_PAD, _PAD + side)
    density = corrupted(MAP_CORRUPTIONS, density)[:, inner, inner, inner]
    density = corrupted(NORMALISED_CORRUPTIONS, normalise_tensor(density))
    density = density.clamp(LOWEST, HIGHEST)
    return density, molecules, resolutions


def _image(
    m: Molecules,
    resolution: np.ndarray,
    transfers: Sequence[Transfer | None],
    band_limited: np.ndarray,
    side: int,
    numbers: RandomNumbers,
) -> Tensor:
    """Maps by eq. 2, or of sharper atoms: as an experiment shows them where there is a transfer,
    or, where `band_limited`, cut at the resolution."""
    count, rng = len(resolution), numbers.rng
    with_transfer = np.array([transfer is not None for transfer in transfers])
    band_limited = band_limited & ~with_transfer
    # Band-limited maps are of atoms with B-factors of their own, cut at the resolution.
    variance = np.where(
        band_limited,
        rng.uniform(*ATOMIC_BFACTOR, count) / _B_OF_VARIANCE,
        (resolution / (math.sqrt(2) * math.pi)) ** 2,
    )
    variance = np.where(with_transfer, ATOM_VARIANCE, variance)
    variance = numbers.send(variance)[m.crop] + m.bfactor / _B_OF_VARIANCE
    variance = variance.clamp_min(LEAST_VARIANCE)
    density = gaussian_density(
        m.positions + _PAD,
        m.amplitude / variance**1.5,
        variance.sqrt()[:, None] * m.stretch[m.crop],
        m.counts,
        side + 2 * _PAD,
    )
    index = np.flatnonzero(band_limited)
    if len(index):
        where = to_device(index, numbers.device)
        cut = numbers.send(resolution[index])[:, None, None, None]
        bfactor = numbers.uniform(*SHARPENING, (len(index), 1, 1, 1))
        density = density.index_copy(0, where, band_limit(density[where], cut, bfactor))
    atoms = (m.positions + _PAD).split(m.counts)
    for k in np.flatnonzero(with_transfer):
        density[k] = apply_transfer(
            density[k], transfers[k], rng.uniform(*NOISE), numbers.generator,
            share=molecule_share(atoms[k], density.shape[-1]),
        )  # fmt: skip
    return density
