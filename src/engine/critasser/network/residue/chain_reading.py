"""Read amino acids a second time, along a chain that has been traced.

The first reading takes each position by itself, in every frame that its neighbours allow. Once a
trace says what comes before and after a residue its frame is known, and what is read of its
neighbours in the chain and in space tells of it: how well the map shows side chains here, whether
the chain runs this way at all, which amino acids go together. A few convolutions along the chain
turn that into amino acids that are better told, and no surer than they should be.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from torch import nn

from critasser.density import Grid
from critasser.network.device import choose_device
from critasser.network.residue.chain_network import (
    LOGIT_SCALE,
    OFFSETS,
    READING,
    STEP_INPUTS,
)
from critasser.network.residue.network import AMINO_ACID
from critasser.network.residue.reading import CUBE, LEAST_AMINO_ACID, read_triples
from critasser.network.weights import load_network
from critasser.structure import CalphaSet
from critasser.structure.exposure import half_sphere_exposure

__all__ = [
    "Steps",
    "along_chain",
    "chain_triples",
    "of_positions",
    "read_along",
    "read_steps",
]

AROUND = (4.5, 10.0, 6.0)
"""Å: positions between the first two are around another one; width of the Gaussian by which they
count."""

NEAREST, FARTHEST = 2.4, 5.6
"""Å between Cα of neighbours whose frame is read."""

LEAST_SPAN = 4.0
"""Å between the Cα before and after."""

DISTANCE_SCALE, EXPOSURE_SCALE = 5.0, 20.0
"""Å and Cα that inputs are divided by, so that all are about 1."""

LARGEST_LOGIT = 15.0

LEAST_PROBABILITY = 0.01


def of_positions(calpha: CalphaSet) -> NDArray[np.float32]:
    """What is known of positions whatever the chain (n, `POSITION_INPUTS`)."""
    amino_acid = calpha.amino_acid + LEAST_AMINO_ACID
    logs = np.log(amino_acid / amino_acid.sum(axis=1, keepdims=True))
    near, far, width = AROUND
    tree = cKDTree(calpha.positions)
    pairs = tree.sparse_distance_matrix(tree, far, output_type="coo_matrix")
    apart = pairs.data >= near
    row, column, distance = pairs.row[apart], pairs.col[apart], pairs.data[apart]
    weight = np.exp(-0.5 * (distance / width) ** 2) * calpha.probability[column]
    total = np.bincount(row, weight, len(calpha))
    mean = np.stack(
        [np.bincount(row, weight * p[column], len(calpha)) for p in calpha.amino_acid.T], axis=1
    )
    mean /= np.maximum(total, LEAST_PROBABILITY)[:, None]
    probability = np.clip(calpha.probability, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    odds = np.log(probability / (1 - probability))
    return np.concatenate(
        [
            logs / LOGIT_SCALE, mean, calpha.secondary_structure, odds[:, None] / LOGIT_SCALE,
        ],
        axis=1,
    ).astype(np.float32)  # fmt: skip


class Steps(NamedTuple):
    """Positions read between those before and after them.

    Attributes
    ----------
    told : ndarray (t, `STEP_INPUTS`) float32
    hidden : ndarray (t, h) float32
        The residue network's last hidden layer in the chain's direction.
    """

    told: NDArray[np.float32]
    hidden: NDArray[np.float32]


def read_steps(
    network: nn.Module,
    density: Grid,
    calpha: CalphaSet,
    triples: NDArray[np.int64],
    device: torch.device,
    *,
    side: int = CUBE,
) -> Steps:
    """Read positions between the ones before and after them, in both directions.

    Parameters
    ----------
    network : ResidueNetwork
    density : Grid
        As sharp as the networks see it.
    calpha : CalphaSet
    triples : ndarray (t, 3)
    device : torch.device
    side : int
        As in `read_triples`.
    """
    ways = torch.as_tensor(
        read_triples(
            network, density, calpha.positions, np.concatenate([triples, triples[:, ::-1]]),
            device, side=side, hidden=True,
        )
    )  # fmt: skip
    outputs = ways[:, :READING].clamp(-LARGEST_LOGIT, LARGEST_LOGIT)
    outputs[:, AMINO_ACID] = torch.log_softmax(outputs[:, AMINO_ACID], 1)
    forward, backward = (outputs / LOGIT_SCALE).numpy().reshape(2, len(triples), READING)
    weights = calpha.probability / calpha.probability.mean()
    exposure = half_sphere_exposure(calpha.positions, weights, triples) / EXPOSURE_SCALE
    there = np.ones((len(triples), 1))
    told = np.concatenate([forward, backward, exposure, there], axis=1)
    return Steps(told.astype(np.float32), ways[: len(triples), READING:].numpy())


def along_chain(
    position_inputs: NDArray[np.float32], step_inputs: NDArray[np.float32],
    positions: NDArray[np.float64],
) -> NDArray[np.float32]:  # fmt: skip
    """Inputs of the network for the residues of a chain.

    Parameters
    ----------
    position_inputs : ndarray (L, `POSITION_INPUTS`)
    step_inputs : ndarray (L, `STEP_INPUTS`)
        0 where a residue was not read in the chain.
    positions : ndarray (L, 3)
        Å; NaN for residues without a position.

    Returns
    -------
    ndarray (110, L) float32
    """
    L = len(positions)
    there = np.isfinite(positions).all(axis=1)
    distances = np.zeros((L, len(OFFSETS)))
    for k, offset in enumerate(OFFSETS):
        low, high = max(0, -offset), min(L, L - offset)
        if high > low:
            away = positions[low:high] - positions[low + offset : high + offset]
            distances[low:high, k] = np.linalg.norm(away, axis=1)
    distances = np.nan_to_num(distances) / DISTANCE_SCALE
    parts = [position_inputs, step_inputs, np.minimum(distances, DISTANCE_SCALE), there[:, None]]
    return np.where(there[:, None], np.concatenate(parts, axis=1), 0.0).T.astype(np.float32)


def chain_triples(
    positions: NDArray[np.float64], node: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Residues of a chain that stand between two others whose Cα may be their neighbours'.

    Parameters
    ----------
    positions : ndarray (n, 3)
    node : ndarray (L,)
        Position of each residue, −1 without one.

    Returns
    -------
    ndarray (t,)
        Residues.
    ndarray (t, 3)
        Positions before, at and after.
    """
    if len(node) < len(("before", "at", "after")):
        return np.zeros(0, np.int64), np.zeros((0, 3), np.int64)
    triples = np.column_stack([node[:-2], node[1:-1], node[2:]])
    before, at, after = (positions[column] for column in triples.T)
    links = np.stack([np.linalg.norm(at - before, axis=1), np.linalg.norm(after - at, axis=1)])
    good = (triples >= 0).all(axis=1) & ((links >= NEAREST) & (links <= FARTHEST)).all(axis=0)
    good &= np.linalg.norm(after - before, axis=1) >= LEAST_SPAN
    middle = np.flatnonzero(good) + 1
    return middle, triples[good]


@torch.inference_mode()
def read_along(
    density: Grid,
    calpha: CalphaSet,
    chains: Sequence[NDArray[np.int64]],
    residue_weights: Path,
    weights: Path,
    *,
    device: str | torch.device = "auto",
) -> CalphaSet:
    """Read the amino acids of positions along chains that run through them.

    Parameters
    ----------
    density : Grid
        As sharp as the networks see it.
    calpha : CalphaSet
        As first read.
    chains : sequence of ndarray (L,)
        Position of each residue of a chain, −1 without one. A position in several of them is read
        in the first.
    residue_weights, weights : Path
        The residue network, and that of chains.
    device : str or torch.device

    Returns
    -------
    CalphaSet
        With amino acids read anew where a chain runs.
    """
    device = choose_device(device) if isinstance(device, str) else device
    residue_network = load_network(residue_weights).to(device)
    network = load_network(weights).to(device)
    known = of_positions(calpha)
    amino_acid, free = calpha.amino_acid.copy(), np.ones(len(calpha), bool)
    for node in chains:
        middle, triples = chain_triples(calpha.positions, node)
        steps = read_steps(residue_network, density, calpha, triples, device)
        told = np.zeros((len(node), STEP_INPUTS), np.float32)
        hidden = np.zeros((steps.hidden.shape[1], len(node)), np.float32)
        told[middle], hidden[:, middle] = steps.told, steps.hidden.T
        there = node >= 0
        positions = np.where(there[:, None], calpha.positions[node], np.nan)
        inputs = along_chain(known[node], told, positions)
        told_of_chain = (torch.as_tensor(x, device=device)[None] for x in (inputs, hidden))
        logits = network(*told_of_chain)[0]
        probability = torch.softmax(logits, 0).T.double().cpu().numpy()
        fresh = there & free[node]
        amino_acid[node[fresh]] = probability[fresh]
        free[node[fresh]] = False
    return dataclasses.replace(calpha, amino_acid=amino_acid)
