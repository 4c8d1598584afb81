"""Combine several placements into a better one, by an integer programme."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from critasser.structure.geometry import CALPHA_BOND
from critasser.trace.placement import Placement, Problem
from critasser.trace.placement_kernels import POSITION_ERROR, pair_scores

__all__ = ["combine_placements"]

RESOLUTION = 1000
"""CP-SAT works with whole numbers: scores are rounded to one over this."""

LONGEST_GAP = 25
"""Residues over which pieces of different placements may be joined. Chosen by hand."""

Arc = tuple[int, int]


@dataclass(frozen=True, eq=False)
class _Seats:
    """All (residue, position) of some placements.

    Attributes
    ----------
    seats : list of (int, int)
        Residue and position, ascending; arcs name them by their index.
    index : dict
        Of each seat.
    by_residue : list of list of int
        Seats of each residue.
    """

    seats: list[tuple[int, int]]
    index: dict[tuple[int, int], int]
    by_residue: list[list[int]]

    @classmethod
    def of(cls, placements: list[Placement], length: int) -> _Seats:
        """The seats that placements of so many residues use."""
        seats = sorted({(i, int(p)) for at in placements for i, p in enumerate(at.node) if p >= 0})
        by_residue: list[list[int]] = [[] for _ in range(length)]
        for k, (i, _) in enumerate(seats):
            by_residue[i].append(k)
        return cls(seats, {seat: k for k, seat in enumerate(seats)}, by_residue)

    @property
    def begin(self) -> int:
        """Stands for what is before the first residue."""
        return len(self.seats)

    @property
    def end(self) -> int:
        """Stands for what is after the last residue."""
        return len(self.seats) + 1

    def path(self, node: NDArray[np.int32]) -> list[int]:
        """Seats of one of the placements in order."""
        return [self.index[(int(i), int(node[i]))] for i in np.flatnonzero(node >= 0)]


def combine_placements(
    problem: Problem, placements: list[Placement], *, effort: float = 5.0
) -> Placement:
    """The best placement that can be put together from pieces of several.

    An integer programme: one path of the sequence through all (residue, position) of the
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
    seats = _Seats.of(placements, L)
    scores = _arc_scores(problem, seats, _possible_arcs(problem, placements, seats))
    onward = _solve(seats, scores, seats.path(placements[0].node), effort)
    if onward is None:
        return placements[0]
    node = np.full(L, -1, dtype=np.int32)
    at = onward[seats.begin]
    while at != seats.end:
        i, p = seats.seats[at]
        node[i] = p
        at = onward[at]
    return Placement(node, problem.score(node))


def _solve(
    seats: _Seats, scores: dict[Arc, float], hint: list[int], effort: float
) -> dict[int, int] | None:
    """The seat after each one on the best path found, starting from a hint; None without any."""
    model = cp_model.CpModel()
    leaving: dict[int, list] = {}
    entering: dict[int, list] = {}
    terms, variables = [], {}
    for (a, b), score in scores.items():
        variable = model.new_bool_var("")
        leaving.setdefault(a, []).append(variable)
        entering.setdefault(b, []).append(variable)
        terms.append(round(score * RESOLUTION) * variable)
        variables[(a, b)] = variable
    for k in range(len(seats.seats)):
        model.add(sum(entering.get(k, [])) == sum(leaving.get(k, [])))
    model.add_exactly_one(leaving[seats.begin])
    model.add_exactly_one(entering[seats.end])
    by_position: dict[int, list] = {}
    for k, (_, p) in enumerate(seats.seats):
        by_position.setdefault(p, []).extend(entering.get(k, []))
    for at_position in by_position.values():
        model.add_at_most_one(at_position)
    on_path = set(zip([seats.begin, *hint], [*hint, seats.end]))
    for arc, variable in variables.items():
        model.add_hint(variable, arc in on_path)
    model.maximize(sum(terms))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = effort
    solver.parameters.random_seed = 1
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return {a: b for (a, b), variable in variables.items() if solver.value(variable)}


def _possible_arcs(problem: Problem, placements: list[Placement], seats: _Seats) -> set[Arc]:
    """Seats that may follow each other: those that do in a placement, links of the graph, and
    either side of a placement's gap with what its other side reaches in another one."""
    wanted: set[Arc] = set()
    before_gap, after_gap = set(), set()
    for at in placements:
        placed = np.flatnonzero(at.node >= 0)
        if len(placed) == 0:
            continue
        path = seats.path(at.node)
        wanted.update(itertools.pairwise(path))
        wanted.add((seats.begin, path[0]))
        wanted.add((path[-1], seats.end))
        for k in np.flatnonzero(np.diff(placed) > 1):
            before_gap.add(path[k])
            after_gap.add(path[k + 1])
    graph = problem.graph
    neighbours = [
        set(graph.source[graph.start[p] : graph.start[p + 1]].tolist())
        for p in range(len(graph.positions))
    ]
    L = len(problem.chain)
    for a, (i, p) in enumerate(seats.seats):
        if i + 1 < L:
            for b in seats.by_residue[i + 1]:
                if seats.seats[b][1] in neighbours[p]:
                    wanted.add((a, b))
        for j in range(i + 2, min(i + LONGEST_GAP, L)):
            reach = CALPHA_BOND * (j - i) + POSITION_ERROR
            for b in seats.by_residue[j]:
                if a in before_gap or b in after_gap:
                    q = seats.seats[b][1]
                    if np.linalg.norm(graph.positions[p] - graph.positions[q]) < reach:
                        wanted.add((a, b))
    return wanted


def _arc_scores(problem: Problem, seats: _Seats, arcs: set[Arc]) -> dict[Arc, float]:
    """Score of going from one seat to another, the second's own emission included."""
    L = len(problem.chain)
    missing = problem.gaps.missing
    scores: dict[Arc, float] = {}
    linked: list[tuple[Arc, tuple[int, int, int, int]]] = []
    for a, b in arcs:
        i, p = (-1, -1) if a == seats.begin else seats.seats[a]
        j, q = (L, -1) if b == seats.end else seats.seats[b]
        if p >= 0 and p == q:
            continue
        score = missing * (j - i - 1)
        if q >= 0:
            score += float(problem.emission[j, q])
        if p >= 0 and q >= 0 and problem.chain[i] == problem.chain[j]:
            linked.append(((a, b), (i, p, j, q)))
        scores[(a, b)] = score
    link = np.empty(len(linked))
    pairs = np.array([pair for _, pair in linked], dtype=np.int64).reshape(-1, 4)
    pair_scores(problem.scoring, pairs, link)
    for (arc, _), value in zip(linked, link.tolist()):
        scores[arc] += value
    return scores
