"""Placements are scored as defined, and moves keep book of the score rightly."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from critasser.trace.alignment import GapScores
from critasser.trace.emissions import emissions
from critasser.trace.graph import candidate_graph
from critasser.trace.placement import Problem, cover, improve
from critasser.trace.placement_kernels import cuts_score, span_score
from critasser.trace.statistics import statistics


@pytest.fixture(scope="module")
def problem(barnase, seen):
    view = seen(barnase, knowledge=1.0)
    known = statistics()
    graph = candidate_graph(view.calpha, view.features, known.link)
    # Two chains; that they are no copies matters to no book-keeping.
    half = len(view.target) // 2
    chain = (np.arange(2 * half) >= half).astype(np.int64)
    twin = (np.arange(2 * half) + half) % (2 * half)
    emission = emissions(view.calpha, view.target, known)
    return Problem(emission, graph, chain, twin, GapScores(), known.span)


def slow_score(problem, node):
    """The definition: emissions, links of consecutive placed residues, turns."""
    graph, (costs, span) = problem.graph, problem.costs
    edges = {
        (int(q), int(p)): e for e, (q, p) in enumerate(zip(graph.source, graph.target, strict=True))
    }
    total = 0.0
    placed = [i for i in range(len(node)) if node[i] >= 0]
    total += problem.gaps.missing * (len(node) - len(placed))
    total += sum(float(problem.emission[i, node[i]]) for i in placed)
    for i, j in itertools.pairwise(placed):
        if problem.chain[i] != problem.chain[j]:
            continue
        p, q = int(node[i]), int(node[j])
        if j == i + 1 and (p, q) in edges:
            total += float(graph.link[edges[p, q]])
            o = int(node[i - 1]) if i > 0 and problem.chain[i - 1] == problem.chain[i] else -1
            if o >= 0 and (o, p) in edges:
                e = edges[p, q]
                total += float(graph.turn[graph.turn_start[e] + edges[o, p] - graph.start[p]])
            continue
        distance = np.linalg.norm(graph.positions[p] - graph.positions[q])
        too_far = np.clip(costs[1] * (distance - 3.8 * (j - i) - 0.8), 0, costs[2])
        if j > i + 1:
            worth = min(span[j - i, int(distance)], -too_far or np.inf)
            total += worth - (costs[4] if j == i + 2 else costs[0])
            continue
        total -= costs[3] + too_far + (costs[5] if distance < 3.0 else 0.0)
    return total


def random_placement(problem, rng):
    L = len(problem.chain)
    node = cover(problem.graph, L, rng)
    node[rng.random(L) < 0.15] = -1
    return node


def test_score_of_a_placement_is_its_definition(problem):
    rng = np.random.default_rng(0)
    for _ in range(5):
        node = random_placement(problem, rng)
        assert problem.score(node) == pytest.approx(slow_score(problem, node), abs=1e-3)


def test_what_changes_across_cuts_is_the_change_of_the_whole(problem):
    rng = np.random.default_rng(1)
    graph = problem.graph
    arguments = (graph.positions, np.zeros_like(problem.chain), graph.kernel_arrays, problem.costs)
    one_chain = replace(problem, chain=arguments[1])
    for _ in range(20):
        node = random_placement(problem, rng)
        a = int(rng.integers(2, 50))
        b = a + int(rng.integers(0, 12))
        turned = node.copy()
        turned[a : b + 1] = node[a : b + 1][::-1]
        inner = sum(
            float(problem.emission[i, turned[i]]) * (turned[i] >= 0)
            - float(problem.emission[i, node[i]]) * (node[i] >= 0)
            for i in range(a, b + 1)
        )
        change = one_chain.score(turned) - one_chain.score(node)
        cuts = np.array([a - 1, b], np.int64)
        by_cuts = cuts_score(*arguments, turned, cuts, 2) - cuts_score(*arguments, node, cuts, 2)
        by_span = span_score(*arguments, turned, a, b) - span_score(*arguments, node, a, b)
        assert inner + by_cuts == pytest.approx(change, abs=1e-3)
        assert inner + by_span == pytest.approx(change, abs=1e-3)


@pytest.mark.parametrize("hot", [0.2, 3.0, 30.0])
def test_annealing_uses_no_position_twice_and_never_loses_the_best(problem, hot):
    rng = np.random.default_rng(2)
    start = random_placement(problem, rng)
    found = improve(problem, start, rng, steps=200_000, hot=hot, cold=0.2)
    placed = found.node[found.node >= 0]
    assert len(np.unique(placed)) == len(placed)
    assert found.score == pytest.approx(slow_score(problem, found.node), abs=1e-2)
    assert found.score >= problem.score(start)


def test_annealing_keeps_the_running_score_exact(problem):
    from critasser.trace.annealing_kernels import anneal

    rng = np.random.default_rng(3)
    n = problem.emission.shape[1]
    node = random_placement(problem, rng)
    where = np.full(n, -1, np.int32)
    where[node[node >= 0]] = np.flatnonzero(node >= 0)
    best, begun = node.copy(), problem.score(node)
    graph = problem.graph
    score, best_score = anneal(
        problem.emission,
        problem.gaps.missing,
        graph.positions,
        problem.chain,
        problem.twin,
        graph.kernel_arrays,
        problem.costs,
        node,
        where,
        best,
        begun,
        begun,
        100_000,
        5.0,
        2.0,
        7,
    )
    assert score == pytest.approx(slow_score(problem, node), abs=0.05)
    assert best_score == pytest.approx(slow_score(problem, best), abs=0.05)
    assert all(node[where[p]] == p for p in range(n) if where[p] >= 0)


def test_ends_of_two_copies_that_were_exchanged_are_exchanged_back(barnase, seen):
    view = seen(barnase, knowledge=3.0, missing=0.0, false=0.0)
    known, L, half = statistics(), len(barnase), len(barnase) // 2
    # Two halves of a chain, 50 Å apart, that pass for copies: no amino acid tells which is which.
    graph = candidate_graph(view.calpha, view.features, known.link)
    apart = graph.positions + np.where(view.residue >= half, 50.0, 0.0)[:, None]
    problem = Problem(
        np.zeros((L, L), np.float32),
        replace(graph, positions=apart),
        (np.arange(L) >= half).astype(np.int64),
        (np.arange(L) + half) % L,
        GapScores(),
        known.span,
    )
    right = np.empty(L, np.int32)
    right[view.residue] = np.arange(L)
    # Nothing is seen of the stretch where they were exchanged: no link tells.
    right[18:24] = right[half + 18 : half + 24] = -1
    wrong = right.copy()
    wrong[20:half], wrong[half + 20 :] = right[half + 20 :], right[20:half]
    assert problem.score(wrong) < problem.score(right) - 5

    def search(problem):
        rng = np.random.default_rng(0)
        return improve(problem, wrong, rng, steps=3000, hot=0.01, cold=0.01).score

    assert search(problem) >= problem.score(right)
    assert search(replace(problem, twin=np.arange(L))) < problem.score(right)
