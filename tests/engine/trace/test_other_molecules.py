"""Where a map holds other molecules too, what is clear in it speaks less for the target's chain."""

from dataclasses import replace

import numpy as np
import pytest

from critasser.trace.alignment import GapScores
from critasser.trace.emissions import emissions
from critasser.trace.graph import candidate_graph
from critasser.trace.other_molecules import discount_log_odds, share_of_others
from critasser.trace.placement import MOST_TOO_FAR_BESIDE_OTHERS, Problem
from critasser.trace.statistics import statistics


@pytest.fixture(scope="module")
def view(barnase, seen):
    return seen(barnase, knowledge=1.0)


def test_positions_beyond_those_of_the_target_are_of_others(view):
    calpha = replace(view.calpha, probability=np.ones(len(view.calpha)))
    n = len(calpha)
    assert share_of_others(calpha, n) == 0
    assert share_of_others(calpha, round(n / 1.1)) == 0
    assert share_of_others(calpha, n // 3) == pytest.approx(0.6, abs=0.02)
    unsure = replace(calpha, probability=np.full(n, 0.3))
    assert share_of_others(unsure, n // 3) == 0


def test_log_odds_are_as_they_were_without_others_and_bounded_with_them():
    odds = np.linspace(-8, 8, 17)
    np.testing.assert_allclose(discount_log_odds(odds, 0.0), odds)
    worth = discount_log_odds(odds, 0.5)
    assert np.all(np.diff(worth) > 0) and worth.max() < np.log(2)
    # What speaks against a chain speaks against this one as well.
    np.testing.assert_allclose(worth[0], odds[0] - np.log(0.5), atol=1e-3)


def test_links_turns_and_positions_are_worth_less_beside_others(view):
    known = statistics()
    graph = candidate_graph(view.calpha, view.features, known.link)
    assert graph.discounted(0.0) is graph
    crowded = graph.discounted(0.6)
    assert crowded.link.max() < 0.52 and crowded.turn.max() < 0.52
    np.testing.assert_array_equal(np.argsort(crowded.link), np.argsort(graph.link))
    alone = emissions(view.calpha, view.target, known)
    beside = emissions(view.calpha, view.target, known, others=0.6)
    # The same for all residues at a position: what a position's amino acid tells stays.
    np.testing.assert_allclose(np.ptp(alone - beside, axis=0), 0, atol=1e-4)


def test_beside_others_a_chain_does_not_go_on_out_of_reach(view):
    """Else it would, wherever a piece of another copy is clearer than its own next one."""
    known, L = statistics(), len(view.target)
    graph = candidate_graph(view.calpha, view.features, known.link)
    emission = emissions(view.calpha, view.target, known)
    x = view.calpha.positions
    first, last = np.unravel_index(
        np.linalg.norm(x[:, None] - x, axis=2).argmax(), (len(x), len(x))
    )
    node = np.full(L, -1, np.int32)
    node[[50, 53]] = first, last

    def score(others):
        one, own = np.zeros(L, np.int64), np.arange(L)
        problem = Problem(emission, graph, one, own, GapScores(), known.span, others)
        return problem.score(node)

    assert score(0.0) - score(0.6) == pytest.approx(0.6 * MOST_TOO_FAR_BESIDE_OTHERS)
