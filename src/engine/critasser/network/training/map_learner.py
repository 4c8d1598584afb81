"""Optimise the map network: options, learning rate by the budget that is used up, one step."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import nn

from critasser.errors import InputError
from critasser.network.device import autocast
from critasser.network.training.distributed import Ranks
from critasser.network.training.losses import PARTS, multi_task_loss
from critasser.network.training.simulation import Crops
from critasser.network.weights import ARCHITECTURES
from critasser.writing import appearing

__all__ = ["SCHEDULES", "Learner", "TrainingOptions", "automatic_batch"]

CPU_BATCH, LARGEST_BATCH = 2, 32
"""Crops a step on processors, and at most on a GPU."""

SHARE_OF_MEMORY = 0.5
"""Of a GPU's free memory for a step; the loss, the batches made ahead and cuDNN want the rest."""

TRIED_BATCHES = (2, 4)
"""Between which the memory of a crop is measured."""

RUNNING_MEAN = 0.02
"""Share of a step's loss in the running mean that is reported."""

LARGEST_GRADIENT = 2.0

WARM_UP, FIRST_RATE, LAST_RATE = 0.05, 0.05, 0.01
"""Of the cosine schedule: share of the budget over which the learning rate rises, its first and its
last value over the highest."""

CYCLE_WARM_UP, CYCLE_FIRST_RATE, CYCLE_LAST_RATE = 0.3, 0.04, 1e-4
"""The same of the one-cycle schedule."""

NO_GROWTH = 2**31 - 1
"""Steps after which the scaler of gradients would grow: never."""


def _cosine(share: float) -> float:
    """Up over the first 5 % of the budget, then down as a cosine."""
    if share < WARM_UP:
        return FIRST_RATE + (1 - FIRST_RATE) * share / WARM_UP
    return LAST_RATE + (1 - LAST_RATE) * _fall(min((share - WARM_UP) / (1 - WARM_UP), 1))


def _one_cycle(share: float) -> float:
    """Up over the first 30 % and down to next to nothing, both as cosines.

    Smith & Topin, Proc. SPIE 11006, 1100612 (2019).
    """
    if share < CYCLE_WARM_UP:
        return CYCLE_FIRST_RATE + (1 - CYCLE_FIRST_RATE) * (1 - _fall(share / CYCLE_WARM_UP))
    past = min((share - CYCLE_WARM_UP) / (1 - CYCLE_WARM_UP), 1)
    return CYCLE_LAST_RATE + (1 - CYCLE_LAST_RATE) * _fall(past)


def _fall(share: float) -> float:
    """From 1 to 0 as a cosine."""
    return 0.5 * (1 + math.cos(math.pi * share))


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
        self.model = ranks.distributed(self.network, device)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), options.rate, weight_decay=options.decay, fused=True
        )
        # At scale 1 it does one thing: leave out steps that are not finite, unseen by the host.
        self.scaler = torch.amp.GradScaler(device.type, init_scale=1.0, growth_interval=NO_GROWTH)
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
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.steps += 1
        self._average(min(self.options.average, (1 + self.steps) / (10 + self.steps)))
        self.left_out += ~torch.isfinite(norm)
        before = torch.where(torch.isfinite(self.running), self.running, parts)
        mean = before.lerp(parts, RUNNING_MEAN)
        self.running = torch.where(torch.isfinite(parts), mean, self.running)

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


def automatic_batch(architecture: str, side: int, device: torch.device) -> int:
    """Crops a step: 2 on processors; on a GPU what fits in its free memory, 32 at most."""
    if device.type != "cuda":
        return CPU_BATCH
    network = ARCHITECTURES[architecture]().to(device, memory_format=torch.channels_last_3d)

    def peak(batch: int) -> int:
        torch.cuda.reset_peak_memory_stats(device)
        with autocast(device, training=True):
            out = network(torch.zeros(batch, 1, side, side, side, device=device))
        out.float().square().mean().backward()
        network.zero_grad(set_to_none=True)
        return torch.cuda.max_memory_allocated(device)

    few, more = TRIED_BATCHES
    each = max(peak(more) - peak(few), 1) / (more - few)
    free = torch.cuda.mem_get_info(device)[0]
    return min(LARGEST_BATCH, max(CPU_BATCH, int(SHARE_OF_MEMORY * free / each)))
