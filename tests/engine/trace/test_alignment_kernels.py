"""The sums over all walks are those of walks counted one by one."""

import numpy as np
import pytest

from critasser.trace.alignment_kernels import Sums, Weights, backward, forward, walk

GAP_OPEN, GAP_EXTEND, JUMP = 0.05, 0.3, 0.02


def small_problem(seed):
    """Five nodes, a few edges, five residues of which the last two are another chain."""
    rng = np.random.default_rng(seed)
    pairs = [(0, 1), (1, 2), (2, 3), (0, 2), (3, 4)]
    edges = sorted([(b, a) for a, b in pairs] + pairs)  # (head, tail)
    source = np.array([tail for _, tail in edges], np.int32)
    target = np.array([head for head, _ in edges], np.int32)
    start = np.searchsorted(target, np.arange(6)).astype(np.int32)
    reverse = np.array([edges.index((t, h)) for h, t in edges], np.int32)
    degree = np.diff(start)[source]
    turn_start = np.concatenate([[0], np.cumsum(degree)])[:-1].astype(np.int32)
    skips = sorted([(1, 3), (3, 1), (0, 3), (3, 0)])
    skip_source = np.array([tail for _, tail in skips], np.int32)
    skip_start = np.searchsorted([head for head, _ in skips], np.arange(6)).astype(np.int32)
    symmetric = {(1, 3): 0.2, (3, 1): 0.2, (0, 3): 0.1, (3, 0): 0.1}
    return Weights(
        rng.uniform(0.2, 3, (5, 5)).astype(np.float32),
        rng.uniform(0.2, 2, len(edges)).astype(np.float32),
        rng.uniform(0.2, 2, degree.sum()).astype(np.float32),
        turn_start,
        start,
        source,
        reverse,
        skip_start,
        skip_source,
        np.array([symmetric[pair] for pair in skips], np.float32),
        np.array([False, True, True, False, True]),
        GAP_OPEN,
        GAP_EXTEND,
        JUMP,
    )


def all_walks(weights):
    """Every walk with its weight: nodes (−1 without position), one walk for each way to go."""
    emission, link, turn = (np.float64(values) for values in weights[:3])
    turn_start, start, source, reverse = weights[3:7]
    skip_start, skip_source = weights.skip_start, weights.skip_source
    skip, bonded = np.float64(weights.skip), weights.bonded
    L, n = emission.shape

    def grow(nodes, value, edge):
        i = len(nodes)
        if i == L:
            yield tuple(nodes), value
            return
        at = nodes[-1] if nodes else -1
        joined = i > 0 and bonded[i]
        on = at >= 0 and joined
        yield from grow([*nodes, -1], value * GAP_EXTEND * (GAP_OPEN if on else 1), -1)
        for p in range(n):
            yield from grow([*nodes, p], value * emission[i, p] * (JUMP if on else 1), -1)
        if not on:
            return
        for k in range(len(source)):
            if source[k] != at or (edge >= 0 and k == reverse[edge]):
                continue
            head = int(np.searchsorted(start, k, side="right")) - 1
            bend = turn[turn_start[k] + edge - start[at]] if edge >= 0 else 1
            yield from grow([*nodes, head], value * link[k] * bend * emission[i, head], k)
        if i + 1 < L and bonded[i + 1]:
            for head in range(n):
                for s in range(skip_start[head], skip_start[head + 1]):
                    if skip_source[s] == at:
                        found = value * skip[s] * emission[i + 1, head]
                        yield from grow([*nodes, -1, head], found, -1)

    yield from grow([], 1.0, -1)


def summed(weights):
    L, n = weights.emission.shape
    sums = Sums(
        np.empty((L, len(weights.link)), np.float32),
        *np.empty((2, L, n), np.float32),
        *np.empty((2, L)),
    )
    forward(weights, sums)
    return sums


@pytest.mark.parametrize("seed", [0, 1])
def test_probabilities_are_those_of_all_walks_counted_one_by_one(seed):
    weights = small_problem(seed)
    L, n = weights.emission.shape
    sums = summed(weights)
    marginal = np.empty((L, n), np.float32)
    backward(weights, sums, marginal)
    expected, total = np.zeros((L, n)), 0.0
    for walked, value in all_walks(weights):
        total += value
        for i, p in enumerate(walked):
            if p >= 0:
                expected[i, p] += value
    assert np.prod(sums.scale) == pytest.approx(total, rel=1e-5)
    assert marginal == pytest.approx(expected / total, rel=1e-4)


def test_walks_are_drawn_as_often_as_they_weigh():
    weights = small_problem(2)
    L = len(weights.emission)
    sums = summed(weights)
    total, probability = 0.0, {}
    for walked, value in all_walks(weights):
        total += value
        probability[walked] = probability.get(walked, 0.0) + value
    rng = np.random.default_rng(0)
    node = np.empty(L, np.int32)
    counts = {}
    for _ in range(40_000):
        walk(weights, sums, rng.random(4 * L + 4), node)
        counts[tuple(node.tolist())] = counts.get(tuple(node.tolist()), 0) + 1
    assert set(counts) <= set(probability)
    likely = sorted(probability, key=probability.get, reverse=True)[:30]
    for walked in likely:
        expected = 40_000 * probability[walked] / total
        assert counts.get(walked, 0) == pytest.approx(expected, abs=5 * np.sqrt(expected) + 5)
