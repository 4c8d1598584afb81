"""Crops of maps in which protein, nucleic acid and other matter are told apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from critasser.density import BLOCK
from critasser.network.inference import CHANNELS, KEPT_BY, LEAST_PROBABILITY, predict_part
from critasser.network.nucleic.network import CLASSES, NUCLEIC_CLASS
from critasser.network.training.batches import map_shares
from critasser.network.training.corruption import RandomNumbers
from critasser.network.training.crops import Degradation, SimulationRange, simulate_molecules
from critasser.network.training.experimental import (
    EMPTY,
    PairOnDevice,
    experimental_molecules,
    rescaled,
    with_noise,
)
from critasser.network.training.nucleic_structures import (
    LARGEST_PARTNER,
    PARTNERS,
    complexed,
    random_nucleic_acid,
)
from critasser.network.training.packing import Atoms, Pair
from critasser.network.training.simulation import NUCLEIC, OTHER, Molecules, stamp

__all__ = ["KnownPair", "MatterCrops", "MatterMaker", "inputs_of", "matter_loss"]

VOXEL = 2
"""Å; of the network's answer."""

VIEWS = (0,)
"""Rotations of the cube in which the map network sees a crop: builds take the mean of two, at twice
the cost."""

ATOM_REACH, DENSITY_REACH, SHOWN = 3.5, 5.0, 0.3
"""Å from an atom within which there is its molecule; the same where the density is above this share
of the typical one: poor resolution spreads it."""

SHELLS = SimulationRange(
    (2.0, 3.0, 4.0, 5.0, 7.0, 10.5),
    (0.1, 0.2, 0.22, 0.28, 0.2),
    without=("zone", "nucleic_acid"),
    coarse_transfers=True,
)
"""What simulated crops are drawn from. Zones are masks around Cα; experimental maps have theirs.
Nucleic acids lie beside molecules with all their atoms, not as beads."""

TOGETHER, LESS_HELICAL = 0.64, 0.5
"""Share of nucleic acid that is in contact with proteins; how often, for a crop of protein, the
less helical of two chains is taken: those look more like nucleic acid in maps of 5 Å and worse."""

POOL, POOL_SHARE = 300, 0.35
"""Molecules that may lie beside what a crop shows, and the share of nucleic acid among them."""

LOOSE = 120.0
"""Å² added to all B-factors of nucleic acid in a crop, at most: it often moves more than protein
does. Most crops get little of it."""

FAINT, FAINT_WEIGHT = 0.1, 0.1
"""Density below which a voxel hardly shows, and its weight in the loss."""

HELIX = 0
"""`Atoms.residue_structure` of residues in a helix."""

STEPS = 1000
"""Steps of squared voxels in which distances are compared."""

UNKNOWN, NOT_NUCLEIC = -1, -2
"""Classes of voxels of which nothing is asked, and of which only that is known."""


@dataclass(frozen=True)
class MatterCrops:
    """Examples: ``inputs (n, 26, side/2, …)`` of the network, and ``classes (n, side/2, …)``.

    Classes are places in `CLASSES`, or `UNKNOWN` or `NOT_NUCLEIC`.
    """

    inputs: Tensor
    classes: Tensor


@dataclass(frozen=True)
class KnownPair:
    """An experimental map, and whether it holds nucleic acid that its model lacks."""

    pair: Pair
    unmodelled_nucleic: bool = False


def inputs_of(network: nn.Module, density: Tensor) -> Tensor:
    """What the network is to see of crops (n, z, y, x) at 1 Å: (n, 26, z/2, y/2, x/2).

    The map network is asked as builds ask it, and where it says nothing its answer is 0 as there.
    """
    made = []
    for crop in density:
        answer = predict_part(network, crop, VIEWS)[:CHANNELS].float()
        silent = functional.max_pool3d(answer[None, :KEPT_BY], BLOCK) < LEAST_PROBABILITY
        silent = silent.all(dim=1, keepdim=True)
        silent = silent.repeat_interleave(BLOCK, 2).repeat_interleave(BLOCK, 3)
        answer = answer.masked_fill(silent.repeat_interleave(BLOCK, 4)[0], 0.0)
        made.append(torch.cat([crop[None], answer]))
    return functional.avg_pool3d(torch.stack(made), VOXEL)


def _matter(molecules: Molecules, density: Tensor) -> Tensor:
    """The class of each voxel by the nearest atom, 0 away from all: (crops, side/2, …)."""
    side = density.shape[-1] // VOXEL
    half = replace(molecules, positions=(molecules.positions - 0.5) / VOXEL)
    atoms = torch.arange(len(half.kind), device=half.positions.device)
    flat, squared = stamp(half, atoms, side, math.ceil(DENSITY_REACH / VOXEL))
    kind = torch.where(half.kind == NUCLEIC, NUCLEIC_CLASS, CLASSES.index("protein"))
    kind = torch.where(half.kind == OTHER, CLASSES.index("other"), kind)
    # Distance in the high digits, class in the low: one integer minimum finds the nearest.
    count = len(CLASSES)
    key = (squared * STEPS).long() * count + kind[:, None]
    shape = (len(half.counts), side, side, side)
    far = int((DENSITY_REACH / VOXEL) ** 2 * STEPS) * count
    nearest = torch.full((math.prod(shape) + 1,), far, device=key.device, dtype=torch.long)
    nearest = nearest.scatter_reduce_(0, flat.flatten(), key.flatten(), "amin")[:-1].reshape(shape)
    shown = functional.avg_pool3d(density[:, None], VOXEL)[:, 0] > SHOWN
    near = torch.where(shown, far, int((ATOM_REACH / VOXEL) ** 2 * STEPS) * count)
    return torch.where(nearest < near, nearest % count, 0)


def _loosened(molecules: Molecules, numbers: RandomNumbers) -> Molecules:
    """Higher B-factors of nucleic acid, crop by crop."""
    added = LOOSE * numbers.uniform_on_device(len(molecules.counts)) ** 2
    nucleic = molecules.kind == NUCLEIC
    return replace(molecules, bfactor=molecules.bfactor + added[molecules.crop] * nucleic)


class MatterMaker:
    """Makes batches by their number, from which all their randomness comes.

    Parameters
    ----------
    chains : sequence of Atoms
        Proteins.
    pairs : sequence of KnownPair
        Experimental maps.
    degradation : Degradation
        Measured on these and put on simulated crops.
    batch, side : int
        Crops, and their side in Å.
    experimental, alone : float
        Share of experimental crops, and of crops of proteins among the simulated ones.
    seed : int
    device : torch.device
    map_network : nn.Module
        From `critasser.network.inference.prepared`.
    """

    def __init__(
        self,
        chains: Sequence[Atoms],
        pairs: Sequence[KnownPair],
        degradation: Degradation,
        batch: int,
        side: int,
        experimental: float,
        alone: float,
        seed: int,
        device: torch.device,
        map_network: nn.Module,
    ) -> None:
        self.chains, self.map_network = chains, map_network
        self.pairs = [(PairOnDevice(known.pair, device), known) for known in pairs]
        self.shares = map_shares([known.pair for known in pairs])
        self.degradation = degradation.to(device)
        self.batch, self.side, self.seed, self.device = batch, side, seed, device
        self.experimental, self.alone = experimental if pairs else 0.0, alone
        rng = np.random.default_rng(seed)
        self.pool = [
            random_nucleic_acid(rng) if rng.random() < POOL_SHARE else self._chain(rng)
            for _ in range(POOL)
        ]

    def _chain(self, rng: np.random.Generator) -> Atoms:
        return self.chains[rng.integers(len(self.chains))]

    def _molecule(self, rng: np.random.Generator) -> Atoms:
        """What a crop shows."""
        if rng.random() < self.alone:
            chosen = [self._chain(rng) for _ in range(2)]
            if rng.random() < LESS_HELICAL:
                chosen.sort(key=lambda chain: (chain.residue_structure == HELIX).mean())
            return chosen[0]
        nucleic = random_nucleic_acid(rng)
        if rng.random() >= TOGETHER:
            return nucleic
        drawn = [self._chain(rng) for _ in range(rng.integers(*PARTNERS))]
        return complexed(
            nucleic, [one for one in drawn if len(one.calpha) <= LARGEST_PARTNER], rng
        )

    def __call__(self, number: int) -> MatterCrops:
        """Batch `number`."""
        rng = np.random.default_rng([self.seed, number])
        real = int(rng.binomial(self.batch, self.experimental))
        parts = [self.measured(real, rng)] if real else []
        if real < self.batch:
            parts.append(self.simulated(self.batch - real, rng))
        return MatterCrops(
            torch.cat([part.inputs for part in parts]), torch.cat([part.classes for part in parts])
        )

    def simulated(
        self, count: int, rng: np.random.Generator, resolution: float | None = None
    ) -> MatterCrops:
        """Simulated crops, at a resolution in Å or at any."""
        chosen = [self._molecule(rng) for _ in range(count)]
        density, molecules, _ = simulate_molecules(
            chosen, self.side, SHELLS, rng, self.device, pool=self.pool,
            degradation=self.degradation, resolution=resolution, loosened=_loosened,
        )  # fmt: skip
        return MatterCrops(inputs_of(self.map_network, density), _matter(molecules, density))

    def measured(self, count: int, rng: np.random.Generator) -> MatterCrops:
        """Experimental crops: no nucleic acid but what the model lacks."""
        chosen = [self.pairs[k] for k in rng.choice(len(self.pairs), count, p=self.shares)]
        sources = [source for source, _ in chosen]
        density, molecules, numbers = experimental_molecules(sources, self.side, rng)
        protein = _matter(molecules, density)
        empty = functional.avg_pool3d(density[:, None], VOXEL)[:, 0] < EMPTY
        rest = torch.tensor(
            [UNKNOWN if known.unmodelled_nucleic else NOT_NUCLEIC for _, known in chosen],
            device=self.device,
        )[:, None, None, None]
        classes = torch.where(empty, 0, rest.expand_as(protein))
        classes = torch.where(protein > 0, protein, classes)
        density = rescaled(with_noise(density, sources, numbers), numbers)
        return MatterCrops(inputs_of(self.map_network, density), classes)


def matter_loss(logits: Tensor, crops: MatterCrops) -> Tensor:
    """Cross-entropy; where only "no nucleic acid" is known, minus the logarithm of that."""
    logs = torch.log_softmax(logits.float(), dim=1)
    classes = crops.classes
    known = -logs.gather(1, classes.clamp_min(0)[:, None])[:, 0]
    others = [k for k in range(len(CLASSES)) if k != NUCLEIC_CLASS]
    told = torch.where(classes == NOT_NUCLEIC, -torch.logsumexp(logs[:, others], dim=1), known)
    shown = (crops.inputs[:, 0] > FAINT) | (classes > 0)
    weight = torch.where(shown, 1.0, FAINT_WEIGHT) * (classes != UNKNOWN)
    return (told * weight).sum() / weight.sum().clamp_min(1)
