"""Placements are scored as defined, whole and across cuts."""

from dataclasses import replace

import numpy as np
import pytest

from critasser.trace.placement_kernels import cuts_score, pair_score, pair_scores, span_score


def test_score_of_a_placement_is_its_definition(problem, slow_score, random_placement):
    rng = np.random.default_rng(0)
    for _ in range(5):
        node = random_placement(problem, rng)
        assert problem.score(node) == pytest.approx(slow_score(problem, node), abs=1e-3)


def test_what_changes_across_cuts_is_the_change_of_the_whole(problem, random_placement):
    rng = np.random.default_rng(1)
    one_chain = replace(problem, chain=np.zeros_like(problem.chain))
    scoring = one_chain.scoring
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
        by_cuts = cuts_score(scoring, turned, cuts, 2) - cuts_score(scoring, node, cuts, 2)
        by_span = span_score(scoring, turned, a, b) - span_score(scoring, node, a, b)
        assert inner + by_cuts == pytest.approx(change, abs=1e-3)
        assert inner + by_span == pytest.approx(change, abs=1e-3)


def test_scores_of_many_pairs_are_those_of_each(problem):
    rng = np.random.default_rng(2)
    n = len(problem.graph.positions)
    first = rng.integers(0, 40, 200)
    pairs = np.column_stack(
        [first, rng.integers(0, n, 200), first + rng.integers(1, 9, 200), rng.integers(0, n, 200)]
    )
    result = np.empty(len(pairs))
    pair_scores(problem.scoring, pairs, result)
    each = [pair_score(problem.scoring, *pair) for pair in pairs.tolist()]
    np.testing.assert_allclose(result, each, rtol=1e-6)
