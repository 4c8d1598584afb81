"""Training either network on simulated chains and experimental pairs.

The same command runs on two CPU cores and on a GPU: crops are made on the training device, the
length is a budget in minutes, and the learning rate follows the share of the budget that is used
up.
"""

from __future__ import annotations

import csv
import json
import math
import os
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from critasser.network.device import autocast
from critasser.network.experimental import PairOnDevice, experimental_crop
from critasser.network.layers import split_heads
from critasser.network.losses import Batch, collate, multi_task_loss
from critasser.network.packing import Atoms, Pair
from critasser.network.simulation import SimulationRange, simulate_crop
from critasser.network.weights import ARCHITECTURES, save_network

__all__ = ["TrainingOptions", "train", "validate"]


@dataclass(frozen=True)
class TrainingOptions:
    """How a network is trained.

    Attributes
    ----------
    minutes
        Budget, all resumed runs together.
    batch, side
        Crops a step and their side in Å.
    rate
        Highest learning rate; it rises over the first 5 % of the budget and falls as a cosine.
    experimental
        Share of crops from experimental maps.
    corruption
        Strength of what is done to simulated maps, 0 to 1.
    """

    architecture: str = "unet"
    minutes: float = 60.0
    batch: int = 2
    side: int = 48
    rate: float = 1.5e-3
    decay: float = 0.01
    average: float = 0.998
    experimental: float = 0.35
    corruption: float = 1.0
    seed: int = 0
    validate_minutes: float = 10.0
    validation_crops: int = 8


def _rate(fraction: float, peak: float) -> float:
    if fraction < 0.05:
        return peak * (0.05 + 0.95 * fraction / 0.05)
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (fraction - 0.05) / 0.95)))


class _CropSource:
    """Draws batches; all randomness comes from one generator."""

    def __init__(
        self,
        chains: list[Atoms],
        pairs: list[Pair],
        options: TrainingOptions,
        device: torch.device,
        seed: int,
    ) -> None:
        self.chains = chains
        self.pairs = [PairOnDevice(pair, device) for pair in pairs]
        # Larger models show more; the root keeps the small ones in.
        size = np.array([len(pair.atoms.calpha) for pair in pairs], float) ** 0.5
        self.share = size / size.sum() if len(pairs) else size
        self.options, self.device = options, device
        self.rng = np.random.default_rng(seed)
        self.ranges = SimulationRange(corruption=options.corruption)
        # One worker keeps the draws in order; a few batches ahead hide their making.
        self.worker = ThreadPoolExecutor(1)
        self.ahead = deque(self.worker.submit(self._draw) for _ in range(4))

    def batch(self) -> Batch:
        self.ahead.append(self.worker.submit(self._draw))
        return self.ahead.popleft().result()

    def close(self) -> None:
        self.worker.shutdown(cancel_futures=True)

    def _draw(self) -> Batch:
        rng, crops = self.rng, []
        for _ in range(self.options.batch):
            if self.pairs and rng.random() < self.options.experimental:
                pair = self.pairs[rng.choice(len(self.pairs), p=self.share)]
                crops.append(experimental_crop(pair, self.options.side, rng))
            else:
                chain = self.chains[rng.integers(len(self.chains))]
                other = self.chains[rng.integers(len(self.chains))]
                crops.append(
                    simulate_crop(chain, other, self.options.side, self.ranges, rng, self.device)
                )
        return collate(crops)


def validation_batches(
    chains: list[Atoms],
    side: int,
    device: torch.device,
    each: int,
    resolutions: tuple[float, ...] = (2.2, 3.5, 5.0, 8.0),
) -> dict[float, Batch]:
    """The same clean crops every time, one batch a resolution."""
    clean = SimulationRange(corruption=0.0)
    batches = {}
    for resolution in resolutions:
        rng = np.random.default_rng(1)
        chosen = rng.choice(len(chains), min(each, len(chains)), replace=False)
        batches[resolution] = collate(
            [
                simulate_crop(chains[k], None, side, clean, rng, device, resolution=resolution)
                for k in chosen
            ]
        )
    return batches


@torch.no_grad()
def validate(network: nn.Module, batches: dict[float, Batch]) -> dict[str, float]:
    """Loss of each head and accuracies at the voxels of Cα atoms, for each resolution."""
    network.eval()
    figures: dict[str, float] = {}
    for resolution, batch in batches.items():
        with autocast(batch.density.device):
            logits = torch.cat([network(d[None, None]) for d in batch.density])
        loss, parts = multi_task_loss(logits, batch)
        heads = split_heads(logits.float())
        at_calpha = (batch.calpha > 0.7) & (batch.residue_type >= 0)

        def accuracy(scores: Tensor, truth: Tensor, where: Tensor) -> float:
            return float((scores.argmax(1) == truth)[where].float().mean())

        probability = torch.sigmoid(heads.calpha[:, 0])
        hit = probability > 0.35
        true = batch.calpha > 0.35
        overlap = float((hit & true).sum())
        figures |= {
            f"loss_{resolution}": float(loss),
            f"calpha_{resolution}": parts["calpha"],
            f"overlap_{resolution}": 2 * overlap / max(float(hit.sum() + true.sum()), 1.0),
            f"amino_acid_{resolution}": accuracy(heads.amino_acid, batch.residue_type, at_calpha),
            f"structure_{resolution}": accuracy(
                heads.secondary_structure, batch.structure, at_calpha
            ),
        }
    network.train()
    return figures


def _average(shadow: nn.Module, network: nn.Module, decay: float) -> None:
    with torch.no_grad():
        for old, new in zip(
            shadow.state_dict().values(), network.state_dict().values(), strict=True
        ):
            if old.is_floating_point():
                old.lerp_(new, 1 - decay)
            else:
                old.copy_(new)


def train(
    chains: list[Atoms],
    pairs: list[Pair],
    held_out: list[Atoms],
    options: TrainingOptions,
    folder: Path,
    *,
    device: torch.device,
    start_from: nn.Module | None = None,
    report: Callable[[str], None] = print,
) -> Path:
    """Train until the budget is spent and write ``network.safetensors`` in `folder`.

    A run that was interrupted goes on from its last checkpoint. ``log.csv`` holds the validation
    figures, ``training.png`` draws them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    network = ARCHITECTURES[options.architecture]()
    if start_from is not None:
        network.load_state_dict(start_from.state_dict())
    network = network.to(device, memory_format=torch.channels_last_3d)
    shadow = ARCHITECTURES[options.architecture]().to(device)
    shadow.load_state_dict(network.state_dict())
    optimizer = torch.optim.AdamW(network.parameters(), options.rate, weight_decay=options.decay)
    checkpoint, spent, step = folder / "checkpoint.pt", 0.0, 0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        network.load_state_dict(state["network"])
        shadow.load_state_dict(state["shadow"])
        optimizer.load_state_dict(state["optimizer"])
        spent, step = state["spent"], state["step"]
        report(f"going on at step {step}, {spent / 60:.1f} of {options.minutes:g} minutes spent")
    source = _CropSource(chains, pairs, options, device, options.seed + step)
    batches = {}
    if held_out:
        batches = validation_batches(held_out, options.side, device, options.validation_crops)
    budget, last, begun = options.minutes * 60, time.monotonic(), spent
    next_check, running = spent + options.validate_minutes * 60, {}
    first_step = step
    try:
        while spent < budget:
            rate = _rate(spent / budget, options.rate)
            for group in optimizer.param_groups:
                group["lr"] = rate
            batch = source.batch()
            with autocast(device):
                logits = network(
                    batch.density[:, None].contiguous(memory_format=torch.channels_last_3d)
                )
            loss, parts = multi_task_loss(logits, batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            norm = nn.utils.clip_grad_norm_(network.parameters(), 2.0)
            if bool(torch.isfinite(norm)):
                optimizer.step()
            else:
                report(f"step {step}: gradient not finite, step left out")
            step += 1
            _average(shadow, network, min(options.average, (1 + step) / (10 + step)))
            for name, value in parts.items():
                running[name] = 0.98 * running.get(name, value) + 0.02 * value
            now = time.monotonic()
            spent, last = spent + now - last, now
            if step % 50 == 0:
                speed = (step - first_step) * options.batch / max(spent - begun, 1e-9)
                told = "  ".join(f"{name} {value:.3f}" for name, value in running.items())
                report(f"step {step}  {spent / 60:.1f} min  {speed:.2f} crops/s  {told}")
            if spent >= next_check or spent >= budget:
                figures = validate(shadow, batches)
                _log(folder / "log.csv", {"step": step, "minutes": spent / 60, **figures})
                report("  ".join(f"{name} {value:.3f}" for name, value in figures.items()))
                _checkpoint(checkpoint, network, shadow, optimizer, spent, step)
                card = {
                    "options": asdict(options),
                    "steps": step,
                    "minutes": round(spent / 60, 1),
                    "chains": len(chains),
                    "pairs": [pair.name for pair in pairs],
                    "device": str(device),
                    "validation": figures,
                }
                save_network(folder / "network.safetensors", shadow, options.architecture, card)
                (folder / "card.json").write_text(json.dumps(card, indent=1))
                next_check = spent + options.validate_minutes * 60
    except KeyboardInterrupt:
        _checkpoint(checkpoint, network, shadow, optimizer, spent, step)
        report(f"stopped at step {step}; the same command goes on from there")
        raise
    finally:
        source.close()
    _plot(folder)
    return folder / "network.safetensors"


def _checkpoint(
    path: Path,
    network: nn.Module,
    shadow: nn.Module,
    optimizer: torch.optim.Optimizer,
    spent: float,
    step: int,
) -> None:
    temporary = path.with_suffix(".part")
    torch.save(
        {
            "network": network.state_dict(),
            "shadow": shadow.state_dict(),
            "optimizer": optimizer.state_dict(),
            "spent": spent,
            "step": step,
        },
        temporary,
    )
    os.replace(temporary, path)


def _log(path: Path, row: dict[str, float]) -> None:
    new = not path.exists()
    with path.open("a", newline="") as out:
        writer = csv.DictWriter(out, list(row))
        if new:
            writer.writeheader()
        writer.writerow(row)


def _plot(folder: Path) -> None:
    """Validation figures against minutes."""
    from matplotlib.figure import Figure

    with (folder / "log.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    if not rows:
        return
    figure = Figure(figsize=(9, 3))
    for axis, name in zip(
        figure.subplots(1, 3), ("calpha", "amino_acid", "structure"), strict=True
    ):
        for column in (c for c in rows[0] if c.startswith(name + "_")):
            axis.plot(
                [float(r["minutes"]) for r in rows],
                [float(r[column]) for r in rows],
                label=column.rsplit("_", 1)[1] + " Å",
            )
        axis.set(xlabel="minutes", title=name)
        axis.legend(fontsize=6)
    figure.tight_layout()
    figure.savefig(folder / "training.png", dpi=110)
