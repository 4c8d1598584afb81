"""Placements: which residue sits at which position, no position twice; how they are searched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.trace.alignment import GapScores
from critasser.trace.annealing_kernels import anneal
from critasser.trace.graph import CandidateGraph
from critasser.trace.placement_kernels import placement_score

__all__ = ["Placement", "Problem", "cover", "improve", "without_repeats"]

FAR_BESIDE_OTHERS = 45.0
# Moves between two looks at progress and cancel: about a tenth of a second.
SLICE = 100_000


@dataclass(frozen=True, eq=False)
class Problem:
    """Everything that scores a placement.

    Attributes
    ----------
    emission : ndarray (L, n) float32
    graph : CandidateGraph
    chain : ndarray (L,) int64
        Chain of each residue.
    twin : ndarray (L,) int64
        See `copies.twins`.
    gaps : GapScores
    span : ndarray (s, d)
        `Statistics.span`.
    others : float
        See `crowding.share_of_others`.
    """

    emission: NDArray[np.float32]
    graph: CandidateGraph
    chain: NDArray[np.int64]
    twin: NDArray[np.int64]
    gaps: GapScores
    span: NDArray[np.float32]
    others: float = 0.0

    @property
    def costs(self) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """As the annealing kernels take them."""
        gaps = self.gaps
        # Each Å too far costs two units. More than ten would hinder the search, but where others
        # lie beside the chain there is always something of theirs that seems worth ten.
        farthest = 10.0 + FAR_BESIDE_OTHERS * self.others
        costs = np.array([3.0 - gaps.opened, 2.0, farthest, 1.0 - gaps.jump, -gaps.skip, 6.0])
        return costs, self.span

    def score(self, node: NDArray[np.int32]) -> float:
        """Score of a placement (L,)."""
        graph = self.graph
        return placement_score(
            self.emission,
            self.gaps.missing,
            graph.positions,
            self.chain,
            graph.kernel_arrays,
            self.costs,
            node,
        )


@dataclass(frozen=True, eq=False)
class Placement:
    """A scored placement.

    Attributes
    ----------
    node : ndarray (L,) int32
        Position of each residue, −1 without.
    score : float
    """

    node: NDArray[np.int32]
    score: float


def without_repeats(node: NDArray[np.int32], worth: NDArray[np.float32]) -> NDArray[np.int32]:
    """Keep the worthiest residue (worth (L, n)) at each position, take the others off."""
    node = node.copy()
    placed = np.flatnonzero(node >= 0)
    placed = placed[np.argsort(-worth[placed, node[placed]], kind="stable")]
    _, first = np.unique(node[placed], return_index=True)
    repeated = np.ones(len(placed), dtype=bool)
    repeated[first] = False
    node[placed[repeated]] = -1
    return node


def cover(
    graph: CandidateGraph, length: int, rng: np.random.Generator, *, noise: float = 1.0
) -> NDArray[np.int32]:
    """One random way through the positions, by links alone.

    Links are taken best first after Gumbel noise on their log-odds, none to a third neighbour,
    none that closes a ring; the paths are joined end to nearest end, the longest first.

    Parameters
    ----------
    graph : CandidateGraph
    length : int
        Residues to place.
    rng : numpy.random.Generator
    noise : float
        In units of log-odds.

    Returns
    -------
    ndarray (length,) int32
    """
    n = len(graph.positions)
    once = np.flatnonzero(graph.source < graph.target)
    worth = graph.link[once] + noise * rng.gumbel(size=len(once))
    neighbours: list[list[int]] = [[] for _ in range(n)]
    root = np.arange(n)

    def find(p: int) -> int:
        while root[p] != p:
            root[p] = root[root[p]]
            p = root[p]
        return p

    for k in np.argsort(-worth):
        if worth[k] < -1.0:
            break
        p, q = int(graph.source[once[k]]), int(graph.target[once[k]])
        if len(neighbours[p]) < 2 and len(neighbours[q]) < 2 and find(p) != find(q):
            neighbours[p].append(q)
            neighbours[q].append(p)
            root[find(p)] = find(q)
    paths = _paths(neighbours)
    paths.sort(key=len, reverse=True)
    # Single positions that no link wants are more likely false.
    whole = paths.pop(0) if paths else []
    ends = [(path[0], path[-1]) for path in paths]
    left = list(range(len(paths)))
    while left and len(whole) < length:
        tips = graph.positions[np.array(ends)[left]]
        distance = np.linalg.norm(tips[:, :, None] - graph.positions[[whole[0], whole[-1]]], axis=3)
        distance = distance + 2.0 * rng.random(distance.shape)
        k, tip, side = np.unravel_index(distance.argmin(), distance.shape)
        path = paths[left.pop(k)]
        if side == 1:
            whole = whole + (path if tip == 0 else path[::-1])
        else:
            whole = (path[::-1] if tip == 0 else path) + whole
    if rng.random() < 0.5:
        whole = whole[::-1]
    node = np.full(length, -1, dtype=np.int32)
    spare = length - len(whole)
    if spare < 0:
        cut = rng.integers(-spare + 1)
        whole, spare = whole[cut : cut + length], 0
    begin = rng.integers(spare + 1)
    node[begin : begin + len(whole)] = whole
    return node


def _paths(neighbours: list[list[int]]) -> list[list[int]]:
    """Paths of a graph in which no node has more than two neighbours and no ring exists."""
    seen = [False] * len(neighbours)
    paths = []
    for end, around in enumerate(neighbours):
        if seen[end] or len(around) > 1:
            continue
        path = [end]
        seen[end] = True
        while True:
            onward = [q for q in neighbours[path[-1]] if not seen[q]]
            if not onward:
                break
            path.append(onward[0])
            seen[onward[0]] = True
        paths.append(path)
    return paths


def improve(
    problem: Problem,
    node: NDArray[np.int32],
    rng: np.random.Generator,
    *,
    steps: int,
    hot: float,
    cold: float = 0.15,
    tick: Callable[[float], None] | None = None,
) -> Placement:
    """Anneal one placement.

    Parameters
    ----------
    problem : Problem
    node : ndarray (L,) int32
        No position twice.
    rng : numpy.random.Generator
    steps : int
        Moves.
    hot, cold : float
        First and last temperature, in units of log-odds.
    tick : callable, optional
        Told the fraction done.

    Returns
    -------
    Placement
        The best seen.
    """
    node = node.astype(np.int32).copy()
    where = np.full(problem.emission.shape[1], -1, dtype=np.int32)
    placed = node >= 0
    where[node[placed]] = np.flatnonzero(placed)
    best = node.copy()
    score = best_score = problem.score(node)
    slices = max(1, round(steps / SLICE))
    for k in range(slices):
        score, best_score = anneal(
            problem.emission,
            problem.gaps.missing,
            problem.graph.positions,
            problem.chain,
            problem.twin,
            problem.graph.kernel_arrays,
            problem.costs,
            node,
            where,
            best,
            score,
            best_score,
            steps // slices,
            hot * (cold / hot) ** (k / slices),
            hot * (cold / hot) ** ((k + 1) / slices),
            int(rng.integers(2**31)),
        )
        if tick is not None:
            tick((k + 1) / slices)
    return Placement(best, problem.score(best))
