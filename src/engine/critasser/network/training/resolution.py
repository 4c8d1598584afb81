"""Train the network that estimates the resolution of a map."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from critasser.network.resolution import SIDE, SpectrumNetwork, spectrum
from critasser.network.training.crops import SimulationRange, simulate_crops
from critasser.network.training.experimental import PairOnDevice, experimental_crops
from critasser.network.training.packing import Atoms, TrainingData
from critasser.writing import appearing

__all__ = ["train_resolution"]

EDGES = (1.5, 2.5, 3.5, 5.0, 7.5, 11.0, 15.0)
SHARES = (0.17, 0.2, 0.23, 0.16, 0.12, 0.12)
"""Å, edges of resolution shells, and the share of simulated crops in each."""

EXPERIMENTAL, CLEAN = 1 / 6, 1 / 4
"""Share of crops from experimental maps, where there are any; share of clean simulated ones."""

STEPS, BATCH, RATE, DECAY = 3000, 256, 3e-3, 1e-3
"""Of optimisation; spectra a step; first learning rate, which falls as a cosine; weight decay."""

BETA = 0.1
"""Of the logarithm of the resolution; smaller errors cost their square, larger ones their size."""

TESTED = 8
"""Crops for each held-out one."""

REPORT_CROPS = 500

BANDS = ((1.5, 3), (3, 5), (5, 8), (8, 15))
"""Å, for which errors are reported."""


def train_resolution(
    data: TrainingData,
    path: Path,
    *,
    crops: int = 4000,
    seed: int = 0,
    report: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train on spectra of crops and write the network.

    Parameters
    ----------
    data : TrainingData
    path : Path
        To write.
    crops : int
        Spectra to learn from.
    seed : int
    report : callable
        Given every line of progress.

    Returns
    -------
    dict
        Median error in Å on held-out chains in each of `BANDS`.
    """
    rng, device = np.random.default_rng(seed), torch.device("cpu")
    sources = [PairOnDevice(pair, device) for pair in data.pairs]
    spoilt, clean = SimulationRange(EDGES, SHARES), SimulationRange(EDGES, SHARES, corruption=0.0)

    def draw(pool: list[Atoms], with_maps: bool) -> tuple[Tensor, float]:
        chance = rng.random()
        if with_maps and sources and chance < EXPERIMENTAL:
            source = sources[rng.integers(len(sources))]
            crop = experimental_crops([source], SIDE, rng, blur=False)
        else:
            chain = pool[rng.integers(len(pool))]
            ranges = clean if chance > 1 - CLEAN else spoilt
            crop = simulate_crops([chain], SIDE, ranges, rng, device, pool=pool)
        return spectrum(crop.density[0]), float(crop.resolution[0])

    examples = []
    for k in range(crops):
        examples.append(draw(data.chains, True))
        if (k + 1) % REPORT_CROPS == 0:
            report(f"{k + 1} of {crops} crops")
    test = [draw(data.held_out, False) for _ in range(crops // TESTED)]
    spectra = torch.stack([example[0] for example in examples])
    target = torch.tensor([example[1] for example in examples]).log()
    torch.manual_seed(seed)
    network = _fit(spectra, target, rng)
    with torch.no_grad():
        estimate = network(torch.stack([t[0] for t in test]))[:, 0].exp().numpy()
    truth = np.array([t[1] for t in test])
    error = np.abs(estimate - truth)
    figures = {
        f"{low:g}-{high:g}": round(float(np.median(error[(truth >= low) & (truth < high)])), 2)
        for low, high in BANDS
    }
    card = {
        "crops": crops,
        "chains": len(data.chains),
        "pairs": [pair.name for pair in data.pairs],
        "median_error_validation": figures,
    }
    with appearing(path) as temporary:
        save_file(network.state_dict(), temporary, metadata={"card": json.dumps(card)})
    report(f"median error on held-out chains, Å: {figures}")
    return figures


def _fit(spectra: Tensor, target: Tensor, rng: np.random.Generator) -> SpectrumNetwork:
    """A network that gives the logarithm of the resolution, `target` (n,), of spectra (n, k)."""
    network = SpectrumNetwork()
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        pick = torch.from_numpy(rng.integers(len(spectra), size=BATCH))
        loss = nn.functional.smooth_l1_loss(network(spectra[pick])[:, 0], target[pick], beta=BETA)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network
