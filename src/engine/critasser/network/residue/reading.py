"""Cα positions read one by one: each in every frame that its neighbours allow."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree
from torch import Tensor, nn

from critasser.density import Grid, sample
from critasser.network.device import choose_device
from critasser.network.residue.frames import local_frames, sample_balls
from critasser.network.residue.network import COARSE, FINE, OFFSET, split_reading
from critasser.network.residue.secondary_structure import read_course
from critasser.network.training.simulation import gaussian_density
from critasser.network.weights import load_network
from critasser.structure import CalphaSet, CalphaTriples

__all__ = ["judge_residues", "keep_likely", "read_residues", "read_triples"]

NEAREST, FARTHEST = 2.4, 5.6
"""Å between Cα that may be neighbours in the chain, as far as a search can be off."""

NEIGHBOURS = 5
"""Of a position that are tried before and after it, those nearest to 3.8 Å first."""

LEAST_SPAN = 4.0
"""Å from one neighbour to the other; 4.9 in the tightest turn."""

BATCH = 2048
ROUNDS = 2

SHARES = (0.7, 0.5)
"""Of the residue network's and of the map network's logarithms of amino acids in their sum. One
sees more of the side chain, the other more around it; where both say the same they are surer. On
clean maps of seven val chains at 2–3, 3–4, 4–5 and 5–8 Å the likeliest is right in 0.86, 0.85,
0.81 and 0.68 of the residues; by the residue network alone in 0.85, 0.84, 0.77 and 0.61."""

SURROUNDING = 3.0
"""Å; standard deviation of the Gaussian over which the density around a position is averaged. Noise
leaves next to nothing of itself there, so that it tells the molecule from solvent."""

PROBABILITY = (-2.0, 3.6, 0.5, 1.8)
"""Log-odds that a position is a Cα: constant, and weights of the map network's log-odds, of the
residue network's, and of the density around over that of the molecule. Logistic regression by
``python -m benchmark.probability`` on maps of 5 val chains, 2–11 Å, clean and with
signal-to-noise ratios of 2 and 1, and of 4 as experiments show them, each map weighing the same."""

LEAST_PROBABILITY = 0.3
"""Less likely positions go, but for those that the expected number of residues needs."""


def _triples(positions: NDArray[np.float64]) -> NDArray[np.int64]:
    """Ordered triples (t, 3) before, at, after; sorted by the middle one."""
    tree = cKDTree(positions)
    rows = []
    for middle, near in enumerate(tree.query_ball_point(positions, FARTHEST)):
        near = np.array([k for k in near if k != middle], dtype=np.int64)
        distance = np.linalg.norm(positions[near] - positions[middle], axis=1)
        near, distance = near[distance >= NEAREST], distance[distance >= NEAREST]
        order = np.argsort(np.abs(distance - 3.8), kind="stable")
        near = near[order[:NEIGHBOURS]]
        first, last = np.meshgrid(near, near, indexing="ij")
        span = np.linalg.norm(positions[first] - positions[last], axis=2)
        keep = span >= LEAST_SPAN
        rows.append(np.column_stack([first[keep], np.full(keep.sum(), middle), last[keep]]))
    return np.concatenate(rows) if rows else np.zeros((0, 3), np.int64)


def _marks(index: Tensor, corner: NDArray, side: int) -> Tensor:
    """Gaussians of 1 Å on positions (n, 3) z y x, in a cube of a map."""
    local = index - torch.as_tensor(corner, dtype=torch.float32, device=index.device)
    near = ((local > -5) & (local < side + 5)).all(1)
    local = local[near]
    ones = torch.ones_like(local)
    return gaussian_density(local, ones[:, 0], ones, (len(local),), side)[0]


@torch.inference_mode()
def read_triples(
    network: nn.Module, density: Grid, positions: NDArray[np.float64], triples: NDArray[np.int64],
    device: torch.device, *, side: int = 64, margin: int = 11,
) -> Tensor:  # fmt: skip
    """Read positions in the frames that three positions make, cube by cube of the map.

    Parameters
    ----------
    network : ResidueNetwork
    density : Grid
        Normalised map at 1 Å.
    positions : ndarray (n, 3)
        Å.
    triples : ndarray (t, 3)
        Positions before, at and after each residue.
    device : torch.device
    side, margin : int
        Voxels of a cube, and of its edge that serves as surroundings only.

    Returns
    -------
    Tensor (t, 28)
        For `split_reading`; offsets in x y z of the map.
    """
    index = density.to_index(positions)
    core = side - 2 * margin
    cell = np.floor(index / core).astype(np.int64)
    all_index = torch.as_tensor(np.ascontiguousarray(index), dtype=torch.float32, device=device)
    output = torch.zeros(len(triples), network.head.out_features)
    of_middle = cell[triples[:, 1]]
    for corner in np.unique(cell, axis=0):
        chosen = np.flatnonzero((of_middle == corner).all(axis=1))
        if not len(chosen):
            continue
        start = corner * core - margin
        low = np.maximum(start, 0)
        high = np.minimum(start + side, density.shape)
        cube = torch.zeros((side,) * 3, device=device)
        part = density.values[tuple(slice(a, b) for a, b in zip(low, high))]
        into = tuple(slice(a, b) for a, b in zip(low - start, high - start))
        cube[into] = torch.as_tensor(np.ascontiguousarray(part), device=device).float()
        marks = _marks(all_index, start, side)
        local = (all_index - torch.as_tensor(start, dtype=torch.float32, device=device)).flip(1)
        for begin in range(0, len(chosen), BATCH):
            rows = chosen[begin : begin + BATCH]
            a, b, c = torch.as_tensor(triples[rows].T, device=device)
            frames = local_frames(local[a], local[b], local[c])
            inputs = torch.cat(
                [
                    sample_balls(cube, local[b], frames, FINE),
                    sample_balls(marks, local[b], frames, COARSE),
                ],
                dim=1,
            )
            said = network(inputs)
            # The offset is turned into x y z here, where the frames are known.
            said[:, OFFSET] = torch.einsum("ni,nij->nj", said[:, OFFSET], frames)
            output[torch.as_tensor(rows)] = said.cpu()
    return output


def read_residues(
    density: Grid,
    calpha: CalphaSet,
    weights: Path,
    length: int,
    *,
    device: str | torch.device = "auto",
    rounds: int = ROUNDS,
) -> CalphaSet:
    """Read positions in their own frames.

    Parameters
    ----------
    density : Grid
        Normalised map at 1 Å.
    calpha : CalphaSet
        What the search for Cα found.
    weights : Path
        A residue network.
    length : int
        Residues expected in the map.
    device : str or torch.device
        As in `predict`.
    rounds : int
        Positions move to where the last round said, and are read again from there.

    Returns
    -------
    CalphaSet
        Highest first: the positions, moved, with both networks' probability, the residue network's
        amino acids and secondary structure as far as it knows the frame, the latter joined with
        what the course of the chain tells, and the triples of the chain. Beyond `length` only those
        that are likely.
    """
    return read_course(
        keep_likely(*judge_residues(density, calpha, weights, device=device, rounds=rounds), length)
    )


def keep_likely(found: CalphaSet, evidence: NDArray[np.float64], length: int) -> CalphaSet:
    """What `judge_residues` returned with its probability, highest first; beyond `length` only what
    is likely."""
    logit = evidence @ PROBABILITY[1:] + PROBABILITY[0]
    found = dataclasses.replace(found, probability=1 / (1 + np.exp(-logit)))
    order = np.argsort(-found.probability, kind="stable")
    likely = found.probability[order] >= LEAST_PROBABILITY
    return found.select(order[likely | (np.arange(len(order)) < length)])


def judge_residues(
    density: Grid,
    calpha: CalphaSet,
    weights: Path,
    *,
    device: str | torch.device = "auto",
    rounds: int = ROUNDS,
) -> tuple[CalphaSet, NDArray[np.float64]]:
    """Read positions, and what tells whether they are Cα.

    Parameters
    ----------
    density, calpha, weights, device, rounds
        As in `read_residues`.

    Returns
    -------
    CalphaSet
        All n positions, in their order, with the map network's probability still.
    ndarray (n, 3)
        Log-odds of the map network and of the residue network, and the density around over that of
        the molecule: what `PROBABILITY` weighs.
    """
    device = choose_device(device) if isinstance(device, str) else device
    network = load_network(weights).to(device)
    around = _surroundings(density)
    before = np.clip(calpha.probability, 0.01, 0.99)
    found, real = calpha, np.zeros(len(calpha))
    judged_at = calpha.positions
    for _ in range(rounds):
        triples = _triples(found.positions)
        judged_at = found.positions
        if not len(triples):
            break
        output = read_triples(network, density, found.positions, triples, device).double()
        found, real = _joined(calpha, found, triples, output)
    logit = np.log(before / (1 - before))
    return found, np.column_stack([logit, np.clip(real, -6, 6), sample(around, judged_at)])


def _surroundings(density: Grid) -> Grid:
    """Density averaged over `SURROUNDING`, about 1 in the molecule."""
    values = gaussian_filter(density.values, SURROUNDING / density.voxel_size[::-1])
    square = cube = 0.0
    # Section by section, so that double precision costs no memory to speak of.
    for section in values:
        above = np.maximum(section.astype(np.float64), 0.0)
        square += np.sum(above**2)
        cube += np.sum(above**3)
    return density.with_values(values * np.float32(square / max(cube, 1e-12)))


def _joined(
    first: CalphaSet, read: CalphaSet, triples: NDArray[np.int64], output: Tensor
) -> tuple[CalphaSet, NDArray[np.float64]]:
    """What all frames of a position say, each as far as it is the chain's; and the log-odds that
    they have a Cα in their middle."""
    said = split_reading(output)
    odds = said.direction.numpy()
    middle, n = triples[:, 1], len(first)
    weight = np.exp(np.clip(odds, -15, 15))
    total = np.bincount(middle, weight, n)

    def mean(values: NDArray, share: NDArray = weight / (1 + total[middle])) -> NDArray:
        return np.stack([np.bincount(middle, share * v, n) for v in values.T], axis=1)

    # No frame may be right, or there is none: then what the map network said of kinds stands.
    left = 1 / (1 + total)[:, None]
    real = np.bincount(middle, weight * said.real.numpy(), n) / np.maximum(total, 1e-12)
    joined = CalphaSet(
        read.positions + mean(said.offset.numpy()),
        first.probability,
        _together(
            mean(torch.softmax(said.amino_acid, 1).numpy()) + left * first.amino_acid,
            first.amino_acid,
        ),
        mean(torch.softmax(said.secondary_structure, 1).numpy()) + left * first.secondary_structure,
        CalphaTriples(triples, odds),
    )
    return joined, real


def _together(read: NDArray[np.float64], seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Amino acids (n, 20) as both networks tell them."""
    odds = sum(share * np.log(p + 1e-4) for share, p in zip(SHARES, (read, seen)))
    likely = np.exp(odds - odds.max(axis=1, keepdims=True))
    return likely / likely.sum(axis=1, keepdims=True)
