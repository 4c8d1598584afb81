"""Train the residue network on simulated chains and experimental pairs."""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from critasser.network.residue.network import AMINO_ACID, ResidueNetwork, split_reading
from critasser.network.training.batches import CropRecipe
from critasser.network.training.losses import visible_share
from critasser.network.training.packing import TrainingData
from critasser.network.training.prefetch import default_workers
from critasser.network.training.residue_batches import SHELLS, ExampleSource
from critasser.network.training.residue_examples import Examples
from critasser.network.training.residue_validation import (
    held_out_maps,
    validate,
    validation_sets,
)
from critasser.network.weights import save_network
from critasser.writing import appearing

__all__ = ["ResidueTraining", "tempered", "train_residue_network"]

LOSS_WEIGHTS = {
    "amino_acid": 1.0,
    "direction": 0.5,
    "is_calpha": 0.3,
    "offset": 0.7,
    "secondary_structure": 0.3,
}

OFFSET_BETA = 0.3
"""Å; smaller errors of positions cost their square, larger ones their size."""

LARGEST_GRADIENT = 5.0

WARM_UP, FIRST_RATE = 0.03, 0.05
"""Share of the budget over which the learning rate rises; its first value over the highest."""

LAST_RATE = 0.005
"""Over the highest learning rate, which falls there as a cosine."""

GPU_CROPS, CPU_CROPS = 16, 1
"""Crops that examples are drawn from at a time."""

FIRST_BATCHES = 8
"""Batches of examples that are there before the first step."""

REPORT_STEPS, RUNNING_MEAN = 200, 0.01
"""Steps between reports; share of a step's loss in the running mean that is reported."""

@dataclass(frozen=True)
class ResidueTraining:
    """How the residue network is trained.

    Attributes
    ----------
    minutes
        Budget, all resumed runs together.
    batch
        Residues a step.
    side
        Of the crops that residues are drawn from, Å.
    rate, decay
        Highest learning rate; weight decay.
    average
        Decay of the moving average of weights that is validated and saved.
    reuse
        Steps that a residue is seen in, on average, before it is drawn anew.
    kept
        Residues that steps are drawn from.
    experimental
        Share of crops from experimental maps.
    corruption
        Strength of what is done to simulated maps, 0 to 1.
    width, blocks
        Of the network.
    temperature
        By which the logits of amino acids are divided in what is written, since training makes them
        too sure. With maps held out the best one for these is reported, and taken.
    validate_minutes
        Between validations.
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


def residue_loss(output: Tensor, truth: Examples) -> tuple[Tensor, dict[str, Tensor]]:
    """Sum of the five outputs' losses, and each of them."""
    predicted = split_reading(output)
    is_calpha = truth.is_calpha > 0
    visible = visible_share(truth.resolution) * is_calpha
    amino_acid = functional.cross_entropy(
        predicted.amino_acid, truth.residue_type, ignore_index=-1, reduction="none"
    )
    offset = functional.smooth_l1_loss(
        predicted.offset, truth.offset, beta=OFFSET_BETA, reduction="none"
    )
    parts = {
        "amino_acid": (amino_acid * visible).sum() / visible.sum().clamp_min(1),
        "direction": functional.binary_cross_entropy_with_logits(
            predicted.direction, truth.direction
        ),
        "is_calpha": functional.binary_cross_entropy_with_logits(
            predicted.is_calpha, truth.is_calpha
        ),
        "offset": (offset.sum(1) * is_calpha).sum() / is_calpha.sum().clamp_min(1),
        "secondary_structure": functional.cross_entropy(
            predicted.secondary_structure, truth.structure, ignore_index=-1
        ),
    }
    return sum(LOSS_WEIGHTS[name] * value for name, value in parts.items()), parts


class _ExampleBuffer:
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


@torch.no_grad()
def tempered(network: ResidueNetwork, temperature: float) -> ResidueNetwork:
    """A copy whose logits of amino acids are divided by a number."""
    network = copy.deepcopy(network)
    for values in (network.head.weight, network.head.bias):
        values[AMINO_ACID] /= temperature
    return network


class _ResidueLearner:
    """A residue network, its moving average, its optimiser, and what it has spent."""

    def __init__(
        self, options: ResidueTraining, device: torch.device, start_from: nn.Module | None
    ) -> None:
        torch.manual_seed(options.seed)
        network = start_from or ResidueNetwork(options.width, options.blocks)
        self.options = options
        self.shadow = ResidueNetwork(**network.config).to(device)
        self.network = network.to(device).train()
        self.shadow.load_state_dict(self.network.state_dict())
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), options.rate, weight_decay=options.decay
        )
        self.spent, self.steps, self.best = 0.0, 0, math.inf
        self.losses: dict[str, Tensor] = {}

    def step(self, batch: Examples, used: float) -> None:
        """One step of optimisation after the share `used` of the budget."""
        warm = min(1.0, used / WARM_UP + FIRST_RATE)
        fall = LAST_RATE + (1 - LAST_RATE) / 2 * (1 + math.cos(math.pi * used))
        for group in self.optimizer.param_groups:
            group["lr"] = self.options.rate * warm * fall
        loss, parts = residue_loss(self.network(batch.inputs.float()), batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        self.optimizer.step()
        self.steps += 1
        self._average(1 - min(self.options.average, (1 + self.steps) / (10 + self.steps)))
        for name, value in parts.items():
            value = value.detach()
            self.losses[name] = self.losses.get(name, value).lerp(value, RUNNING_MEAN)

    @torch.no_grad()
    def _average(self, share: float) -> None:
        pairs = zip(self.shadow.state_dict().values(), self.network.state_dict().values())
        for old, new in pairs:
            if old.is_floating_point():
                old.lerp_(new, share)

    def save(self, path: Path) -> None:
        """Write all that it takes to go on, by atomic rename."""
        state = {
            "network": self.network.state_dict(),
            "shadow": self.shadow.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "spent": self.spent,
            "step": self.steps,
            "best": self.best,
        }
        with appearing(path) as temporary:
            torch.save(state, temporary)

    def load(self, path: Path, device: torch.device) -> None:
        """Go on from a checkpoint."""
        state = torch.load(path, map_location=device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.shadow.load_state_dict(state["shadow"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.spent, self.steps, self.best = state["spent"], state["step"], state["best"]

    def report(self, added: int, waited: float) -> list[str]:
        """Lines on the losses, examples so far and the share of time spent waiting for them."""
        losses = "  ".join(f"{name} {float(value):.3f}" for name, value in self.losses.items())
        return [
            f"step {self.steps}  {self.spent / 60:.1f} min  {losses}",
            f"  {added} residues so far, {waited / self.spent:.0%} of the time waiting",
        ]


def train_residue_network(
    data: TrainingData,
    options: ResidueTraining,
    folder: Path,
    *,
    device: torch.device,
    start_from: nn.Module | None = None,
    report: Callable[[str], None] = print,
) -> Path:
    """Train until the budget is spent and write ``residue.safetensors`` in `folder`.

    A run that was interrupted goes on from its last checkpoint. With experimental maps held out
    the network is written as it was when it read these best, since longer training learns the
    others by heart.

    Parameters
    ----------
    data : TrainingData
    options : ResidueTraining
    folder : Path
        Of the run.
    device : torch.device
    start_from : nn.Module, optional
        A residue network to go on from.
    report : callable
        Given every line of progress.

    Returns
    -------
    Path
        Of the network.
    """
    folder.mkdir(parents=True, exist_ok=True)
    learner = _ResidueLearner(options, device, start_from)
    checkpoint = folder / "residue.pt"
    if checkpoint.exists():
        learner.load(checkpoint, device)
        report(
            f"going on at step {learner.steps}, {learner.spent / 60:.1f} of {options.minutes:g} "
            "minutes spent"
        )
    last = time.monotonic()
    source = _source(data, options, device, learner.steps)
    sets: dict[float | str, Examples] = {}
    if data.held_out:
        sets |= validation_sets(data.held_out, device)
    if data.held_out_pairs:
        sets["maps"] = held_out_maps(data.held_out_pairs, device)
    examples = _ExampleBuffer(options.kept, device)
    while examples.added < min(FIRST_BATCHES * options.batch, options.kept):
        examples.add(source.next())
    generator = torch.Generator(device).manual_seed(options.seed + learner.steps)
    owed = waited = 0.0
    budget = options.minutes * 60
    next_check = learner.spent + options.validate_minutes * 60
    try:
        while learner.spent < budget:
            owed += options.batch / options.reuse
            while owed > 0:
                asked = time.monotonic()
                fresh = source.next()
                waited += time.monotonic() - asked
                owed -= len(fresh)
                examples.add(fresh)
            learner.step(examples.draw(options.batch, generator), learner.spent / budget)
            now = time.monotonic()
            learner.spent, last = learner.spent + now - last, now
            if learner.steps % REPORT_STEPS == 0:
                for line in learner.report(examples.added, waited):
                    report(line)
            if learner.spent >= min(next_check, budget):
                next_check = learner.spent + options.validate_minutes * 60
                _check(learner, sets, data, folder, report)
    except KeyboardInterrupt:
        learner.save(checkpoint)
        report(f"stopped at step {learner.steps}; the same command goes on from there")
        raise
    finally:
        source.close()
    return folder / "residue.safetensors"


def _source(
    data: TrainingData, options: ResidueTraining, device: torch.device, steps: int
) -> ExampleSource:
    """Examples from step `steps` on."""
    on_gpu = device.type == "cuda"
    recipe = CropRecipe(
        replace(SHELLS, corruption=options.corruption),
        GPU_CROPS if on_gpu else CPU_CROPS,
        options.side,
        options.experimental,
        (options.seed, steps),
    )
    workers = options.workers or (default_workers(device) if on_gpu else 0)
    return ExampleSource(data.chains, data.pairs, recipe, device=device, workers=workers)


def _check(
    learner: _ResidueLearner,
    sets: dict[float | str, Examples],
    data: TrainingData,
    folder: Path,
    report: Callable[[str], None],
) -> None:
    """Validate, save, and write the network if it is the best so far."""
    figures = validate(learner.shadow, sets)
    report("  ".join(f"{name} {value:.3f}" for name, value in figures.items()))
    # Without maps held out nothing says which is best, and the last is kept.
    worse = figures.get("tempered_maps", -math.inf) > learner.best
    learner.best = min(learner.best, figures.get("tempered_maps", learner.best))
    learner.save(folder / "residue.pt")
    if worse:
        return
    options = learner.options
    card = {
        "options": asdict(options),
        "steps": learner.steps,
        "minutes": round(learner.spent / 60, 1),
        "chains": len(data.chains),
        "pairs": [pair.name for pair in data.pairs],
        "device": str(next(learner.network.parameters()).device),
        "validation": figures,
    }
    temperature = figures.get("temperature_maps", options.temperature)
    path = folder / "residue.safetensors"
    save_network(path, tempered(learner.shadow, temperature), "residue", card)
    with appearing(folder / "residue.json") as temporary:
        temporary.write_text(json.dumps(card, indent=1), encoding="utf-8")
