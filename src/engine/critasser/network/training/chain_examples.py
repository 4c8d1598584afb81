"""Make chains as they are read in crops of maps, to learn the second reading from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from critasser.density import Grid
from critasser.density.sharpening import sharpened
from critasser.network.inference import predict
from critasser.network.residue.chain_reading import chain_triples, of_positions, read_steps
from critasser.network.residue.network import AMINO_ACID
from critasser.network.residue.reading import (
    CUBE_MARGIN,
    judge_residues,
    keep_likely,
    read_triples,
)
from critasser.network.residue.secondary_structure import with_chain_geometry
from critasser.network.training.crops import Degradation, SimulationRange, simulate_molecules
from critasser.network.training.experimental import PairOnDevice, experimental_molecules
from critasser.network.training.packing import Atoms, Pair
from critasser.network.training.simulation import Molecules
from critasser.network.weights import load_network
from critasser.structure import CalphaSet
from critasser.structure.geometry import DEPOSITED_LONGEST_BOND
from critasser.writing import appearing

__all__ = ["RANGES", "ChainMaker", "ReadChains", "load_chains", "save_chains"]

RANGES = SimulationRange(
    (2.0, 3.0, 3.5, 4.0, 4.5, 5.0, 6.5), (0.10, 0.18, 0.22, 0.22, 0.16, 0.12), coarse_transfers=True
)
"""Resolutions at which the first reading is neither right anyway nor hopeless."""

SIDE = 64
"""Å, of the crops."""

POSITION_ERROR = (0.15, 0.7)
"""Å; standard deviation of each coordinate of a Cα before it is read: the error of a search after
the residue network has moved it once."""

MISSED, FALSE, FALSE_DISTANCE = 0.2, 0.06, 2.5
"""Largest share of Cα that the search missed; largest share of side-chain atoms, so many Å from
every Cα at least, that it took for one."""

LOST = 2.5
"""Å from its Cα beyond which a position that was moved is not of it."""

SHORTEST_LINE, FEWEST = 6, 20
"""Residues in a row, and positions in a crop, below which nothing is learnt from them."""

FARTHEST_WRONG = 6.5
"""Å within which any other position may be taken for a neighbour."""

VIEWS = (0, 7)
"""Rotations in which the map network sees the crop, as in builds."""

BFACTORS = (80.0, 0.0, -60.0)
"""Å² of which the one is taken at which amino acids are told apart with the least doubt. Builds try
more (`critasser.pipeline.stages.sharpness`)."""

SHARPENED_SAMPLE = 80
"""Residues that tell how sharp a crop is read best."""

EDGE = 6.0
"""Å from the crop's faces at which residues have their surroundings."""

CUBE = SIDE + 2 * CUBE_MARGIN
"""Voxels of a cube that holds the crop and its margin, so that it is read at once."""

_SIDE_CHAIN = 4


@dataclass(frozen=True, eq=False)
class ReadChains:
    """Chains of one crop, one after the other; `L` residues, with and without position.

    Attributes
    ----------
    line : ndarray (L,) int16
        Chain of each residue: what a break parts is two.
    residue_type : ndarray (L,) int8
        Index into `AMINO_ACIDS`; −1 where there is no position.
    positions : ndarray (L, 3) float32
        Å; NaN without one.
    known : ndarray (L, p) float16
        From `of_positions`.
    told : ndarray (3, L, s) float16
        From `read_steps`: along the chain, against it, and with a wrong neighbour.
    hidden : ndarray (3, L, h) float16
    resolution : ndarray () float32
        Å.
    """

    line: NDArray[np.int16]
    residue_type: NDArray[np.int8]
    positions: NDArray[np.float32]
    known: NDArray[np.float16]
    told: NDArray[np.float16]
    hidden: NDArray[np.float16]
    resolution: NDArray[np.float32]


def save_chains(path: Path, chains: ReadChains | None) -> None:
    """Write the chains of a crop; an empty file for a crop of none."""
    arrays = {} if chains is None else {f.name: getattr(chains, f.name) for f in fields(chains)}
    with appearing(path) as temporary, temporary.open("wb") as out:
        np.savez(out, **arrays)


def load_chains(path: Path) -> ReadChains | None:
    """Read what `save_chains` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        if not stored.files:
            return None
        return ReadChains(**{f.name: stored[f.name] for f in fields(ReadChains)})


class ChainMaker:
    """Makes the chains of a crop by its number, from which all its randomness comes.

    Parameters
    ----------
    chains : sequence of Atoms
        What is simulated.
    degradation : Degradation
        Put on simulated maps.
    weights, residue_weights : Path
        The networks that read first.
    seed : int
    device : torch.device
    """

    def __init__(
        self,
        chains: Sequence[Atoms],
        degradation: Degradation,
        weights: Path,
        residue_weights: Path,
        seed: int,
        device: torch.device,
    ) -> None:
        self.chains, self.degradation = chains, degradation.to(device)
        self.weights, self.residue_weights = weights, residue_weights
        self.residue_network = load_network(residue_weights).to(device)
        self.seed, self.device = seed, device

    def simulated(self, number: int) -> ReadChains | None:
        """The chains of a simulated crop; None where it holds too little."""
        rng = np.random.default_rng([self.seed, number])
        density, molecules, resolution = simulate_molecules(
            [self.chains[rng.integers(len(self.chains))]], SIDE, RANGES, rng, self.device,
            pool=self.chains, degradation=self.degradation,
        )  # fmt: skip
        return self._read(density[0], molecules, float(resolution[0]), rng)

    def experimental(self, pair: Pair, number: int) -> ReadChains | None:
        """The chains of a crop of an experimental map."""
        rng = np.random.default_rng([self.seed, number])
        density, molecules, _ = experimental_molecules(
            [PairOnDevice(pair, self.device)], SIDE, rng, blur=False
        )
        return self._read(density[0], molecules, pair.resolution, rng)

    @torch.inference_mode()
    def _read(
        self, density: Tensor, molecules: Molecules, resolution: float, rng: np.random.Generator
    ) -> ReadChains | None:
        true, residue = _calpha(molecules)
        if len(true) < FEWEST:
            return None
        start, order = _search(true, molecules, rng)
        grid = Grid(density.cpu().numpy(), np.zeros(3), np.ones(3))
        lines = _lines(true, residue)
        grid = self._as_sharp_as_read_best(grid, true, lines)
        features = predict(grid, self.weights, device=self.device, views=VIEWS)
        probability, _, structure, kind = features.sample(start)
        first = CalphaSet(start, probability, *(_share(x) for x in (kind, structure)))
        read, evidence = judge_residues(
            grid, first, self.residue_weights, device=self.device, rounds=1, side=CUBE
        )
        calpha, place = _likely(read, evidence)
        node = np.full(len(true), -1)
        found = order >= 0
        node[order[found]] = place[np.flatnonzero(found)]
        away = np.linalg.norm(calpha.positions[node] - true, axis=1)
        node[away > LOST] = -1
        return self._chains(grid, calpha, node, lines, molecules, residue, resolution, rng)

    def _as_sharp_as_read_best(
        self, grid: Grid, true: NDArray[np.float64], lines: list[NDArray[np.int64]]
    ) -> Grid:
        """The crop at the B-factor at which amino acids are told apart with the least doubt."""
        triples = np.concatenate([
            np.empty((0, 3), np.int64),
            *(np.column_stack([part[:-2], part[1:-1], part[2:]]) for part in lines),
        ])[:SHARPENED_SAMPLE]  # fmt: skip
        if not len(triples):
            return grid

        def sureness(one: Grid) -> float:
            output = read_triples(
                self.residue_network, one, true, triples, self.device, side=CUBE
            )
            return float(torch.softmax(output[:, AMINO_ACID], 1).amax(1).mean())

        return max((sharpened(grid, bfactor) for bfactor in BFACTORS), key=sureness)

    def _chains(
        self,
        grid: Grid,
        calpha: CalphaSet,
        node: NDArray[np.int64],
        lines: list[NDArray[np.int64]],
        molecules: Molecules,
        residue: NDArray[np.int64],
        resolution: float,
        rng: np.random.Generator,
    ) -> ReadChains | None:
        lines = [part for part in lines if (node[part] >= 0).sum() >= SHORTEST_LINE]
        if not lines:
            return None
        rows = np.concatenate(lines)
        own = node[rows]
        line = np.repeat(np.arange(len(lines)), [len(part) for part in lines])
        begin = np.flatnonzero(np.diff(line, prepend=-1))
        told, hidden = [], []
        middle, triples = [], []
        for first, part in zip(begin, lines):
            at, of_line = chain_triples(calpha.positions, node[part])
            middle.append(first + at)
            triples.append(of_line)
        at, along = np.concatenate(middle), np.concatenate(triples)
        for ways in (along, along[:, ::-1], _with_wrong_neighbour(calpha.positions, along, rng)):
            steps = read_steps(
                self.residue_network, grid, calpha, ways, self.device, side=CUBE
            )
            for kept, new in ((told, steps.told), (hidden, steps.hidden)):
                wide = np.zeros((len(rows), new.shape[1]), np.float16)
                wide[at] = new
                kept.append(wide)
        there = own >= 0
        kinds = molecules.residue_type.cpu().numpy()[residue[rows]]
        return ReadChains(
            line.astype(np.int16),
            np.where(there, kinds, -1).astype(np.int8),
            np.where(there[:, None], calpha.positions[own], np.nan).astype(np.float32),
            np.where(there[:, None], of_positions(calpha)[own], 0).astype(np.float16),
            np.stack(told),
            np.stack(hidden),
            np.float32(resolution),
        )


def _share(values: NDArray[np.float64]) -> NDArray[np.float64]:
    values = values + 1e-6
    return values / values.sum(axis=1, keepdims=True)


def _calpha(molecules: Molecules) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Cα (n, 3) x y z of all chains in a crop, inside it, with their residue's number."""
    is_calpha = molecules.kind == 1
    residue = molecules.residue[is_calpha].cpu().numpy()
    positions = molecules.positions[is_calpha].cpu().numpy()[:, ::-1].astype(np.float64)
    inside = ((positions > 0) & (positions < SIDE - 1)).all(axis=1)
    order = np.flatnonzero(inside)[np.argsort(residue[inside], kind="stable")]
    return positions[order], residue[order]


def _lines(true: NDArray[np.float64], residue: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Runs of bonded residues."""
    apart = np.linalg.norm(np.diff(true, axis=0), axis=1) > DEPOSITED_LONGEST_BOND
    whole = ((true >= EDGE) & (true <= SIDE - 1 - EDGE)).all(axis=1)
    rows = np.flatnonzero(whole)
    cuts = np.flatnonzero((np.diff(residue[rows]) != 1) | apart[rows[:-1]]) + 1
    return [part for part in np.split(rows, cuts) if len(part) >= SHORTEST_LINE]


def _search(
    true: NDArray[np.float64], molecules: Molecules, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Positions (n, 3) as a search finds them, and which Cα each is; −1 for none."""
    kept = np.flatnonzero(rng.random(len(true)) > rng.uniform(0, MISSED))
    moved = true[kept] + rng.uniform(*POSITION_ERROR) * rng.standard_normal((len(kept), 3))
    side = molecules.positions[molecules.kind == _SIDE_CHAIN].cpu().numpy()[:, ::-1]
    side = side[rng.random(len(side)) < rng.uniform(0, FALSE)].astype(np.float64)
    inside = ((side > 0) & (side < SIDE - 1)).all(axis=1)
    away = np.linalg.norm(side[:, None] - true, axis=2).min(axis=1, initial=np.inf)
    false = side[inside & (away > FALSE_DISTANCE)]
    return np.concatenate([moved, false]), np.concatenate([kept, np.full(len(false), -1)])


def _likely(
    read: CalphaSet, evidence: NDArray[np.float64]
) -> tuple[CalphaSet, NDArray[np.int64]]:
    """Positions with their probability as builds have them, and where each one went."""
    by_probability = with_chain_geometry(keep_likely(read, evidence, len(read)))
    place = np.empty(len(read), np.int64)
    rows = {tuple(position): k for k, position in enumerate(by_probability.positions.tolist())}
    for k, position in enumerate(read.positions.tolist()):
        place[k] = rows[tuple(position)]
    return by_probability, place


def _with_wrong_neighbour(
    positions: NDArray[np.float64], triples: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """The same, one neighbour of each replaced by any other position near."""
    wrong = triples.copy()
    for row in wrong:
        away = np.linalg.norm(positions - positions[row[1]], axis=1)
        near = np.setdiff1d(np.flatnonzero(away < FARTHEST_WRONG), row)
        if len(near):
            row[rng.choice((0, 2))] = rng.choice(near)
    return wrong
