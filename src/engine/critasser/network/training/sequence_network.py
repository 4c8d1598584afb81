"""Train the network that reads secondary structure and burial from the sequence alone.

It is a few residual convolutions along the chain, after those that read single sequences for
secondary structure and exposure (Heffernan et al. 2018, J Comput Chem 39, 2210), small enough for
minutes on one core. `critasser.structure.sequence_profile` evaluates it without torch.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from critasser.network.device import autocast
from critasser.network.training.loop import StepBudget, train_in_steps, validated
from critasser.network.training.packing import Atoms, TrainingData
from critasser.structure import AMINO_ACIDS
from critasser.structure.exposure import BACK_EDGES, SIDE_EDGES, chain_exposure
from critasser.writing import appearing

__all__ = ["SequenceConvolutions", "SequenceTraining", "train_sequence_network"]

HEADS = {"structure": 3, "side": len(SIDE_EDGES) + 1, "back": len(BACK_EDGES) + 1}
"""Classes of each output; all are of equal weight in the loss."""

INPUTS = len(AMINO_ACIDS) + 2
"""Amino acids, one that is not known, and that there is a residue at all."""

FIRST_SIZE, SIZE, DILATIONS = 11, 7, (1, 2, 3)
"""Residues that convolutions span, and their steps in each block."""
DROPOUT = 0.15

CROP, CUT_END = 200, 16
"""Residues of a longer chain that are taken at once, and how many at a cut end are read with too
little around them to be learnt."""

UNASKED = -100
"""Class of residues of which nothing is asked."""

PROCESSOR = torch.device("cpu")
"""So small a network would wait for a GPU more than it computes."""

HIDDEN_SHARE = 0.05
"""Of amino acids that are hidden in training, as those that nobody knows."""


@dataclass(frozen=True)
class SequenceTraining:
    """How the network is trained.

    Attributes
    ----------
    steps : int
        Budget, resumed runs included.
    batch : int
        Chains a step.
    width : int
        Of the network's layers.
    rate : float
        Highest learning rate.
    validate_steps : int
        Between validations.
    seed : int
    """

    steps: int = 2000
    batch: int = 24
    width: int = 64
    rate: float = 2e-3
    validate_steps: int = 250
    seed: int = 0


class SequenceConvolutions(nn.Module):
    """Amino acids ``(n, 22, L)`` → logits ``(n, 19, L)`` in the order of `HEADS`."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(INPUTS, width, FIRST_SIZE, padding="same")
        self.blocks = nn.ModuleList(
            nn.ModuleList([
                nn.Conv1d(width, width, SIZE, padding="same", dilation=dilation),
                nn.Conv1d(width, width, SIZE, padding="same"),
            ])
            for dilation in DILATIONS
        )  # fmt: skip
        for _, second in self.blocks:
            nn.init.zeros_(second.weight)
            nn.init.zeros_(second.bias)
        self.last = nn.Conv1d(width, sum(HEADS.values()), 1)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor) -> Tensor:
        inside = x[:, -1:]
        hidden = self.first(x) * inside
        for first, second in self.blocks:
            inner = torch.relu(first(torch.relu(hidden)) * inside)
            hidden = hidden + second(self.dropout(inner)) * inside
        return self.last(self.dropout(torch.relu(hidden)))


@dataclass(frozen=True, eq=False)
class _Chain:
    """Amino acids (L,), and the class of each residue in each head (3, L)."""

    codes: NDArray[np.int64]
    classes: NDArray[np.int64]

    @classmethod
    def of(cls, atoms: Atoms) -> _Chain:
        exposure = chain_exposure(atoms.positions[atoms.calpha].astype(np.float64))
        known = np.isfinite(exposure).all(axis=1)
        bins = [
            np.where(known, np.searchsorted(edges, column, side="right"), UNASKED)
            for edges, column in zip((SIDE_EDGES, BACK_EDGES), np.nan_to_num(exposure).T)
        ]
        structure = atoms.residue_structure.astype(np.int64)
        return cls(atoms.residue_type.astype(np.int64), np.stack([structure, *bins]))


def _batch(
    chains: list[_Chain], rng: np.random.Generator, longest: int | None
) -> tuple[Tensor, Tensor]:
    """Inputs (n, 22, L) and classes (n, 3, L); chains longer than `longest` are cut."""
    size = max(len(chain.codes) for chain in chains)
    size = size if longest is None else min(size, longest)
    x = np.zeros((len(chains), INPUTS, size), dtype=np.float32)
    y = np.full((len(chains), len(HEADS), size), UNASKED)
    for k, chain in enumerate(chains):
        over = max(len(chain.codes) - size, 0)
        begin = int(rng.integers(over + 1))
        codes = chain.codes[begin : begin + size]
        classes = chain.classes[:, begin : begin + size].copy()
        n = len(codes)
        if begin:
            classes[:, :CUT_END] = UNASKED
        if begin < over:
            classes[:, -CUT_END:] = UNASKED
        if longest is not None:
            codes = np.where(rng.random(n) < HIDDEN_SHARE, len(AMINO_ACIDS), codes)
        x[k, codes, np.arange(n)] = 1.0
        x[k, -1, :n] = 1.0
        y[k, :, :n] = classes
    return torch.from_numpy(x), torch.from_numpy(y)


def _losses(logits: Tensor, classes: Tensor) -> list[Tensor]:
    """Cross-entropy of each head over residues that are asked for, nats."""
    parts = logits.split(list(HEADS.values()), dim=1)
    return [
        nn.functional.cross_entropy(part, classes[:, k], ignore_index=UNASKED)
        for k, part in enumerate(parts)
    ]


def _background(chains: list[_Chain]) -> Tensor:
    """Logarithms (19,) of how frequent each class is; each is taken to occur once more."""
    parts = []
    for k, count in enumerate(HEADS.values()):
        found = np.concatenate([chain.classes[k] for chain in chains])
        counts = np.bincount(found[found >= 0], minlength=count) + 1.0
        parts.append(np.log(counts / counts.sum()))
    return torch.tensor(np.concatenate(parts), dtype=torch.float32)


def _figures(
    network: nn.Module, chains: list[_Chain], background: Tensor
) -> dict[str, float]:
    """Nats a residue by which each head tells more than its background, and Q3, over chains."""
    rng, gained, right, asked = np.random.default_rng(0), [], 0, 0
    frequency = background[None, :, None]
    for chain in chains:
        x, y = _batch([chain], rng, None)
        logits = network(x)
        plain = _losses(frequency.expand_as(logits), y)
        told = _losses(logits, y)
        gained.append([float(a - b) * len(chain.codes) for a, b in zip(plain, told)])
        right += int((logits[:, : HEADS["structure"]].argmax(dim=1) == y[:, 0]).sum())
        asked += len(chain.codes)
    gains = np.nansum(gained, axis=0) / asked
    return {f"gain_{name}": float(g) for name, g in zip(HEADS, gains)} | {"q3": right / asked}


def train_sequence_network(
    data: TrainingData,
    options: SequenceTraining,
    folder: Path,
    *,
    report: Callable[[str], None] = print,
) -> Path:
    """Train for a number of steps and write ``sequence.safetensors`` in `folder`.

    A run that was interrupted goes on from its last checkpoint.

    Parameters
    ----------
    data : TrainingData
        Of which the maps are not looked at.
    options : SequenceTraining
    folder : Path
        Of the run.
    report : callable
        Given every line of progress.

    Returns
    -------
    Path
        Of the network.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chains, held_out = ([_Chain.of(one) for one in some] for some in (data.chains, data.held_out))
    background = _background(chains)
    torch.manual_seed(options.seed)
    network = SequenceConvolutions(options.width)
    length = np.array([len(chain.codes) for chain in chains])
    share = np.maximum(length, CROP) / np.maximum(length, CROP).sum()

    def loss_of(network: nn.Module, rng: np.random.Generator) -> Tensor:
        chosen = rng.choice(len(chains), options.batch, p=share)
        return sum(_losses(*_with_logits(network, [chains[k] for k in chosen], rng)))

    def validate(network: nn.Module) -> dict[str, float]:
        return _figures(network, held_out, background)

    budget = StepBudget(options.steps, options.rate, options.validate_steps, options.seed)
    train_in_steps(network, budget, folder, loss_of, validate, report)
    card = {**data.about, "chains": len(chains), "options": asdict(options),
            "steps": options.steps, "validation": validated(network, validate)}  # fmt: skip
    _write(folder / "sequence.safetensors", network, background, card)
    return folder / "sequence.safetensors"


def _with_logits(
    network: SequenceConvolutions, chains: list[_Chain], rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    x, y = _batch(chains, rng, CROP)
    with autocast(PROCESSOR, training=True):
        logits = network(x)
    return logits.float(), y


def _write(
    path: Path, network: SequenceConvolutions, background: Tensor, card: dict[str, object]
) -> None:
    """Weights in half precision, by atomic rename."""
    tensors = {n: v.detach().half().contiguous() for n, v in network.state_dict().items()}
    metadata = {"config": json.dumps({"dilations": DILATIONS}), "card": json.dumps(card)}
    with appearing(path) as temporary:
        save_file({**tensors, "background": background}, temporary, metadata=metadata)
