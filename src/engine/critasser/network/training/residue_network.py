"""Training the residue network on simulated chains and experimental pairs."""

from __future__ import annotations

import copy
import json
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from critasser.network.residue.network import AMINO_ACID, ResidueNetwork, split_reading
from critasser.network.training.crops import SimulationRange, simulate_molecules
from critasser.network.training.experimental import PairOnDevice, experimental_molecules
from critasser.network.training.packing import Atoms, Pair
from critasser.network.training.prefetch import workers_beside
from critasser.network.training.residue_examples import Examples, draw_examples
from critasser.network.training.residue_source import SHELLS, ExampleSource
from critasser.network.weights import save_network

__all__ = ["ResidueTraining", "train_residue_network", "validate"]

TEMPERATURES = torch.linspace(0.6, 2.4, 37)
"""By which logits of amino acids may be divided."""


@dataclass(frozen=True)
class ResidueTraining:
    """How the residue network is trained.

    Attributes
    ----------
    minutes
        Budget, all resumed runs together.
    batch
        Residues a step.
    reuse
        Steps that a residue is seen in, on average, before it is drawn anew.
    kept
        Residues that steps are drawn from.
    experimental
        Share of crops from experimental maps.
    temperature
        By which the logits of amino acids are divided in what is written: training ends surer of
        them than it should be. With maps held out the best one for these is printed, and taken.
    workers
        Processes that make examples, 0 for none but this one.
    """

    minutes: float = 60.0
    batch: int = 256
    side: int = 52
    rate: float = 2e-3
    decay: float = 0.02
    average: float = 0.999
    reuse: float = 3.0
    kept: int = 40_000
    experimental: float = 0.2
    corruption: float = 1.0
    width: int = 640
    blocks: int = 2
    temperature: float = 1.0
    validate_minutes: float = 5.0
    seed: int = 0
    workers: int = 0


def loss_of(output: Tensor, truth: Examples) -> tuple[Tensor, dict[str, Tensor]]:
    """Sum of the five outputs' losses, and each of them."""
    said = split_reading(output)
    real = truth.real > 0
    visible = ((8 - truth.resolution) / 4).clamp(0.05, 1) * real
    kind = functional.cross_entropy(
        said.amino_acid, truth.residue_type, ignore_index=-1, reduction="none"
    )
    offset = functional.smooth_l1_loss(said.offset, truth.offset, beta=0.3, reduction="none")
    parts = {
        "amino_acid": (kind * visible).sum() / visible.sum().clamp_min(1),
        "direction": functional.binary_cross_entropy_with_logits(said.direction, truth.direction),
        "real": functional.binary_cross_entropy_with_logits(said.real, truth.real),
        "offset": (offset.sum(1) * real).sum() / real.sum().clamp_min(1),
        "secondary_structure": functional.cross_entropy(
            said.secondary_structure, truth.structure, ignore_index=-1
        ),
    }
    weights = {"amino_acid": 1.0, "direction": 0.5, "real": 0.3, "offset": 0.7,
               "secondary_structure": 0.3}  # fmt: skip
    return sum(weights[name] * value for name, value in parts.items()), parts


@torch.no_grad()
def validate(network: nn.Module, sets: dict[float | str, Examples]) -> dict[str, float]:
    """Shares right, cross-entropy of amino acids (``cost``) and the error of positions that
    remains, for each set of examples."""
    network.eval()
    figures = {}
    for resolution, truth in sets.items():
        said = split_reading(network(truth.inputs.float()))
        real, chain = truth.real > 0, truth.direction > 0
        error = (said.offset - truth.offset)[real].square().sum(1).mean().sqrt()
        before = truth.offset[real].square().sum(1).mean().sqrt()
        figures |= {
            f"amino_acid_{resolution}": float(
                (said.amino_acid.argmax(1) == truth.residue_type)[chain].float().mean()
            ),
            f"direction_{resolution}": float(((said.direction > 0) == chain).float().mean()),
            f"cost_{resolution}": float(
                functional.cross_entropy(said.amino_acid[chain], truth.residue_type[chain])
            ),
            **_best_temperature(said.amino_acid[chain], truth.residue_type[chain], resolution),
            f"structure_{resolution}": float(
                (said.secondary_structure.argmax(1) == truth.structure)[real].float().mean()
            ),
            f"error_{resolution}": float(error),
            f"moved_{resolution}": float(before),
        }
    network.train()
    return figures


def _best_temperature(logits: Tensor, kind: Tensor, name: float | str) -> dict[str, float]:
    """By what logits are best divided, and the cross-entropy then."""
    scaled = logits / TEMPERATURES.to(logits.device)[:, None, None]
    costs = functional.cross_entropy(
        scaled.flatten(0, 1), kind.repeat(len(TEMPERATURES)), reduction="none"
    )
    costs = costs.reshape(len(TEMPERATURES), -1).mean(1)
    best = int(costs.argmin())
    return {
        f"temperature_{name}": float(TEMPERATURES[best]),
        f"tempered_{name}": float(costs[best]),
    }


class _Kept:
    """Examples that steps are drawn from; the oldest make room for new ones."""

    def __init__(self, most: int, device: torch.device) -> None:
        none = Examples.none(device)
        self.examples = Examples(
            *(torch.empty(most, *t.shape[1:], dtype=t.dtype, device=device) for t in none.tensors())
        )
        self.most, self.device, self.added = most, device, 0

    def add(self, fresh: Examples) -> None:
        place = (self.added + torch.arange(len(fresh), device=self.device)) % self.most
        for kept, new in zip(self.examples.tensors(), fresh.tensors()):
            kept[place] = new
        self.added += len(fresh)

    def draw(self, count: int, generator: torch.Generator) -> Examples:
        filled = min(self.added, self.most)
        return self.examples.select(
            torch.randint(filled, (count,), generator=generator, device=self.device)
        )


def validation_sets(chains: list[Atoms], device: torch.device, each: int = 24,
                    resolutions: tuple[float, ...] = (2.5, 3.5, 4.5, 6.5)
                    ) -> dict[float, Examples]:  # fmt: skip
    """Clean crops of held-out chains, the same every time, with Cα off by 0.5 Å or so."""
    clean = SimulationRange(corruption=0.0)
    sets = {}
    for resolution in resolutions:
        rng, parts = np.random.default_rng(1), []
        for k in rng.choice(len(chains), min(each, len(chains)), replace=False):
            density, molecule, _ = simulate_molecules(
                [chains[k]], 48, clean, rng, device, resolution=resolution
            )
            generator = torch.Generator(device).manual_seed(int(rng.integers(2**31)))
            parts.append(draw_examples(density[0], molecule, resolution, generator, jitter=0.3))
        sets[resolution] = Examples.joined([p for p in parts if p is not None])
    return sets


def held_out_maps(pairs: list[Pair], device: torch.device, each: int = 12) -> Examples:
    """Crops of experimental maps that are not trained on, the same every time."""
    rng, parts = np.random.default_rng(2), []
    for pair in pairs:
        source = PairOnDevice(pair, device)
        for _ in range(each):
            density, molecule, _ = experimental_molecules([source], 48, rng, blur=False)
            generator = torch.Generator(device).manual_seed(int(rng.integers(2**31)))
            parts.append(
                draw_examples(
                    density[0], molecule, pair.resolution, generator, jitter=0.3, hard=False
                )
            )
    return Examples.joined([part for part in parts if part is not None])


@torch.no_grad()
def tempered(network: ResidueNetwork, temperature: float) -> ResidueNetwork:
    """A copy whose logits of amino acids are divided by a number."""
    network = copy.deepcopy(network)
    for values in (network.head.weight, network.head.bias):
        values[AMINO_ACID] /= temperature
    return network


def train_residue_network(
    chains: list[Atoms],
    pairs: list[Pair],
    held_out: list[Atoms],
    options: ResidueTraining,
    folder: Path,
    *,
    device: torch.device,
    held_out_pairs: Sequence[Pair] = (),
    start_from: nn.Module | None = None,
    report: Callable[[str], None] = print,
) -> Path:
    """Train until the budget is spent and write ``residue.safetensors`` in `folder`.

    A run that was interrupted goes on from its last checkpoint. With experimental maps held out
    the network is written as it was when it read these best: longer training learns the others by
    heart.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    network = start_from or ResidueNetwork(options.width, options.blocks)
    shadow = ResidueNetwork(**network.config).to(device)
    network = network.to(device).train()
    shadow.load_state_dict(network.state_dict())
    optimizer = torch.optim.AdamW(network.parameters(), options.rate, weight_decay=options.decay)
    checkpoint, spent, step, best = folder / "residue.pt", 0.0, 0, math.inf
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        network.load_state_dict(state["network"])
        shadow.load_state_dict(state["shadow"])
        optimizer.load_state_dict(state["optimizer"])
        spent, step, best = state["spent"], state["step"], state["best"]
        report(f"going on at step {step}, {spent / 60:.1f} of {options.minutes:g} minutes spent")
    begun = time.monotonic()
    source = ExampleSource(
        chains, pairs, replace(SHELLS, corruption=options.corruption),
        crops=16 if device.type == "cuda" else 1, side=options.side,
        experimental=options.experimental, device=device, seed=(options.seed, step),
        workers=options.workers or (workers_beside(device) if device.type == "cuda" else 0),
    )  # fmt: skip
    sets: dict[float | str, Examples] = validation_sets(held_out, device) if held_out else {}
    if held_out_pairs:
        sets["maps"] = held_out_maps(list(held_out_pairs), device)
    kept = _Kept(options.kept, device)
    while kept.added < min(8 * options.batch, options.kept):
        kept.add(source.next())
    generator = torch.Generator(device).manual_seed(options.seed + step)
    owed = waited = 0.0
    budget, last = options.minutes * 60, begun
    next_check, running = spent + options.validate_minutes * 60, {}

    def save() -> None:
        part = checkpoint.with_suffix(".part")
        torch.save({"network": network.state_dict(), "shadow": shadow.state_dict(),
                    "optimizer": optimizer.state_dict(), "spent": spent, "step": step,
                    "best": best},
                   part)  # fmt: skip
        os.replace(part, checkpoint)

    try:
        while spent < budget:
            used = spent / budget
            for group in optimizer.param_groups:
                warm = min(1.0, used / 0.03 + 0.05)
                fall = 0.005 + 0.4975 * (1 + math.cos(math.pi * used))
                group["lr"] = options.rate * warm * fall
            owed += options.batch / options.reuse
            while owed > 0:
                asked = time.monotonic()
                fresh = source.next()
                waited += time.monotonic() - asked
                owed -= len(fresh)
                kept.add(fresh)
            batch = kept.draw(options.batch, generator)
            loss, parts = loss_of(network(batch.inputs.float()), batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            step += 1
            with torch.no_grad():
                share = 1 - min(options.average, (1 + step) / (10 + step))
                for old, new in zip(shadow.state_dict().values(), network.state_dict().values()):
                    if old.is_floating_point():
                        old.lerp_(new, share)
            for name, value in parts.items():
                value = value.detach()
                running[name] = running.get(name, value).lerp(value, 0.01)
            now = time.monotonic()
            spent, last = spent + now - last, now
            if step % 200 == 0:
                told = "  ".join(f"{name} {float(value):.3f}" for name, value in running.items())
                report(f"step {step}  {spent / 60:.1f} min  {told}")
                report(f"  {kept.added} residues so far, {waited / spent:.0%} of the time waiting")
            if spent >= next_check or spent >= budget:
                figures = validate(shadow, sets)
                report("  ".join(f"{name} {value:.3f}" for name, value in figures.items()))
                next_check = spent + options.validate_minutes * 60
                # Without maps held out nothing says which is best, and the last is kept.
                worse = figures.get("tempered_maps", -math.inf) > best
                best = min(best, figures.get("tempered_maps", best))
                save()
                if worse:
                    continue
                card = {"options": asdict(options), "steps": step,
                        "minutes": round(spent / 60, 1), "chains": len(chains),
                        "pairs": [pair.name for pair in pairs], "device": str(device),
                        "validation": figures}  # fmt: skip
                temperature = figures.get("temperature_maps", options.temperature)
                save_network(folder / "residue.safetensors", tempered(shadow, temperature),
                             "residue", card)  # fmt: skip
                (folder / "residue.json").write_text(json.dumps(card, indent=1))
    except KeyboardInterrupt:
        save()
        report(f"stopped at step {step}; the same command goes on from there")
        raise
    finally:
        source.close()
    return folder / "residue.safetensors"
