"""Placements: which residue sits at which position, no position twice; their search and union."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from critasser.trace.alignment import GapScores
from critasser.trace.annealing_kernels import anneal, placement_score
from critasser.trace.graph import CandidateGraph

__all__ = ["Placement", "Problem", "cover", "improve", "unite", "without_repeats"]

# Moves between two looks at progress and cancel: about a tenth of a second.
SLICE = 100_000
# CP-SAT works with whole numbers.
UNITS = 1000


@dataclass(frozen=True, eq=False)
class Problem:
    """Everything that scores a placement.

    Attributes
    ----------
    emission : ndarray (L, n) float32
    graph : CandidateGraph
    chain : ndarray (L,) int64
        Chain of each residue.
    gaps : GapScores
    """

    emission: NDArray[np.float32]
    graph: CandidateGraph
    chain: NDArray[np.int64]
    gaps: GapScores

    @property
    def costs(self) -> NDArray[np.float64]:
        """As the annealing kernels take them."""
        gaps = self.gaps
        # A gap costs what it costs anywhere, and each Å too far two units, at most ten.
        return np.array([3.0 - gaps.opened, 2.0, 10.0, 1.0 - gaps.jump, -gaps.skip, 6.0])

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


def unite(problem: Problem, placements: list[Placement], *, effort: float = 5.0) -> Placement:
    """The best placement that can be put together from pieces of several.

    An integer programme: one way for the sequence through all (residue, position) of the
    placements, along their own links, links of the graph, and gaps that can be bridged; each
    position at most once. Turns are not in it.

    Parameters
    ----------
    problem : Problem
    placements : list of Placement
        Best first.
    effort : float
        Limit of CP-SAT's deterministic time (about seconds).

    Returns
    -------
    Placement
        The best of `placements` where the programme finds nothing better.
    """
    L = len(problem.chain)
    seats = sorted({(i, int(p)) for at in placements for i, p in enumerate(at.node) if p >= 0})
    number = {seat: k for k, seat in enumerate(seats)}
    by_residue: list[list[int]] = [[] for _ in range(L)]
    for k, (i, _) in enumerate(seats):
        by_residue[i].append(k)
    arcs = _arcs(problem, placements, seats, number, by_residue)
    model = cp_model.CpModel()
    begin, end = len(seats), len(seats) + 1
    out: dict[int, list] = {}
    into: dict[int, list] = {}
    terms, hints = [], {}
    first = placements[0].node
    placed = [int(i) for i in np.flatnonzero(first >= 0)]
    first_seats = [number[(i, int(first[i]))] for i in placed]
    on = set(zip([begin, *first_seats], [*first_seats, end]))
    for (a, b), worth in arcs.items():
        variable = model.new_bool_var("")
        out.setdefault(a, []).append(variable)
        into.setdefault(b, []).append(variable)
        terms.append(round(worth * UNITS) * variable)
        hints[(a, b)] = variable
    for k in range(len(seats)):
        model.add(sum(into.get(k, [])) == sum(out.get(k, [])))
    model.add_exactly_one(out[begin])
    model.add_exactly_one(into[end])
    by_position: dict[int, list] = {}
    for k, (_, p) in enumerate(seats):
        by_position.setdefault(p, []).extend(into.get(k, []))
    for variables in by_position.values():
        model.add_at_most_one(variables)
    for pair, variable in hints.items():
        model.add_hint(variable, pair in on)
    model.maximize(sum(terms))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = effort
    solver.parameters.random_seed = 1
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return placements[0]
    onward = {a: b for (a, b), variable in hints.items() if solver.value(variable)}
    node = np.full(L, -1, dtype=np.int32)
    at = onward[begin]
    while at != end:
        i, p = seats[at]
        node[i] = p
        at = onward[at]
    return Placement(node, problem.score(node))


def _arcs(
    problem: Problem,
    placements: list[Placement],
    seats: list[tuple[int, int]],
    number: dict[tuple[int, int], int],
    by_residue: list[list[int]],
    longest_gap: int = 25,
) -> dict[tuple[int, int], float]:
    """Worth of going from one seat to another, the second's own emission included."""
    L = len(problem.chain)
    begin, end = len(seats), len(seats) + 1
    missing = problem.gaps.missing
    wanted: set[tuple[int, int]] = set()
    tails, heads = set(), set()
    for at in placements:
        placed = np.flatnonzero(at.node >= 0)
        if len(placed) == 0:
            continue
        way = [number[(int(i), int(at.node[i]))] for i in placed]
        wanted.update(zip(way[:-1], way[1:]))
        wanted.add((begin, way[0]))
        wanted.add((way[-1], end))
        apart = np.diff(placed)
        for k in np.flatnonzero(apart > 1):
            tails.add(way[k])
            heads.add(way[k + 1])
    graph = problem.graph
    neighbours = [
        set(graph.source[graph.start[p] : graph.start[p + 1]].tolist())
        for p in range(len(graph.positions))
    ]
    for a, (i, p) in enumerate(seats):
        if i + 1 < L:
            for b in by_residue[i + 1]:
                if seats[b][1] in neighbours[p]:
                    wanted.add((a, b))
        for j in range(i + 2, min(i + longest_gap, L)):
            reach = 3.8 * (j - i) + 0.8
            for b in by_residue[j]:
                if a in tails or b in heads:
                    q = seats[b][1]
                    if np.linalg.norm(graph.positions[p] - graph.positions[q]) < reach:
                        wanted.add((a, b))
    arcs = {}
    for a, b in wanted:
        i, p = (-1, -1) if a == begin else seats[a]
        j, q = (L, -1) if b == end else seats[b]
        if p >= 0 and p == q:
            continue
        worth = missing * (j - i - 1)
        if q >= 0:
            worth += float(problem.emission[j, q])
        if p >= 0 and q >= 0 and problem.chain[i] == problem.chain[j]:
            worth += _link(problem, i, p, j, q)
        arcs[(a, b)] = worth
    return arcs


def _link(problem: Problem, i: int, p: int, j: int, q: int) -> float:
    from critasser.trace.annealing_kernels import _pair

    graph = problem.graph
    return _pair(
        graph.positions, graph.start, graph.source, graph.link, problem.costs, i, p, j, q
    )
