"""Validate the residue network on examples that stay the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from critasser.network.residue.network import split_reading
from critasser.network.training.crops import SimulationRange, simulate_molecules
from critasser.network.training.experimental import PairOnDevice, experimental_molecules
from critasser.network.training.packing import Atoms, Pair
from critasser.network.training.residue_examples import Examples, draw_examples

__all__ = ["held_out_maps", "validate", "validation_sets"]

TEMPERATURES = torch.linspace(0.6, 2.4, 37)
"""By which logits of amino acids may be divided."""

RESOLUTIONS, JITTER, VALIDATION_SIDE = (2.5, 3.5, 4.5, 6.5), 0.3, 48
"""Å, of the simulated crops to validate on; Å by which each coordinate of a Cα is off; voxels."""

VALIDATION_CHAINS, CROPS_OF_A_MAP = 24, 12

_CHAINS_SEED, _MAPS_SEED, _LARGEST_SEED = 1, 2, 2**31


@torch.no_grad()
def validate(network: nn.Module, sets: dict[float | str, Examples]) -> dict[str, float]:
    """Figures of each set of examples.

    Shares right (``amino_acid``, ``direction``, ``structure``), cross-entropy of amino acids as
    they are (``cost``) and divided by the best ``temperature`` (``tempered``), error of positions
    in Å before (``moved``) and after reading (``error``).
    """
    network.eval()
    figures = {}
    for name, truth in sets.items():
        predicted = split_reading(network(truth.inputs.float()))
        is_calpha, chain = truth.is_calpha > 0, truth.direction > 0
        error = (predicted.offset - truth.offset)[is_calpha].square().sum(1).mean().sqrt()
        before = truth.offset[is_calpha].square().sum(1).mean().sqrt()
        logits, residue_type = predicted.amino_acid[chain], truth.residue_type[chain]
        right = predicted.secondary_structure.argmax(1) == truth.structure
        figures |= {
            f"amino_acid_{name}": float((logits.argmax(1) == residue_type).float().mean()),
            f"direction_{name}": float(((predicted.direction > 0) == chain).float().mean()),
            f"cost_{name}": float(functional.cross_entropy(logits, residue_type)),
            **_best_temperature(logits, residue_type, name),
            f"structure_{name}": float(right[is_calpha].float().mean()),
            f"error_{name}": float(error),
            f"moved_{name}": float(before),
        }
    network.train()
    return figures


def _best_temperature(logits: Tensor, residue_type: Tensor, name: float | str) -> dict[str, float]:
    """By what logits are best divided, and the cross-entropy then."""
    scaled = logits / TEMPERATURES.to(logits.device)[:, None, None]
    costs = functional.cross_entropy(
        scaled.flatten(0, 1), residue_type.repeat(len(TEMPERATURES)), reduction="none"
    )
    costs = costs.reshape(len(TEMPERATURES), -1).mean(1)
    best = int(costs.argmin())
    return {
        f"temperature_{name}": float(TEMPERATURES[best]),
        f"tempered_{name}": float(costs[best]),
    }


def validation_sets(
    chains: list[Atoms],
    device: torch.device,
    each: int = VALIDATION_CHAINS,
    resolutions: Sequence[float] = RESOLUTIONS,
) -> dict[float, Examples]:
    """Clean crops of held-out chains, the same every time, with Cα off by 0.5 Å or so."""
    clean = SimulationRange(corruption=0.0)
    sets = {}
    for resolution in resolutions:
        rng, parts = np.random.default_rng(_CHAINS_SEED), []
        for k in rng.choice(len(chains), min(each, len(chains)), replace=False):
            density, molecule, _ = simulate_molecules(
                [chains[k]], VALIDATION_SIDE, clean, rng, device, resolution=resolution
            )
            generator = torch.Generator(device).manual_seed(int(rng.integers(_LARGEST_SEED)))
            parts.append(draw_examples(density[0], molecule, resolution, generator, jitter=JITTER))
        sets[resolution] = Examples.joined([p for p in parts if p is not None])
    return sets


def held_out_maps(
    pairs: Sequence[Pair], device: torch.device, each: int = CROPS_OF_A_MAP
) -> Examples:
    """Crops of experimental maps that are not trained on, the same every time."""
    rng, parts = np.random.default_rng(_MAPS_SEED), []
    for pair in pairs:
        source = PairOnDevice(pair, device)
        for _ in range(each):
            density, molecule, _ = experimental_molecules(
                [source], VALIDATION_SIDE, rng, blur=False
            )
            generator = torch.Generator(device).manual_seed(int(rng.integers(_LARGEST_SEED)))
            parts.append(
                draw_examples(
                    density[0], molecule, pair.resolution, generator, jitter=JITTER, hard=False
                )
            )
    return Examples.joined([part for part in parts if part is not None])
