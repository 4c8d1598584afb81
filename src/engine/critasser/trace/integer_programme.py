"""The best of several placements put together, by an integer programme."""

from __future__ import annotations

import itertools

import numpy as np
from ortools.sat.python import cp_model

from critasser.trace.placement import Placement, Problem
from critasser.trace.placement_kernels import pair_score

__all__ = ["unite"]

# CP-SAT works with whole numbers.
UNITS = 1000


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
        wanted.update(itertools.pairwise(way))
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
    graph = problem.graph
    return pair_score(
        graph.positions, graph.start, graph.source, graph.link, problem.costs, i, p, j, q
    )
