"""Train the map network on simulated chains and experimental pairs.

The same command runs on two CPU cores, on a GPU and on several: crops are made on the training
device, the length is a budget in minutes or steps, and the learning rate follows the share of it
that is used up. Nothing in a step waits for the device: losses are read every 50 steps.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import nn

from critasser.network.training.batches import CropRecipe, CropSource
from critasser.network.training.crops import SimulationRange
from critasser.network.training.distributed import Ranks
from critasser.network.training.map_learner import (
    SCHEDULES,
    Learner,
    TrainingOptions,
    automatic_batch,
)
from critasser.network.training.packing import TrainingData
from critasser.network.training.prefetch import default_workers
from critasser.network.training.simulation import Crops
from critasser.network.training.validation import plot, tabulate, validate, validation_crops
from critasser.network.weights import save_network
from critasser.writing import appearing

__all__ = ["train_map_network"]

REPORT_STEPS = 50
"""Steps between reports."""

RANK_SEEDS = 1000
"""Seeds of dropout for each step, one a process."""


class _Pace:
    """Crops a second, and the share of time that training waits for them."""

    def __init__(self) -> None:
        self.begun, self.crops, self.waited = time.perf_counter(), 0, 0.0

    def add(self, crops: int, waited: float) -> None:
        self.crops += crops
        self.waited += waited

    def speed(self) -> float:
        return self.crops / max(time.perf_counter() - self.begun, 1e-9)

    def waiting(self) -> float:
        return self.waited / max(time.perf_counter() - self.begun, 1e-9)


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()}, {torch.get_num_threads()} threads"


class _Run:
    """A training run in its folder: what is learnt, from what, and how far it is.

    Attributes
    ----------
    learner : Learner
    spent : float
        Seconds, all resumed parts of the run together.
    whole, recent : _Pace
        Since the last validation, and since the last report.
    """

    def __init__(
        self,
        learner: Learner,
        data: TrainingData,
        folder: Path,
        ranks: Ranks,
        report: Callable[[str], None],
    ) -> None:
        self.learner, self.data, self.folder = learner, data, folder
        self.ranks, self.report = ranks, report
        self.spent, self.checked = 0.0, (0.0, 0)
        self.whole, self.recent = _Pace(), _Pace()
        self.validation: dict[str, Crops] = {}

    def resume(self) -> None:
        """Go on from the folder's checkpoint, if it has one."""
        checkpoint, options = self.folder / "checkpoint.pt", self.learner.options
        if not checkpoint.exists():
            return
        state = self.learner.load(checkpoint)
        self.spent = state["spent"]
        self.report(f"going on at step {self.learner.steps}, {self.spent / 60:.1f} minutes spent")
        for name, value in asdict(options).items():
            before = state["options"].get(name)
            if before != value:
                self.report(f"changed since: {name} was {before}, is {value}")

    def start(self) -> None:
        """Make what to validate on, on rank 0, and count from here."""
        if self.ranks.rank == 0:
            options = self.learner.options
            self.validation = validation_crops(
                self.data.held_out, self.data.held_out_pairs, options.side, self.learner.device,
                options.validation_crops,
            )  # fmt: skip
        self.checked = (self.spent, self.learner.steps)
        self.whole, self.recent = _Pace(), _Pace()

    def due(self) -> bool:
        """Whether it is time to validate."""
        spent, steps = self.checked
        options = self.learner.options
        if options.validate_steps is not None:
            return self.learner.steps - steps >= options.validate_steps
        return self.spent - spent >= 60 * options.validate_minutes

    def say(self, share: float, source: CropSource) -> None:
        """Report losses and pace."""
        losses = "  ".join(f"{name} {value:.3f}" for name, value in self.learner.losses().items())
        self.report(
            f"step {self.learner.steps}  {self.spent / 60:.1f} min ({share:.0%})  {losses}"
        )
        self.report(
            f"  {self.recent.speed():.2f} crops/s trained, {self.recent.waiting():.0%} of the time "
            f"waiting for crops; {source.speed * self.ranks.count:.2f} crops/s could be made"
        )
        if left_out := int(self.learner.left_out):
            self.report(f"  {left_out} steps left out: gradient not finite")
        self.recent = _Pace()

    def check(self) -> None:
        """Validate and write table, plot, checkpoint, network and card."""
        learner, folder, options = self.learner, self.folder, self.learner.options
        figures = validate(learner.shadow, self.validation)
        pace = {
            "crops_per_second": round(self.whole.speed(), 2),
            "waiting": round(self.whole.waiting(), 3),
        }
        tabulate(
            folder / "log.csv",
            {"step": learner.steps, "minutes": round(self.spent / 60, 3), **pace,
             **{f"train_{name}": value for name, value in learner.losses().items()}, **figures},
        )  # fmt: skip
        plot(folder / "log.csv", folder / "training.png")
        self.report("  ".join(f"{name} {value:.3f}" for name, value in figures.items()))
        self.save()
        card = {
            **self.data.about,
            "chains": len(self.data.chains),
            "pairs": [pair.name for pair in self.data.pairs],
            "options": asdict(options),
            "steps": learner.steps,
            "minutes": round(self.spent / 60, 1),
            "device": _device_name(learner.device),
            "processes": self.ranks.count,
            **pace,
            "validation": figures,
        }
        save_network(folder / "network.safetensors", learner.shadow, options.architecture, card)
        with appearing(folder / "card.json") as temporary:
            temporary.write_text(json.dumps(card, indent=1), encoding="utf-8")
        self.checked = (self.spent, learner.steps)
        self.whole, self.recent = _Pace(), _Pace()

    def save(self) -> None:
        """Write a checkpoint."""
        self.learner.save(self.folder / "checkpoint.pt", spent=self.spent)


def train_map_network(
    data: TrainingData,
    options: TrainingOptions,
    folder: Path,
    *,
    device: torch.device,
    ranks: Ranks = Ranks(),  # noqa: B008 (immutable)
    start_from: nn.Module | None = None,
    report: Callable[[str], None] = print,
) -> Path:
    """Train until the budget is spent and write ``network.safetensors`` in `folder`.

    A run that was interrupted goes on from its last checkpoint. At every validation the network,
    its card ``card.json``, the figures so far in ``log.csv`` and a plot of them in ``training.png``
    are there.

    Parameters
    ----------
    data : TrainingData
    options : TrainingOptions
    folder : Path
        Of the run.
    device : torch.device
    ranks : Ranks
        This process among those that train together.
    start_from : nn.Module, optional
        A network of the same architecture to go on from.
    report : callable
        Given every line of progress.

    Returns
    -------
    Path
        Of the network.

    Raises
    ------
    InputError
        The folder holds a run of another architecture.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True
    batch = options.batch or automatic_batch(options.architecture, options.side, device)
    options = replace(options, batch=batch, workers=options.workers or default_workers(device))
    learner = Learner(options, device, ranks, start_from)
    run = _Run(learner, data, folder, ranks, report)
    run.resume()
    if run.spent and start_from is not None:
        report("the weights are the checkpoint's, not those of the network to start from")
    # Dropout differs from rank to rank; after a stop it does not repeat itself.
    torch.manual_seed(options.seed + RANK_SEEDS * learner.steps + ranks.rank)
    ranges = SimulationRange(corruption=options.corruption, without=options.without)
    recipe = CropRecipe(
        ranges, batch, options.side, options.experimental, (options.seed, ranks.rank)
    )
    run.start()
    source = CropSource(
        data.chains, data.pairs, recipe, device=device, first=learner.steps,
        workers=options.workers,
    )  # fmt: skip
    schedule = SCHEDULES[options.schedule]
    share = ranks.broadcast(options.share(run.spent, learner.steps))
    last = time.monotonic()
    try:
        while share < 1:
            begun = time.perf_counter()
            crops = source.next()
            waited = time.perf_counter() - begun
            learner.step(crops, options.rate * schedule(share))
            for pace in (run.whole, run.recent):
                pace.add(batch * ranks.count, waited)
            now = time.monotonic()
            run.spent, last = run.spent + now - last, now
            share = ranks.broadcast(options.share(run.spent, learner.steps))
            if ranks.rank:
                continue
            if learner.steps % REPORT_STEPS == 0:
                run.say(share, source)
            if run.due() or share >= 1:
                run.check()
    except KeyboardInterrupt:
        if ranks.rank == 0:
            run.save()
            report(f"stopped at step {learner.steps}; the same command goes on from there")
        raise
    finally:
        source.close()
    return folder / "network.safetensors"
