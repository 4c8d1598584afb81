"""Train the network that tells nucleic acid from protein.

What nucleic acid looks like is learnt from simulated maps alone, which are spoilt as experimental
maps of proteins are; what it is not, from those maps too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from critasser.network.device import autocast
from critasser.network.inference import prepared, turned
from critasser.network.nucleic.network import NUCLEIC_CLASS, NucleicNetwork
from critasser.network.rotations import signed_permutations
from critasser.network.training.crops import Degradation
from critasser.network.training.map_learner import LARGEST_GRADIENT, SCHEDULES
from critasser.network.training.nucleic_crops import (
    FAINT,
    KnownPair,
    MatterCrops,
    MatterMaker,
    matter_loss,
)
from critasser.network.training.packing import TrainingData
from critasser.network.training.validation import tabulate
from critasser.network.weights import save_network
from critasser.writing import appearing

__all__ = ["NucleicTraining", "train_nucleic_network"]

RESOLUTIONS = (3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
VALIDATION_CROPS, VALIDATION_ALONE, VALIDATION_SEED = 12, 0.3, 1
"""Å; simulated crops at each that are validated on, the share of proteins alone, and the seed."""

LIKELY = 0.5
"""Probability from which a voxel is counted as nucleic acid in validation."""

REPORT_STEPS = 50

SHAPING = ("batch", "side", "experimental", "alone", "seed")
"""Options on which crops depend."""

MARK_LENGTH = 12
"""Digits of a checksum in a folder's name."""


@dataclass(frozen=True)
class NucleicTraining:
    """How the network is trained.

    Attributes
    ----------
    steps : int
        Budget, resumed runs included.
    batch, side : int
        Crops a step; their side in Å.
    rate, decay, average : float
        Highest learning rate; weight decay; decay of the moving average of the weights.
    reuse : int
        Steps for each new batch, which see older ones again, turned otherwise: making a crop costs
        more than learning from it.
    experimental, alone : float
        Share of crops from experimental maps, and of crops of proteins among the others.
    validate_steps : int
        Between validations.
    seed : int
    """

    steps: int = 900
    batch: int = 4
    side: int = 56
    rate: float = 2.5e-3
    decay: float = 0.01
    average: float = 0.99
    reuse: int = 8
    experimental: float = 0.3
    alone: float = 0.3
    validate_steps: int = 300
    seed: int = 0


class _Learner:
    """A network, the moving average of its weights, and its optimiser."""

    def __init__(
        self, options: NucleicTraining, device: torch.device, start: NucleicNetwork | None
    ) -> None:
        torch.manual_seed(options.seed)
        self.options, self.device = options, device
        self.network = NucleicNetwork().to(device, memory_format=torch.channels_last_3d)
        if start is not None:
            self.network.load_state_dict(start.state_dict())
        self.shadow = NucleicNetwork().to(device).eval()
        self.shadow.load_state_dict(self.network.state_dict())
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), options.rate, weight_decay=options.decay
        )
        self.steps = 0

    def step(self, crops: MatterCrops) -> float:
        """One step; returns the loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.options.rate * SCHEDULES["cosine"](self.steps / self.options.steps)
        inputs = crops.inputs.float().contiguous(memory_format=torch.channels_last_3d)
        with autocast(self.device, training=True):
            logits = self.network(inputs)
        loss = matter_loss(logits, crops)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        self.optimizer.step()
        self.steps += 1
        keep = min(self.options.average, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            for old, new in zip(self.shadow.state_dict().values(),
                                self.network.state_dict().values()):  # fmt: skip
                if old.is_floating_point():
                    old.lerp_(new, 1 - keep)
                else:
                    old.copy_(new)
        return float(loss.detach())

    def save(self, path: Path) -> None:
        with appearing(path) as temporary:
            torch.save(
                {
                    "network": self.network.state_dict(),
                    "shadow": self.shadow.state_dict(),
                    "optimizer": self.optimizer.state_dict(),
                    "steps": self.steps,
                },
                temporary,
            )

    def load(self, path: Path) -> None:
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.shadow.load_state_dict(state["shadow"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.steps = state["steps"]


class _Batches:
    """Batches by the number of the step: of those that were made one, turned at random."""

    def __init__(self, make: MatterMaker, reuse: int, folder: Path) -> None:
        self.make, self.reuse, self.folder = make, reuse, folder
        folder.mkdir(exist_ok=True)

    def __call__(self, step: int) -> MatterCrops:
        rng = np.random.default_rng([self.make.seed, step, self.reuse])
        newest = step // self.reuse
        # The newest at once, older ones again.
        number = newest if step % self.reuse == 0 else int(rng.integers(newest + 1))
        crops = self._made(number)
        matrix = signed_permutations()[rng.integers(len(signed_permutations()))]
        return MatterCrops(turned(crops.inputs, matrix), turned(crops.classes, matrix))

    def _made(self, number: int) -> MatterCrops:
        """From the disk, where it is put the first time."""
        path = self.folder / f"{number:05d}.npz"
        if not path.exists():
            made = self.make(number)
            with appearing(path) as temporary:
                np.savez(
                    temporary,
                    inputs=made.inputs.half().cpu().numpy(),
                    classes=made.classes.to(torch.int8).cpu().numpy(),
                )
        with np.load(path) as stored:
            inputs, classes = (torch.from_numpy(stored[name]) for name in ("inputs", "classes"))
        return MatterCrops(inputs.to(self.make.device), classes.to(self.make.device).long())


def _crops_name(
    data: TrainingData, options: NucleicTraining, map_weights: Path, unmodelled: Sequence[str]
) -> str:
    """Of the folder of crops that are made once: another where they would be others."""
    digest = hashlib.sha256(map_weights.read_bytes())
    for chain in data.chains:
        digest.update(chain.positions.tobytes())
    for pair in data.pairs:
        digest.update(pair.atoms.positions.tobytes())
        digest.update(np.ascontiguousarray(pair.density).tobytes())
    pairs = [pair.name for pair in data.pairs]
    shaping = {name: value for name, value in asdict(options).items() if name in SHAPING}
    digest.update(json.dumps([pairs, sorted(unmodelled), shaping]).encode())
    return f"crops-{digest.hexdigest()[:MARK_LENGTH]}"


def _validation(
    data: TrainingData, degradation: Degradation, options: NucleicTraining, map_network: nn.Module,
    device: torch.device,
) -> dict[str, MatterCrops]:  # fmt: skip
    """The same crops every time: simulated by resolution, and experimental ones."""
    pairs = [KnownPair(pair) for pair in data.held_out_pairs]
    maker = MatterMaker(
        data.held_out, pairs, degradation, VALIDATION_CROPS, options.side, 0.0, VALIDATION_ALONE,
        VALIDATION_SEED, device, map_network,
    )  # fmt: skip
    rng = np.random.default_rng(VALIDATION_SEED)
    crops = {f"{r:g}": maker.simulated(VALIDATION_CROPS, rng, r) for r in RESOLUTIONS}
    if pairs:
        crops["experimental"] = maker.measured(VALIDATION_CROPS, rng)
    return crops


@torch.no_grad()
def _validate(network: nn.Module, crops: dict[str, MatterCrops]) -> dict[str, float]:
    """Loss, and precision and recall of nucleic acid where there is density."""
    figures = {}
    for name, batch in crops.items():
        with autocast(batch.inputs.device):
            logits = torch.cat([network(one[None]) for one in batch.inputs]).float()
        shown = batch.inputs[:, 0] > FAINT
        found = (logits.softmax(1)[:, NUCLEIC_CLASS] > LIKELY) & shown
        true = batch.classes == NUCLEIC_CLASS
        figures[f"loss_{name}"] = float(matter_loss(logits, batch))
        if name == "experimental":
            figures["false_experimental"] = float(found.sum() / shown.sum())
            continue
        both = float((found & true).sum())
        figures[f"precision_{name}"] = both / max(float(found.sum()), 1.0)
        figures[f"recall_{name}"] = both / max(float((true & shown).sum()), 1.0)
    return figures


def train_nucleic_network(
    data: TrainingData,
    options: NucleicTraining,
    folder: Path,
    *,
    device: torch.device,
    map_weights: Path,
    unmodelled_nucleic: Sequence[str] = (),
    start: NucleicNetwork | None = None,
    report: Callable[[str], None] = print,
) -> Path:
    """Train until the budget is spent and write ``nucleic.safetensors`` in `folder`.

    A run that was interrupted goes on from its last checkpoint.

    Parameters
    ----------
    data : TrainingData
    options : NucleicTraining
    folder : Path
        Of the run.
    device : torch.device
    map_weights : Path
        The map network, by whose answer nucleic acid is told.
    unmodelled_nucleic : sequence of str
        Names of experimental maps that hold nucleic acid which their models lack.
    start : NucleicNetwork, optional
        To be trained on.
    report : callable
        Given every line of progress.

    Returns
    -------
    Path
        Of the network.
    """
    folder.mkdir(parents=True, exist_ok=True)
    learner, checkpoint = _Learner(options, device, start), folder / "checkpoint.pt"
    if checkpoint.exists():
        learner.load(checkpoint)
        report(f"going on at step {learner.steps} of {options.steps}")
    degradation = Degradation.of(data.pairs, device)
    map_network = prepared(map_weights, device)
    crops = _validation(data, degradation, options, map_network, device)
    pairs = [KnownPair(pair, pair.name in unmodelled_nucleic) for pair in data.pairs]
    batches = _Batches(
        MatterMaker(
            data.chains, pairs, degradation, options.batch, options.side, options.experimental,
            options.alone, options.seed, device, map_network,
        ),
        options.reuse,
        folder / _crops_name(data, options, map_weights, unmodelled_nucleic),
    )  # fmt: skip
    losses: list[float] = []

    def check() -> None:
        figures = _validate(learner.shadow, crops)
        report("  ".join(f"{name} {value:.3f}" for name, value in figures.items()))
        tabulate(
            folder / "log.csv",
            {"step": learner.steps, **figures},
        )
        learner.save(checkpoint)
        card = {
            **data.about,
            "chains": len(data.chains),
            "pairs": [pair.name for pair in data.pairs],
            "held_out_pairs": [pair.name for pair in data.held_out_pairs],
            "options": asdict(options),
            "steps": learner.steps,
            "validation": figures,
        }
        save_network(folder / "nucleic.safetensors", learner.shadow, "nucleic", card)

    try:
        while learner.steps < options.steps:
            losses.append(learner.step(batches(learner.steps)))
            if learner.steps % REPORT_STEPS == 0:
                report(f"step {learner.steps} of {options.steps}  loss {np.mean(losses):.3f}")
                losses.clear()
            if learner.steps % options.validate_steps == 0 or learner.steps == options.steps:
                check()
    except KeyboardInterrupt:
        learner.save(checkpoint)
        report(f"stopped at step {learner.steps}; the same command goes on from there")
        raise
    return folder / "nucleic.safetensors"
