"""Each move of the annealing proposes what it says, and its change of the score is the true one."""

from dataclasses import replace

import numpy as np
import pytest

from critasser.trace.alignment import GapScores
from critasser.trace.annealing_kernels import Schedule, anneal, score_change
from critasser.trace.graph import candidate_graph
from critasser.trace.piece_kernels import (
    NOTHING,
    bring_piece,
    exchange_distant,
    new_search,
    place_residue,
    reverse_piece,
    shift_piece,
)
from critasser.trace.placement import Problem, improve
from critasser.trace.statistics import statistics

MOVES = {
    "place": lambda s, search, copy, i: place_residue(s, search, i, False),
    "drop": lambda s, search, copy, i: place_residue(s, search, i, True),
    "reverse": lambda s, search, copy, i: reverse_piece(s, search, i),
    "bring": lambda s, search, copy, i: bring_piece(s, search, i),
    "shift": lambda s, search, copy, i: shift_piece(s, search, i),
    "exchange": lambda s, search, copy, i: exchange_distant(s, search, copy, i),
}


def seed_moves(problem, search, seed):
    """Seed the generator that compiled moves draw from."""
    anneal(problem.scoring, problem.next_copy, search, Schedule(0, 1.0, 1.0, seed), 0.0, 0.0)


def proposals(problem, node, move, count):
    """Moves from a placement: residue, the placement after the move, ranges, change of score."""
    search = new_search(node, problem.emission.shape[1])
    seed_moves(problem, search, 5)
    for i in np.random.default_rng(4).integers(0, len(node), count).tolist():
        ranges, links = MOVES[move](problem.scoring, search, problem.next_copy, i)
        if ranges != NOTHING:
            changed = [(int(search.low[r]), int(search.high[r])) for r in range(ranges)]
            change = score_change(problem.scoring, search, ranges, links)
            yield i, search.trial.copy(), changed, change
        search.trial[:] = node


@pytest.mark.parametrize("move", MOVES)
def test_a_move_changes_the_score_by_what_the_whole_scores_differ_in(
    problem, slow_score, random_placement, move
):
    node = random_placement(problem, np.random.default_rng(1))
    before = slow_score(problem, node)
    tried = list(proposals(problem, node, move, 400))
    assert len(tried) > 30
    for _, after, _, change in tried[:100]:
        assert change == pytest.approx(slow_score(problem, after) - before, abs=1e-3)


@pytest.mark.parametrize("move", MOVES)
def test_a_move_uses_no_position_twice_and_leaves_what_is_outside_its_ranges(
    problem, random_placement, move
):
    node = random_placement(problem, np.random.default_rng(2))
    for _, after, ranges, _ in proposals(problem, node, move, 400):
        placed = after[after >= 0]
        assert len(np.unique(placed)) == len(placed)
        inside = np.zeros(len(node), bool)
        for low, high in ranges:
            inside[low : high + 1] = True
        np.testing.assert_array_equal(after[~inside], node[~inside])


def neighbours(problem, p):
    graph = problem.graph
    return graph.source[graph.start[p] : graph.start[p + 1]]


def test_moves_do_what_they_are_called(problem, random_placement):
    node = random_placement(problem, np.random.default_rng(3))
    for i, after, _, _ in proposals(problem, node, "place", 300):
        beside = [after[j] for j in (i - 1, i + 1) if 0 <= j < len(node) and after[j] >= 0]
        assert any(after[i] in neighbours(problem, p) for p in beside)
    for i, after, _, _ in proposals(problem, node, "drop", 300):
        assert after[i] == -1 and np.sum(after != node) == 1
    for _, after, [(low, high)], _ in proposals(problem, node, "reverse", 300):
        np.testing.assert_array_equal(after[low : high + 1], node[low : high + 1][::-1])
    for i, after, _, _ in proposals(problem, node, "bring", 300):
        at = int(np.flatnonzero(after == node[i])[0])
        beside = [after[j] for j in (at - 1, at + 1) if 0 <= j < len(node) and after[j] >= 0]
        assert any(p in neighbours(problem, node[i]) for p in beside)
        assert sorted(after) == sorted(node)
    for _, after, [first, second], _ in proposals(problem, node, "exchange", 300):
        for (low, high), (a, b) in ((first, second), (second, first)):
            assert sorted(after[low : high + 1]) == sorted(node[a : b + 1])


def test_a_shift_moves_a_piece_by_at_most_four_residues(problem, random_placement):
    node = random_placement(problem, np.random.default_rng(4))
    for _, after, _, _ in proposals(problem, node, "shift", 300):
        moved = np.array([np.flatnonzero(node == p)[0] - j for j, p in enumerate(after)
                          if p >= 0 and p in node])  # fmt: skip
        size = np.abs(moved[moved != 0])
        # Of two pieces that were exchanged one is short, the other moves by its length.
        assert np.sum(size > 4) <= 4


@pytest.mark.parametrize("hot", [0.2, 3.0, 30.0])
def test_annealing_uses_no_position_twice_and_never_loses_the_best(
    problem, slow_score, random_placement, hot
):
    rng = np.random.default_rng(2)
    start = random_placement(problem, rng)
    found = improve(problem, start, rng, steps=200_000, hot=hot, cold=0.2)
    placed = found.node[found.node >= 0]
    assert len(np.unique(placed)) == len(placed)
    assert found.score == pytest.approx(slow_score(problem, found.node), abs=1e-2)
    assert found.score >= problem.score(start)


def test_annealing_keeps_the_running_score_exact(problem, slow_score, random_placement):
    start = random_placement(problem, np.random.default_rng(3))
    begun = problem.score(start)
    search = new_search(start, problem.emission.shape[1])
    schedule = Schedule(100_000, 5.0, 2.0, 7)
    score, best = anneal(problem.scoring, problem.next_copy, search, schedule, begun, begun)
    assert score == pytest.approx(slow_score(problem, search.node), abs=0.05)
    assert best == pytest.approx(slow_score(problem, search.best), abs=0.05)
    where = search.where
    assert all(search.node[where[p]] == p for p in range(len(where)) if where[p] >= 0)


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
    assert search(replace(problem, next_copy=np.arange(L))) < problem.score(right)
