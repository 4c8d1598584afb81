"""Train the network that reads amino acids along a chain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from critasser.network.residue.chain_network import LOGIT_SCALE, ChainConvolutions
from critasser.network.residue.chain_reading import along_chain
from critasser.network.training.chain_examples import (
    ChainMaker,
    ReadChains,
    load_chains,
    save_chains,
)
from critasser.network.training.crops import Degradation
from critasser.network.training.loop import StepBudget, train_in_steps, validated
from critasser.network.training.packing import TrainingData
from critasser.network.weights import save_network
from critasser.writing import appearing

__all__ = ["ChainTraining", "train_chain_network"]

LONGEST = 128
"""Residues of a chain that are taken at once."""

BACKWARDS, SPLICED = 0.25, 0.3
"""Share of chains that are traced backwards, and of those that jump to another one."""

WRONG, UNREAD, UNPLACED = 0.2, 0.1, 0.15
"""Largest share of a chain's residues with a wrong neighbour, that were not read between their
neighbours, and that a trace leaves out."""

AVERAGE = 0.998
"""Decay of the moving average of weights."""

UNASKED = -1

DIGITS = 8
"""Of the name of what crops were read by."""

SHELLS = ((0.0, 3.4), (3.4, 4.5), (4.5, 9.0))
"""Å, of validation."""

_VAL_SEED = 1


@dataclass(frozen=True)
class ChainTraining:
    """How the network is trained.

    Attributes
    ----------
    steps : int
        Budget, resumed runs included.
    crops, validation_crops, map_crops : int
        Simulated crops of split train and of split val, and crops of experimental maps, that are
        read once and kept.
    batch : int
        Chains a step.
    width : int
        Of the layers.
    rate : float
        Highest learning rate.
    validate_steps : int
        Between validations.
    seed : int
    """

    steps: int = 3000
    crops: int = 400
    validation_crops: int = 50
    map_crops: int = 34
    batch: int = 24
    width: int = 64
    rate: float = 2e-3
    validate_steps: int = 250
    seed: int = 0


@dataclass(frozen=True, eq=False)
class _Line:
    """One chain, or a stretch of one, as the trace has it; `L` residues."""

    inputs: NDArray[np.float32]
    hidden: NDArray[np.float32]
    residue_type: NDArray[np.int8]


def _whole_lines(chains: ReadChains) -> list[_Line]:
    """All chains of a crop as they are."""
    return [
        _assembled(chains, rows, np.zeros(len(rows), int), np.ones(len(rows), bool))
        for rows in _rows_of_lines(chains)
    ]


def _rows_of_lines(chains: ReadChains) -> list[NDArray[np.int64]]:
    return np.split(np.arange(len(chains.line)), np.flatnonzero(np.diff(chains.line)) + 1)


def _assembled(
    chains: ReadChains,
    rows: NDArray[np.int64],
    way: NDArray[np.int64],
    read: NDArray[np.bool_],
) -> _Line:
    """A way through residues `rows`, each as it was read in `way`, if it was `read` at all."""
    told = np.where(read[:, None], chains.told[way, rows], 0).astype(np.float32)
    hidden = np.where(read[:, None], chains.hidden[way, rows], 0).astype(np.float32)
    inputs = along_chain(
        chains.known[rows].astype(np.float32), told, chains.positions[rows].astype(np.float64)
    )
    return _Line(inputs, hidden.T, chains.residue_type[rows])


def _as_traced(chains: ReadChains, rng: np.random.Generator) -> _Line:
    """A chain with the errors of a trace."""
    lines = _rows_of_lines(chains)
    length = np.array([len(rows) for rows in lines])
    first, second = rng.choice(len(lines), 2, p=length / length.sum())
    rows, way, read = _stretch(lines[first], LONGEST, rng)
    if rng.random() < SPLICED:
        kept = int(rng.integers(1, len(rows) + 1))
        joined = _stretch(lines[second], max(LONGEST - kept, 1), rng)
        parts = zip((rows[:kept], way[:kept], read[:kept]), joined)
        rows, way, read = (np.concatenate(both) for both in parts)
        read[max(kept - 1, 0) : kept + 1] = False
    n = len(rows)
    way = np.where(rng.random(n) < rng.uniform(0, WRONG), 2, way)
    read &= rng.random(n) >= rng.uniform(0, UNREAD)
    left_out = rng.random(n) < rng.uniform(0, UNPLACED)
    read &= ~(left_out | np.roll(left_out, 1) | np.roll(left_out, -1))
    line = _assembled(chains, rows, way, read)
    line.inputs[:, left_out] = 0.0
    line.hidden[:, left_out] = 0.0
    return _Line(line.inputs, line.hidden, np.where(left_out, UNASKED, line.residue_type))


def _stretch(
    rows: NDArray[np.int64], longest: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """A stretch of a chain, backwards at times: rows, how each is read, and whether it is."""
    begin = int(rng.integers(max(len(rows) - longest, 0) + 1))
    rows = rows[begin : begin + longest]
    backwards = rng.random() < BACKWARDS
    rows = rows[::-1] if backwards else rows
    read = np.ones(len(rows), bool)
    read[[0, -1]] = False
    return rows, np.full(len(rows), int(backwards)), read


def _batch(lines: Sequence[_Line]) -> tuple[Tensor, Tensor, Tensor]:
    """Inputs (n, 110, L), hidden (n, h, L) and amino acids (n, L)."""
    size = max(len(line.residue_type) for line in lines)

    def padded(values: NDArray, fill: float = 0) -> NDArray:
        wide = [(0, 0)] * (values.ndim - 1) + [(0, size - values.shape[-1])]
        return np.pad(values, wide, constant_values=fill)

    return (
        torch.from_numpy(np.stack([padded(line.inputs) for line in lines])),
        torch.from_numpy(np.stack([padded(line.hidden) for line in lines])),
        torch.from_numpy(
            np.stack([padded(line.residue_type, UNASKED) for line in lines]).astype(np.int64)
        ),
    )


def _validation(sets: dict[str, list[ReadChains]]) -> Callable[[nn.Module], dict[str, float]]:
    """Figures of sets of crops: the first reading's and the second's share right, and what both
    cost in nats a residue."""
    lines = {
        name: [line for one in some for line in _whole_lines(one)] for name, some in sets.items()
    }

    def figures(network: nn.Module) -> dict[str, float]:
        found = {}
        for name, some in lines.items():
            first, second, truth = [], [], []
            for line in some:
                inputs, hidden, asked = _batch([line])
                known = asked[0] >= 0
                first.append(inputs[0, :20, known].T * LOGIT_SCALE)
                second.append(network(inputs, hidden)[0, :, known].T)
                truth.append(asked[0, known])
            right = torch.cat(truth)
            for kind, logits in (("first", torch.cat(first)), ("second", torch.cat(second))):
                found[f"{kind}_{name}"] = float((logits.argmax(1) == right).float().mean())
                found[f"{kind}_cost_{name}"] = float(nn.functional.cross_entropy(logits, right))
        return found

    return figures


def _made(
    folder: Path, name: str, count: int, make: Callable[[int], ReadChains | None],
    report: Callable[[str], None],
) -> list[ReadChains]:  # fmt: skip
    """Crops read and kept in `folder`; those that are there are not read again."""
    folder.mkdir(parents=True, exist_ok=True)
    result, fresh = [], 0
    for k in range(count):
        path = folder / f"{name}-{k:05d}.npz"
        if not path.exists():
            save_chains(path, make(k))
            fresh += 1
        chains = load_chains(path)
        if chains is not None:
            result.append(chains)
    if fresh:
        report(f"{fresh} crops of {name} read")
    return result


def _source(weights: Path, residue_weights: Path, options: ChainTraining) -> str:
    """What crops were read by, in short."""
    digest = hashlib.sha256(str(options.seed).encode())
    for path in (weights, residue_weights):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:DIGITS]


def _shells(some: list[ReadChains], name: str) -> dict[str, list[ReadChains]]:
    """Crops by resolution, those shells that are there."""
    shells = {
        f"{name}_{low:g}-{high:g}": [one for one in some if low <= one.resolution < high]
        for low, high in SHELLS
    }
    return {shell: inside for shell, inside in shells.items() if inside}


def train_chain_network(
    data: TrainingData,
    options: ChainTraining,
    folder: Path,
    weights: Path,
    residue_weights: Path,
    *,
    report: Callable[[str], None] = print,
) -> Path:
    """Read crops once, train for a number of steps and write ``chain.safetensors`` in `folder`.

    A run that was interrupted goes on where it was, in either part. Experimental maps are only
    looked at: the residue network has learnt theirs by heart.

    Parameters
    ----------
    data : TrainingData
    options : ChainTraining
    folder : Path
        Of the run; crops that are read lie in its folder ``chains-…``, by networks and seed.
    weights, residue_weights : Path
        The networks that read first.
    report : callable
        Given every line of progress.

    Returns
    -------
    Path
        Of the network.
    """
    folder.mkdir(parents=True, exist_ok=True)
    device = torch.device("cpu")
    degradation = Degradation.of(data.pairs, device)

    def maker(atoms: list, seed: int) -> ChainMaker:
        return ChainMaker(atoms, degradation, weights, residue_weights, seed, device)

    learn, judge = maker(data.chains, options.seed), maker(data.held_out, options.seed + _VAL_SEED)
    kept, pairs = folder / f"chains-{_source(weights, residue_weights, options)}", data.pairs
    made = _made(kept, "train", options.crops, learn.simulated, report)
    sets = _shells(
        _made(kept, "val", options.validation_crops, judge.simulated, report), "val"
    )
    if pairs:
        of_maps = _made(
            kept, "map", options.map_crops,
            lambda k: learn.experimental(pairs[k % len(pairs)], k), report,
        )  # fmt: skip
        sets |= _shells(of_maps, "map")
    torch.manual_seed(options.seed)
    network = ChainConvolutions(options.width, made[0].hidden.shape[-1])
    size = np.array([(one.residue_type >= 0).sum() for one in made], float)

    def loss_of(network: nn.Module, rng: np.random.Generator) -> Tensor:
        chosen = rng.choice(len(made), options.batch, p=size / size.sum())
        inputs, hidden, truth = _batch([_as_traced(made[k], rng) for k in chosen])
        return nn.functional.cross_entropy(network(inputs, hidden), truth, ignore_index=UNASKED)

    validate = _validation(sets)
    budget = StepBudget(
        options.steps, options.rate, options.validate_steps, options.seed, AVERAGE
    )
    network = train_in_steps(network, budget, folder, loss_of, validate, report)
    card = {**data.about, "crops": len(made), "residues": int(size.sum()),
            "options": asdict(options), "validation": validated(network, validate)}  # fmt: skip
    path = folder / "chain.safetensors"
    save_network(path, network, "chain", card)
    with appearing(folder / "card.json") as temporary:
        temporary.write_text(json.dumps(card, indent=1), encoding="utf-8")
    return path
