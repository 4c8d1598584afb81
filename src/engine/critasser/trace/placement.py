"""Search for placements: which residue sits at which position, no position twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from critasser.trace.alignment import GapScores
from critasser.trace.annealing_kernels import Schedule, anneal
from critasser.trace.graph import CandidateGraph
from critasser.trace.piece_kernels import new_search
from critasser.trace.placement_kernels import Scoring, placement_score

__all__ = ["Placement", "Problem", "cover", "improve", "without_repeats"]

MOST_TOO_FAR, MOST_TOO_FAR_BESIDE_OTHERS = 10.0, 45.0
"""Most that residues out of each other's reach cost, and what is added to it where all positions
are of other molecules. More than ten would hinder the search, but where others lie beside the chain
there is always a stretch of theirs that seems worth ten."""

TOO_FAR = 2.0
"""Cost of each Å out of reach."""

GAP, JUMP = 3.0, 1.0
"""Costs of a gap and of a jump beside those of `GapScores`: what the sums over all walks leave to
other terms."""

CLASH_COST = 6.0
"""Of bonded residues that lie too close. All of these were chosen by hand, in log-odds."""

SLICE = 100_000
"""Moves between two looks at progress and cancel: about a tenth of a second."""

WORST_LINK = -1.0
"""Log-odds, with noise, below which a path through the positions does not follow a link."""

END_NOISE = 2.0
"""Å added at most to distances of paths' ends, so that not always the same are joined."""


@dataclass(frozen=True, eq=False)
class Problem:
    """What a placement is searched by.

    Attributes
    ----------
    emission : ndarray (L, n) float32
        Log-odds of residue i at position p.
    graph : CandidateGraph
    chain : ndarray (L,) int64
        Chain of each residue.
    next_copy : ndarray (L,) int64
        See `chain_copies.next_copies`.
    gaps : GapScores
    span : ndarray (s, d)
        `Statistics.span`.
    others : float
        See `other_molecules.share_of_others`.
    """

    emission: NDArray[np.float32]
    graph: CandidateGraph
    chain: NDArray[np.int64]
    next_copy: NDArray[np.int64]
    gaps: GapScores
    span: NDArray[np.float32]
    others: float = 0.0

    @cached_property
    def scoring(self) -> Scoring:
        """As the kernels take it."""
        gaps, graph = self.gaps, self.graph
        return Scoring(
            self.emission,
            gaps.missing,
            self.chain,
            graph.positions,
            graph.start,
            graph.source,
            graph.link,
            graph.turn_start,
            graph.turn,
            self.span,
            gap=GAP - gaps.opened,
            skip=-gaps.skip,
            jump=JUMP - gaps.jump,
            too_far=TOO_FAR,
            most_too_far=MOST_TOO_FAR + MOST_TOO_FAR_BESIDE_OTHERS * self.others,
            clash=CLASH_COST,
        )

    def score(self, node: NDArray[np.int32]) -> float:
        """Score of a placement (L,)."""
        return placement_score(self.scoring, node)


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
    """One random path through the positions, by links alone.

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
        if worth[k] < WORST_LINK:
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
    ends = np.array([(path[0], path[-1]) for path in paths])
    left = list(range(len(paths)))
    while left and len(whole) < length:
        tips = graph.positions[ends[left]]
        distance = np.linalg.norm(tips[:, :, None] - graph.positions[[whole[0], whole[-1]]], axis=3)
        distance = distance + END_NOISE * rng.random(distance.shape)
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
    search = new_search(node, problem.emission.shape[1])
    score = best_score = problem.score(search.node)
    slices = max(1, round(steps / SLICE))
    for k in range(slices):
        begin, end = (hot * (cold / hot) ** (at / slices) for at in (k, k + 1))
        schedule = Schedule(steps // slices, begin, end, int(rng.integers(2**31)))
        score, best_score = anneal(
            problem.scoring, problem.next_copy, search, schedule, score, best_score
        )
        if tick is not None:
            tick((k + 1) / slices)
    return Placement(search.best, problem.score(search.best))
