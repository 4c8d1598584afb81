"""Read Cα positions by the residue network, each in every frame that its neighbours allow."""

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
from critasser.network.device import choose_device, within_memory
from critasser.network.gaussians import gaussian_density
from critasser.network.residue.fitted import (
    AminoAcidWeights,
    CalphaWeights,
    shipped_constants,
)
from critasser.network.residue.frames import local_frames, sample_balls
from critasser.network.residue.network import COARSE, FINE, OFFSET, split_reading
from critasser.network.residue.secondary_structure import with_chain_geometry
from critasser.network.weights import load_network
from critasser.structure import CalphaSet, CalphaTriples
from critasser.structure.geometry import CALPHA_BOND

__all__ = ["judge_residues", "keep_likely", "probabilities", "read_residues", "read_triples"]

NEAREST, FARTHEST = 2.4, 5.6
"""Å between Cα that may be neighbours in the chain, with what a search is off."""

NEIGHBOURS = 5
"""Positions tried before and after each one, those nearest to a Cα–Cα bond first."""

LEAST_SPAN = 4.0
"""Å from one neighbour to the other; 4.9 in the tightest turn."""

BATCH, LEAST_BATCH = 2048, 64
"""Triples that are read at once; half as many again and again where memory does not suffice, down
to the second."""

CUBE, CUBE_MARGIN = 64, 11
"""Voxels of a part of the map that is read at once, and of its edge that is context only: a ball
around a residue and its centre's shift reach 9.5 Å."""

CALPHA_REACH = 5
"""Å from a cube beyond which a Gaussian of 1 Å leaves nothing in it."""

ROUNDS = 2
"""Positions move to where the network places them, and are read again from there."""

SURROUNDING = 3.0
"""Å; standard deviation of the Gaussian over which the density around a position is averaged. Noise
leaves next to nothing of itself there, so that it tells the molecule from solvent."""

LEAST_PROBABILITY = 0.3
"""Less likely positions are dropped, unless the expected number of residues needs them."""

PROBABILITY_BOUNDS, LARGEST_DIRECTION_ODDS, LARGEST_CALPHA_ODDS = (0.01, 0.99), 15, 6
"""Bounds of the map network's probability, and of the residue network's log-odds of the direction
and of a Cα: it is not as sure as it says."""

LEAST_AMINO_ACID = 1e-4
"""Added to probabilities of amino acids, which may be 0."""

TINY = 1e-12


def _triples(positions: NDArray[np.float64]) -> NDArray[np.int64]:
    """Ordered triples (t, 3) before, at, after; sorted by the middle one."""
    tree = cKDTree(positions)
    rows = []
    for middle, near in enumerate(tree.query_ball_point(positions, FARTHEST)):
        near = np.array([k for k in near if k != middle], dtype=np.int64)
        distance = np.linalg.norm(positions[near] - positions[middle], axis=1)
        near, distance = near[distance >= NEAREST], distance[distance >= NEAREST]
        order = np.argsort(np.abs(distance - CALPHA_BOND), kind="stable")
        near = near[order[:NEIGHBOURS]]
        first, last = np.meshgrid(near, near, indexing="ij")
        span = np.linalg.norm(positions[first] - positions[last], axis=2)
        keep = span >= LEAST_SPAN
        rows.append(np.column_stack([first[keep], np.full(keep.sum(), middle), last[keep]]))
    return np.concatenate(rows) if rows else np.zeros((0, 3), np.int64)


def _calpha_gaussians(index: Tensor, corner: NDArray, side: int) -> Tensor:
    """Gaussians of 1 Å on positions (n, 3), z y x of the map, in a cube of it."""
    local = index - torch.as_tensor(corner, dtype=torch.float32, device=index.device)
    near = ((local > -CALPHA_REACH) & (local < side + CALPHA_REACH)).all(1)
    local = local[near]
    ones = torch.ones_like(local)
    return gaussian_density(local, ones[:, 0], ones, (len(local),), side)[0]


@torch.inference_mode()
def read_triples(
    network: nn.Module, density: Grid, positions: NDArray[np.float64], triples: NDArray[np.int64],
    device: torch.device, *, side: int = CUBE, margin: int = CUBE_MARGIN,
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
        Voxels of a cube, and of its edge that is context only.

    Returns
    -------
    Tensor (t, 28)
        For `split_reading`; offsets in x y z of the map.

    Raises
    ------
    MemoryError
        The device has too little memory for `LEAST_BATCH` triples.
    """
    index = density.to_index(positions)
    core = side - 2 * margin
    cell = np.floor(index / core).astype(np.int64)
    all_index = torch.as_tensor(np.ascontiguousarray(index), dtype=torch.float32, device=device)
    output = torch.zeros(len(triples), network.head.out_features)
    batch = BATCH
    cell_of_middle = cell[triples[:, 1]]
    for corner in np.unique(cell, axis=0):
        chosen = np.flatnonzero((cell_of_middle == corner).all(axis=1))
        if not len(chosen):
            continue
        start = corner * core - margin
        cube = _cube(density, start, side, device)
        others = _calpha_gaussians(all_index, start, side)
        local = (all_index - torch.as_tensor(start, dtype=torch.float32, device=device)).flip(1)

        def read(rows: NDArray[np.int64], local=local, cube=cube, others=others) -> Tensor:
            before, at, after = torch.as_tensor(triples[rows].T, device=device)
            frames = local_frames(local[before], local[at], local[after])
            inputs = torch.cat(
                [
                    sample_balls(cube, local[at], frames, FINE),
                    sample_balls(others, local[at], frames, COARSE),
                ],
                dim=1,
            )
            predicted = network(inputs)
            # The offset is turned into x y z here, where the frames are known.
            predicted[:, OFFSET] = torch.einsum("ni,nij->nj", predicted[:, OFFSET], frames)
            return predicted.cpu()

        begin = 0
        while begin < len(chosen):
            rows = chosen[begin : begin + batch]
            try:
                what = f"a batch of {len(rows)} residues"
                found = within_memory(lambda rows=rows: read(rows), what, device)
            except MemoryError:
                if batch <= LEAST_BATCH:
                    raise
                batch //= 2
                continue
            output[torch.as_tensor(rows)] = found
            begin += len(rows)
    return output


def _cube(density: Grid, start: NDArray[np.int64], side: int, device: torch.device) -> Tensor:
    """A cube of a map from voxel `start` (z y x) on; 0 beyond the map, where all of it may lie."""
    low = np.clip(start, 0, density.shape)
    high = np.clip(start + side, low, density.shape)
    cube = torch.zeros((side,) * 3, device=device)
    part = density.values[tuple(slice(a, b) for a, b in zip(low, high))]
    into = tuple(slice(a, b) for a, b in zip(low - start, high - start))
    cube[into] = torch.as_tensor(np.ascontiguousarray(part), device=device).float()
    return cube


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
        From the search for Cα.
    weights : Path
        Of a residue network.
    length : int
        Residues expected in the map.
    device : str or torch.device
        As in `predict`.
    rounds : int
        As `ROUNDS`.

    Returns
    -------
    CalphaSet
        Most probable first: the positions, moved, with the probability of a Cα by both networks,
        amino acids and secondary structure by both as far as frames are sure, the latter combined
        with the geometry of the chain, and the triples of the chain. Beyond `length` positions only
        those that are likely.
    """
    read, evidence = judge_residues(density, calpha, weights, device=device, rounds=rounds)
    return with_chain_geometry(keep_likely(read, evidence, length))


def keep_likely(
    read: CalphaSet,
    evidence: NDArray[np.float64],
    length: int,
    weights: CalphaWeights | None = None,
) -> CalphaSet:
    """Give positions their probability and drop the unlikely ones.

    Parameters
    ----------
    read, evidence
        From `judge_residues`.
    length : int
        Positions that are kept however unlikely.
    weights : CalphaWeights, optional
        Those that ship with Critasser unless given.

    Returns
    -------
    CalphaSet
        Most probable first.
    """
    read = dataclasses.replace(read, probability=probabilities(evidence, weights))
    order = np.argsort(-read.probability, kind="stable")
    likely = read.probability[order] >= LEAST_PROBABILITY
    return read.select(order[likely | (np.arange(len(order)) < length)])


def probabilities(
    evidence: NDArray[np.float64], weights: CalphaWeights | None = None
) -> NDArray[np.float64]:
    """Probability (n,) of a Cα by evidence (n, 3) of `judge_residues`, and the weights that ship
    with Critasser unless given."""
    weights = weights or shipped_constants().calpha_probability
    return 1 / (1 + np.exp(-(evidence @ weights[1:] + weights.constant)))


def judge_residues(
    density: Grid,
    calpha: CalphaSet,
    weights: Path,
    *,
    device: str | torch.device = "auto",
    rounds: int = ROUNDS,
    amino_acid_weights: AminoAcidWeights | None = None,
) -> tuple[CalphaSet, NDArray[np.float64]]:
    """Read positions, with the evidence that they are Cα.

    Parameters
    ----------
    density, calpha, weights, device, rounds
        As in `read_residues`.
    amino_acid_weights : AminoAcidWeights, optional
        Those that ship with Critasser unless given.

    Returns
    -------
    CalphaSet
        All n positions, in their order, with the map network's probability still.
    ndarray (n, 3)
        Log-odds of the map network and of the residue network, and the density around over that of
        the molecule: the terms of `CalphaWeights`.
    """
    device = choose_device(device) if isinstance(device, str) else device
    network = load_network(weights).to(device)
    shares = amino_acid_weights or shipped_constants().amino_acid
    around = _smoothed(density)
    probability = np.clip(calpha.probability, *PROBABILITY_BOUNDS)
    read, calpha_odds = calpha, np.zeros(len(calpha))
    read_at = calpha.positions
    for _ in range(rounds):
        triples = _triples(read.positions)
        read_at = read.positions
        if not len(triples):
            break
        output = read_triples(network, density, read.positions, triples, device).double()
        read, calpha_odds = _averaged(calpha, read, triples, output, shares)
    map_odds = np.log(probability / (1 - probability))
    calpha_odds = np.clip(calpha_odds, -LARGEST_CALPHA_ODDS, LARGEST_CALPHA_ODDS)
    return read, np.column_stack([map_odds, calpha_odds, sample(around, read_at)])


def _smoothed(density: Grid) -> Grid:
    """Density averaged over `SURROUNDING`, about 1 in the molecule."""
    values = gaussian_filter(density.values, SURROUNDING / density.voxel_size[::-1])
    square = cube = 0.0
    # Section by section, so that double precision costs no memory to speak of.
    for section in values:
        above = np.maximum(section.astype(np.float64), 0.0)
        square += np.sum(above**2)
        cube += np.sum(above**3)
    return density.with_values(values * np.float32(square / max(cube, TINY)))


def _averaged(
    first: CalphaSet,
    read: CalphaSet,
    triples: NDArray[np.int64],
    output: Tensor,
    shares: AminoAcidWeights,
) -> tuple[CalphaSet, NDArray[np.float64]]:
    """Average over the frames of each position, weighted by the odds that the chain runs there.

    Parameters
    ----------
    first : CalphaSet
        n positions with the map network's probabilities.
    read : CalphaSet
        The same where they were read.
    triples : ndarray (t, 3)
    output : Tensor (t, 28)
        From `read_triples`.
    shares : AminoAcidWeights

    Returns
    -------
    CalphaSet
    ndarray (n,)
        Log-odds that there is a Cα.
    """
    predicted = split_reading(output)
    direction = predicted.direction.numpy()
    middle, n = triples[:, 1], len(first)
    odds = np.exp(np.clip(direction, -LARGEST_DIRECTION_ODDS, LARGEST_DIRECTION_ODDS))
    total = np.bincount(middle, odds, n)
    share = odds / (1 + total[middle])

    def mean(values: Tensor) -> NDArray[np.float64]:
        columns = values.numpy().T
        return np.stack([np.bincount(middle, share * column, n) for column in columns], axis=1)

    # The probability that no frame is right, where the map network's view stands.
    left = 1 / (1 + total)[:, None]
    calpha_odds = np.bincount(middle, odds * predicted.is_calpha.numpy(), n)
    amino_acid = mean(torch.softmax(predicted.amino_acid, 1)) + left * first.amino_acid
    structure = mean(torch.softmax(predicted.secondary_structure, 1))
    averaged = CalphaSet(
        read.positions + mean(predicted.offset),
        first.probability,
        _combined_amino_acids(amino_acid, first.amino_acid, shares),
        structure + left * first.secondary_structure,
        CalphaTriples(triples, direction),
    )
    return averaged, calpha_odds / np.maximum(total, TINY)


def _combined_amino_acids(
    by_residue_network: NDArray[np.float64],
    by_map_network: NDArray[np.float64],
    weights: AminoAcidWeights,
) -> NDArray[np.float64]:
    """Probabilities (n, 20) by both networks: one sees more of the side chain, the other more
    around it; where they agree they are surer."""
    parts = zip(weights, (by_residue_network, by_map_network))
    odds = sum(weight * np.log(p + LEAST_AMINO_ACID) for weight, p in parts)
    likely = np.exp(odds - odds.max(axis=1, keepdims=True))
    return likely / likely.sum(axis=1, keepdims=True)
