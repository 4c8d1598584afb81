"""Training either network on simulated chains and experimental pairs.

The same command runs on two CPU cores, on a GPU and on several: crops are made on the training
device, the length is a budget in minutes or steps, and the learning rate follows the share of it
that is used up. Nothing in a step waits for the device: losses are read every 50 steps.
"""

from __future__ import annotations

import json
import math
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import nn

from critasser.errors import InputError
from critasser.network.device import autocast
from critasser.network.training.crop_source import CropSource
from critasser.network.training.crops import SimulationRange
from critasser.network.training.distributed import Ranks
from critasser.network.training.losses import PARTS, multi_task_loss
from critasser.network.training.packing import Atoms, Pair
from critasser.network.training.prefetch import workers_beside
from critasser.network.training.simulation import Crops
from critasser.network.training.validation import plot, tabulate, validate, validation_crops
from critasser.network.weights import ARCHITECTURES, save_network
from critasser.writing import appearing

__all__ = ["SCHEDULES", "Data", "Learner", "TrainingOptions", "automatic_batch", "train"]

_LARGEST_BATCH = 32
_REPORT = 50


def _cosine(share: float) -> float:
    """Up over the first 5 % of the budget, then down as a cosine."""
    if share < 0.05:
        return 0.05 + 0.95 * share / 0.05
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min((share - 0.05) / 0.95, 1)))


def _one_cycle(share: float) -> float:
    """Up over the first 30 % and down to next to nothing, both as cosines.

    Smith & Topin, Proc. SPIE 11006, 1100612 (2019).
    """
    if share < 0.3:
        return 0.04 + 0.96 * 0.5 * (1 - math.cos(math.pi * share / 0.3))
    return 1e-4 + (1 - 1e-4) * 0.5 * (1 + math.cos(math.pi * min((share - 0.3) / 0.7, 1)))


SCHEDULES: dict[str, Callable[[float], float]] = {"cosine": _cosine, "one-cycle": _one_cycle}
"""Learning rate over its highest, by the share of the budget that is used up."""


@dataclass(frozen=True)
class TrainingOptions:
    """How a network is trained.

    Attributes
    ----------
    minutes, steps
        Budget, all resumed runs together: one of the two.
    schedule
        Name in `SCHEDULES`.
    batch, side
        Crops a step in each process, 0 for as many as is good for the device; their side in Å.
    rate, decay
        Highest learning rate; weight decay.
    average
        Decay of the moving average of weights that is validated and saved.
    experimental
        Share of crops from experimental maps.
    corruption, without
        Strength of what is done to simulated maps, 0 to 1; names of what is left out.
    validate_minutes, validate_steps
        How often to validate and save; steps win where both are given.
    workers
        Threads, or beside a GPU processes, that make crops; 0 for as many as is good.
    """

    architecture: str = "unet"
    minutes: float | None = None
    steps: int | None = None
    schedule: str = "cosine"
    batch: int = 0
    side: int = 48
    rate: float = 1.5e-3
    decay: float = 0.01
    average: float = 0.998
    experimental: float = 0.35
    corruption: float = 1.0
    without: tuple[str, ...] = ()
    seed: int = 0
    validate_minutes: float = 10.0
    validate_steps: int | None = None
    validation_crops: int = 8
    workers: int = 0

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.steps is None):
            raise ValueError("give a budget in minutes or in steps, one of the two")

    def share(self, spent: float, step: int) -> float:
        """Share of the budget that is used up after `spent` seconds and `step` steps."""
        if self.steps is not None:
            return step / self.steps
        return spent / (60 * self.minutes)


@dataclass(frozen=True)
class Data:
    """What is learnt from, and what is only looked at on the way.

    `about` says where it came from, for the card.
    """

    chains: list[Atoms]
    held_out: list[Atoms]
    pairs: list[Pair]
    held_out_pairs: list[Pair]
    about: dict[str, object]


class Learner:
    """A network, its moving average and its optimiser."""

    def __init__(
        self,
        options: TrainingOptions,
        device: torch.device,
        ranks: Ranks,
        start_from: nn.Module | None = None,
    ) -> None:
        torch.manual_seed(options.seed)
        network = ARCHITECTURES[options.architecture]()
        if start_from is not None:
            network.load_state_dict(start_from.state_dict())
        self.options, self.device = options, device
        self.network = network.to(device, memory_format=torch.channels_last_3d)
        self.shadow = ARCHITECTURES[options.architecture]().to(device)
        self.shadow.load_state_dict(self.network.state_dict())
        self.model = ranks.joined(self.network, device)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), options.rate, weight_decay=options.decay, fused=True
        )
        # At scale 1 it does one thing: leave out steps that are not finite, unseen by the host.
        self.scaler = torch.amp.GradScaler(device.type, init_scale=1.0, growth_interval=2**31 - 1)
        self.running = torch.full((len(PARTS),), float("nan"), device=device)
        self.left_out = torch.zeros((), dtype=torch.long, device=device)
        self.steps = 0

    def step(self, crops: Crops, rate: float) -> None:
        """One step of optimisation at a learning rate."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        density = crops.density[:, None].contiguous(memory_format=torch.channels_last_3d)
        with autocast(self.device, training=True):
            logits = self.model(density)
        loss, parts = multi_task_loss(logits, crops)
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimizer)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.steps += 1
        self._average(min(self.options.average, (1 + self.steps) / (10 + self.steps)))
        self.left_out += ~torch.isfinite(norm)
        known = torch.where(torch.isfinite(self.running), self.running, parts)
        self.running = torch.where(torch.isfinite(parts), known.lerp(parts, 0.02), self.running)

    @torch.no_grad()
    def _average(self, decay: float) -> None:
        # In the order of the network's own names: batch norm over GPUs keeps them.
        old, new = self.shadow.state_dict(), self.network.state_dict()
        floating = [name for name, value in old.items() if value.is_floating_point()]
        torch._foreach_lerp_([old[n] for n in floating], [new[n] for n in floating], 1 - decay)
        for name in old.keys() - set(floating):
            old[name].copy_(new[name])

    def losses(self) -> dict[str, float]:
        """Running mean of each head's loss; waits for the device."""
        return dict(zip(PARTS, self.running.tolist()))

    def save(self, path: Path, **more: object) -> None:
        """Write all that it takes to go on, by atomic rename."""
        with appearing(path) as temporary:
            torch.save(
                {
                    "network": self.network.state_dict(),
                    "shadow": self.shadow.state_dict(),
                    "optimizer": self.optimizer.state_dict(),
                    "step": self.steps,
                    "options": asdict(self.options),
                    **more,
                },
                temporary,
            )

    def load(self, path: Path) -> dict[str, object]:
        """Go on from a checkpoint; returns all that is in it."""
        state = torch.load(path, map_location=self.device, weights_only=True)
        before = state["options"]["architecture"]
        if before != self.options.architecture:
            raise InputError(f"{path.parent}: a run of {before}; give another folder")
        self.network.load_state_dict(state["network"])
        self.shadow.load_state_dict(state["shadow"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.steps = state["step"]
        return state


class _Pace:
    """Crops a second, and the share of time that training waits for them."""

    def __init__(self) -> None:
        self.begun, self.crops, self.waited = time.perf_counter(), 0, 0.0

    def speed(self) -> float:
        return self.crops / max(time.perf_counter() - self.begun, 1e-9)

    def waiting(self) -> float:
        return self.waited / max(time.perf_counter() - self.begun, 1e-9)


def automatic_batch(architecture: str, side: int, device: torch.device) -> int:
    """Crops a step: 2 on processors; on a GPU what fits in its free memory, 32 at most."""
    if device.type != "cuda":
        return 2
    network = ARCHITECTURES[architecture]().to(device, memory_format=torch.channels_last_3d)

    def peak(batch: int) -> int:
        torch.cuda.reset_peak_memory_stats(device)
        with autocast(device, training=True):
            out = network(torch.zeros(batch, 1, side, side, side, device=device))
        out.float().square().mean().backward()
        network.zero_grad(set_to_none=True)
        return torch.cuda.max_memory_allocated(device)

    # The loss, the batches made ahead and cuDNN's workspaces want their part too.
    each = max(peak(4) - peak(2), 1) / 2
    free = torch.cuda.mem_get_info(device)[0]
    return min(_LARGEST_BATCH, max(2, int(0.5 * free / each)))


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()}, {torch.get_num_threads()} threads"


def train(
    data: Data,
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

    Raises
    ------
    InputError
        The folder holds a run of another architecture.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True
    batch = options.batch or automatic_batch(options.architecture, options.side, device)
    options = replace(options, batch=batch, workers=options.workers or workers_beside(device))
    learner = Learner(options, device, ranks, start_from)
    checkpoint, spent = folder / "checkpoint.pt", 0.0
    if checkpoint.exists():
        state = learner.load(checkpoint)
        spent = state["spent"]
        report(f"going on at step {learner.steps}, {spent / 60:.1f} minutes spent")
        for name, value in asdict(options).items():
            before = state["options"].get(name)
            if before != value:
                report(f"changed since: {name} was {before}, is {value}")
        if start_from is not None:
            report("the weights are the checkpoint's, not those of the network to start from")
    # Dropout differs from rank to rank; after a stop it does not repeat itself.
    torch.manual_seed(options.seed + 1000 * learner.steps + ranks.rank)
    looked_at: dict[str, Crops] = {}
    if ranks.rank == 0:
        looked_at = validation_crops(
            data.held_out, data.held_out_pairs, options.side, device, options.validation_crops
        )
    source = CropSource(
        data.chains, data.pairs, SimulationRange(corruption=options.corruption,
                                                 without=options.without),
        batch=batch, side=options.side, experimental=options.experimental, device=device,
        seed=(options.seed, ranks.rank), first=learner.steps, workers=options.workers,
    )  # fmt: skip

    def check(since: _Pace) -> None:
        figures = validate(learner.shadow, looked_at)
        pace = {
            "crops_per_second": round(since.speed(), 2),
            "waiting": round(since.waiting(), 3),
        }
        tabulate(
            folder / "log.csv",
            {"step": learner.steps, "minutes": round(spent / 60, 3), **pace,
             **{f"train_{name}": value for name, value in learner.losses().items()}, **figures},
        )  # fmt: skip
        plot(folder / "log.csv", folder / "training.png")
        report("  ".join(f"{name} {value:.3f}" for name, value in figures.items()))
        learner.save(checkpoint, spent=spent)
        card = {
            **data.about,
            "chains": len(data.chains),
            "pairs": [pair.name for pair in data.pairs],
            "options": asdict(options),
            "steps": learner.steps,
            "minutes": round(spent / 60, 1),
            "device": _device_name(device),
            "processes": ranks.count,
            **pace,
            "validation": figures,
        }
        save_network(folder / "network.safetensors", learner.shadow, options.architecture, card)
        with appearing(folder / "card.json") as temporary:
            temporary.write_text(json.dumps(card, indent=1), encoding="utf-8")

    schedule = SCHEDULES[options.schedule]
    share = ranks.agree(options.share(spent, learner.steps))
    checked = (spent, learner.steps)
    whole, recent, last = _Pace(), _Pace(), time.monotonic()
    try:
        while share < 1:
            begun = time.perf_counter()
            crops = source.next()
            waited = time.perf_counter() - begun
            learner.step(crops, options.rate * schedule(share))
            for pace in (whole, recent):
                pace.crops += batch * ranks.count
                pace.waited += waited
            now = time.monotonic()
            spent, last = spent + now - last, now
            share = ranks.agree(options.share(spent, learner.steps))
            if ranks.rank:
                continue
            if learner.steps % _REPORT == 0:
                told = "  ".join(f"{name} {value:.3f}" for name, value in learner.losses().items())
                report(f"step {learner.steps}  {spent / 60:.1f} min ({share:.0%})  {told}")
                report(
                    f"  {recent.speed():.2f} crops/s trained, {recent.waiting():.0%} of the time "
                    f"waiting for crops; {source.speed * ranks.count:.2f} crops/s could be made"
                )
                if left_out := int(learner.left_out):
                    report(f"  {left_out} steps left out: gradient not finite")
                recent = _Pace()
            if options.validate_steps is not None:
                due = learner.steps - checked[1] >= options.validate_steps
            else:
                due = spent - checked[0] >= 60 * options.validate_minutes
            if due or share >= 1:
                check(whole)
                checked = (spent, learner.steps)
                whole, recent = _Pace(), _Pace()
    except KeyboardInterrupt:
        if ranks.rank == 0:
            learner.save(checkpoint, spent=spent)
            report(f"stopped at step {learner.steps}; the same command goes on from there")
        raise
    finally:
        source.close()
    return folder / "network.safetensors"
