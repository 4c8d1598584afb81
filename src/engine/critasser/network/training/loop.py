"""Train small networks for a number of steps: stopped at any time, gone on with, and logged."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from critasser.network.training.validation import tabulate
from critasser.writing import appearing

__all__ = ["StepBudget", "train_in_steps", "validated"]

WARM_UP, LARGEST_GRADIENT, DECAY = 50, 1.0, 0.05
"""Steps over which the learning rate rises; norm to which gradients are clipped; weight decay."""

FIRST_STEPS = 10
"""Over so many steps the moving average of weights forgets the first ones faster."""


@dataclass(frozen=True)
class StepBudget:
    """How long, how fast and from which random numbers.

    Attributes
    ----------
    steps : int
        Resumed runs included.
    rate : float
        Highest learning rate; it falls to 0 as a cosine.
    validate_steps : int
        Between validations.
    seed : int
    average : float
        Decay of the moving average of weights that is validated and returned; 0 for none.
    """

    steps: int
    rate: float
    validate_steps: int
    seed: int = 0
    average: float = 0.0


class _Run:
    """A network, its moving average and its optimiser."""

    def __init__(self, network: nn.Module, budget: StepBudget, checkpoint: Path) -> None:
        self.network, self.budget, self.checkpoint = network, budget, checkpoint
        self.shadow = copy.deepcopy(network) if budget.average else network
        self.optimizer = torch.optim.AdamW(network.parameters(), budget.rate, weight_decay=DECAY)
        self.steps = 0

    def step(self, loss_of: Callable[[nn.Module, np.random.Generator], Tensor]) -> float:
        """One step of optimisation; the loss before it."""
        budget = self.budget
        rng = np.random.default_rng((budget.seed, self.steps))
        torch.manual_seed(budget.seed + self.steps)
        loss = loss_of(self.network, rng)
        for group in self.optimizer.param_groups:
            group["lr"] = budget.rate * _schedule(self.steps, budget.steps)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        self.optimizer.step()
        self.steps += 1
        if self.shadow is not self.network:
            self._average()
        return loss.item()

    @torch.no_grad()
    def _average(self) -> None:
        share = 1 - min(self.budget.average, (1 + self.steps) / (FIRST_STEPS + self.steps))
        for old, new in zip(self.shadow.parameters(), self.network.parameters()):
            old.lerp_(new, share)

    def save(self) -> None:
        """Write all that it takes to go on, by atomic rename."""
        state = {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict(),
                 "shadow": self.shadow.state_dict(), "step": self.steps}  # fmt: skip
        with appearing(self.checkpoint) as temporary:
            torch.save(state, temporary)

    def load(self) -> None:
        """Go on from the checkpoint."""
        state = torch.load(self.checkpoint, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.shadow.load_state_dict(state["shadow"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.steps = state["step"]


def _schedule(step: int, steps: int) -> float:
    """Rate over its highest: up over the first steps, then down to 0 as a cosine."""
    return min((step + 1) / WARM_UP, 1.0) * 0.5 * (1 + math.cos(math.pi * step / steps))


def train_in_steps(
    network: nn.Module,
    budget: StepBudget,
    folder: Path,
    loss_of: Callable[[nn.Module, np.random.Generator], Tensor],
    validate: Callable[[nn.Module], dict[str, float]],
    report: Callable[[str], None],
) -> nn.Module:
    """Train a network on the processor.

    A run that was interrupted goes on from its last checkpoint, ``checkpoint.pt`` in `folder`;
    figures of validation go to ``log.csv``.

    Parameters
    ----------
    network : Module
        Trained in place.
    budget : StepBudget
    folder : Path
        Of the run.
    loss_of : callable
        The loss of one batch, of which all randomness comes from the generator that it is given.
    validate : callable
        Figures of a network in evaluation mode, without gradients.
    report : callable
        Given every line of progress.

    Returns
    -------
    Module
        The network, or its moving average.
    """
    folder.mkdir(parents=True, exist_ok=True)
    run = _Run(network, budget, folder / "checkpoint.pt")
    if run.checkpoint.exists():
        run.load()
        report(f"going on at step {run.steps} of {budget.steps}")
    losses: list[float] = []
    network.train()
    try:
        while run.steps < budget.steps:
            losses.append(run.step(loss_of))
            if run.steps % budget.validate_steps == 0 or run.steps == budget.steps:
                figures = {"step": run.steps, "loss": float(np.mean(losses)),
                           **validated(run.shadow, validate)}  # fmt: skip
                report("  ".join(f"{name} {value:.4g}" for name, value in figures.items()))
                tabulate(folder / "log.csv", figures)
                losses.clear()
                run.save()
    except KeyboardInterrupt:
        run.save()
        report(f"stopped at step {run.steps}; the same command goes on from there")
        raise
    return run.shadow


@torch.no_grad()
def validated(
    network: nn.Module, validate: Callable[[nn.Module], dict[str, float]]
) -> dict[str, float]:
    """Figures of a network, which is left in the mode in which it was."""
    training = network.training
    network.eval()
    figures = validate(network)
    network.train(training)
    return figures
