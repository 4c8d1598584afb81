"""The resolution of a map, from how its power falls with frequency.

The paper has "a short-trained 3D-CNN predictor" for it. What tells resolution is the rotationally
averaged power spectrum, so a small network on that spectrum (Welch's method: windows averaged over
the molecule) takes its place: it costs a few Fourier transforms and can be trained in minutes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from critasser.density import Grid
from critasser.errors import InputError
from critasser.network.training.crops import SimulationRange, simulate_crops
from critasser.network.training.experimental import PairOnDevice, experimental_crops
from critasser.network.training.packing import Atoms, Pair

__all__ = ["SpectrumNetwork", "predict_resolution", "spectrum", "train_resolution"]

SIDE = 48
SHELLS = 22
LOWEST, HIGHEST = 1.5, 15.0
_EDGES = (1.5, 2.5, 3.5, 5.0, 7.5, 11.0, 15.0)
_SHARES = (0.17, 0.2, 0.23, 0.16, 0.12, 0.12)
_SPOILT = SimulationRange(_EDGES, _SHARES)
_CLEAN = SimulationRange(_EDGES, _SHARES, corruption=0.0)


class SpectrumNetwork(nn.Sequential):
    """Spectrum ``(batch, SHELLS)`` → log of the resolution in Å ``(batch, 1)``."""

    def __init__(self) -> None:
        super().__init__(
            nn.Linear(SHELLS, 48), nn.SiLU(), nn.Linear(48, 48), nn.SiLU(), nn.Linear(48, 1)
        )


def spectrum(density: Tensor) -> Tensor:
    """Log power of a cube ``(SIDE, SIDE, SIDE)`` in shells of equal width up to 0.5 Å⁻¹.

    The mean over shells is taken off: the scale of the map does not matter.
    """
    side = density.shape[-1]
    hann = torch.hann_window(side, periodic=False, device=density.device)
    window = hann[:, None, None] * hann[None, :, None] * hann[None, None, :]
    power = torch.fft.rfftn((density - density.mean()) * window).abs() ** 2
    f = torch.fft.fftfreq(side, device=density.device)
    h = torch.fft.rfftfreq(side, device=density.device)
    radius = (f[:, None, None] ** 2 + f[None, :, None] ** 2 + h[None, None, :] ** 2).sqrt()
    shell = (radius * 2 * SHELLS).long().clamp_max(SHELLS).flatten()
    total = torch.zeros(SHELLS + 1, device=density.device).scatter_add(0, shell, power.flatten())
    count = torch.zeros_like(total).scatter_add(0, shell, torch.ones_like(power).flatten())
    mean = (total / count)[:SHELLS]
    log = torch.log10(mean + 1e-6 * mean.max() + 1e-12)
    return log - log.mean()


def _windows(density: Grid) -> list[np.ndarray]:
    """Half-overlapping cubes in which there is something, best filled first."""
    values = np.pad(density.values, [(0, max(0, SIDE - n)) for n in density.shape])
    starts = [sorted({*range(0, n - SIDE + 1, SIDE // 2), n - SIDE}) for n in values.shape]
    cubes = [
        values[z : z + SIDE, y : y + SIDE, x : x + SIDE]
        for z in starts[0]
        for y in starts[1]
        for x in starts[2]
    ]
    filled = [float(np.mean(cube > 0.3)) for cube in cubes]
    order = np.argsort(filled)[::-1]
    enough = [k for k in order if filled[k] > 0.5 * filled[order[0]]]
    return [cubes[k] for k in enough[:24]]


@torch.inference_mode()
def predict_resolution(density: Grid, weights: Path) -> float:
    """Resolution of a normalised map at 1 Å, in Å (1.5 … 15).

    Raises
    ------
    InputError
        The weights are missing or damaged.
    """
    network = SpectrumNetwork()
    try:
        with safe_open(weights, framework="pt") as file:
            network.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
    except (SafetensorError, OSError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{weights}: not a resolution network ({reason}); get it again") from error
    spectra = torch.stack([
        spectrum(torch.from_numpy(np.ascontiguousarray(cube))) for cube in _windows(density)
    ])  # fmt: skip
    return float(np.clip(np.exp(network(spectra).median().item()), LOWEST, HIGHEST))


def train_resolution(
    chains: list[Atoms],
    pairs: list[Pair],
    held_out: list[Atoms],
    path: Path,
    *,
    crops: int = 4000,
    seed: int = 0,
    report: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train on `crops` spectra and write the network; returns median errors on held-out chains (Å).

    One crop in six is experimental, where there are pairs, one in four simulated and clean.
    """
    rng, device = np.random.default_rng(seed), torch.device("cpu")
    sources = [PairOnDevice(pair, device) for pair in pairs]

    def draw(pool: list[Atoms], with_pairs: bool) -> tuple[Tensor, float]:
        chance = rng.random()
        if with_pairs and sources and chance < 1 / 6:
            source = sources[rng.integers(len(sources))]
            crop = experimental_crops([source], SIDE, rng, blur=False)
        else:
            chain = pool[rng.integers(len(pool))]
            ranges = _CLEAN if chance > 3 / 4 else _SPOILT
            crop = simulate_crops([chain], SIDE, ranges, rng, device, pool=pool)
        return spectrum(crop.density[0]), float(crop.resolution[0])

    examples = []
    for k in range(crops):
        examples.append(draw(chains, True))
        if (k + 1) % 500 == 0:
            report(f"{k + 1} of {crops} crops")
    test = [draw(held_out, False) for _ in range(crops // 8)]
    x, y = torch.stack([e[0] for e in examples]), torch.tensor([e[1] for e in examples]).log()
    torch.manual_seed(seed)
    network = SpectrumNetwork()
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3, weight_decay=1e-3)
    steps = 3000
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        pick = torch.from_numpy(rng.integers(len(x), size=256))
        loss = nn.functional.smooth_l1_loss(network(x[pick])[:, 0], y[pick], beta=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        guess = network(torch.stack([t[0] for t in test]))[:, 0].exp().numpy()
    truth = np.array([t[1] for t in test])
    error = np.abs(guess - truth)
    figures = {
        f"{low:g}-{high:g}": round(float(np.median(error[(truth >= low) & (truth < high)])), 2)
        for low, high in ((1.5, 3), (3, 5), (5, 8), (8, 15))
    }
    card = {"crops": crops, "chains": len(chains), "pairs": [pair.name for pair in pairs],
            "median_error_validation": figures}  # fmt: skip
    temporary = path.with_suffix(".part")
    save_file(network.state_dict(), temporary, metadata={"card": json.dumps(card)})
    os.replace(temporary, path)
    report(f"median error on held-out chains, Å: {figures}")
    return figures
