"""The sums over all walks are those of walks counted one by one."""

from dataclasses import dataclass

import numpy as np
import pytest

from critasser.trace.alignment_kernels import States, Sums, Weights, backward, forward
from critasser.trace.states import connect, every_position
from critasser.trace.turns import turn_tables
from critasser.trace.walk_kernels import walk

GAP_OPEN, GAP_EXTEND, JUMP = 0.05, 0.3, 0.02
SOME_POSITIONS = np.array([[0, 1, 3], [0, 2, 4], [1, 2, 3], [0, 1, 2], [1, 3, 4]], np.int32)
FEW_EDGES = [(0, 1), (1, 2), (2, 3), (0, 2), (3, 4)]
ROUND_ONE = [(0, k) for k in range(1, 12)] + [(9, 10)]
"""One position has more edges than a row of `Turns` has columns."""
ROUND_POSITIONS = np.array([[1, 9, 10], [0, 2, 9], [3, 9, 10], [0, 1, 11], [0, 2, 10]], np.int32)

kinds = pytest.mark.parametrize(
    ("positions", "pairs"),
    [
        (every_position(5, 5), FEW_EDGES),
        (SOME_POSITIONS, FEW_EDGES),
        (ROUND_POSITIONS, ROUND_ONE),
    ],
    ids=["all positions", "some positions", "a position with many edges"],
)


@dataclass(frozen=True)
class Graph:
    """What `connect` and `turn_tables` read of a graph, and the weights of its turns."""

    start: np.ndarray
    source: np.ndarray
    reverse: np.ndarray
    turn_start: np.ndarray
    turn: np.ndarray
    skip_start: np.ndarray
    skip_source: np.ndarray


@dataclass(frozen=True)
class Small:
    """A problem so small that all its walks can be counted; `emission` is (L, n)."""

    emission: np.ndarray
    graph: Graph
    states: States
    weights: Weights


def small_problem(seed, positions, pairs):
    """Positions with edges, five residues of which the last two are another chain."""
    rng = np.random.default_rng(seed)
    n = 1 + max(map(max, pairs))
    edges = sorted([(b, a) for a, b in pairs] + pairs)  # (head, tail)
    source = np.array([tail for _, tail in edges], np.int32)
    target = np.array([head for head, _ in edges], np.int32)
    start = np.searchsorted(target, np.arange(n + 1)).astype(np.int32)
    reverse = np.array([edges.index((t, h)) for h, t in edges], np.int32)
    degree = np.diff(start)[source]
    turn_start = np.concatenate([[0], np.cumsum(degree)])[:-1].astype(np.int32)
    skips = sorted([(1, 3), (3, 1), (0, 3), (3, 0)])
    skip_source = np.array([tail for _, tail in skips], np.int32)
    skip_start = np.searchsorted([head for head, _ in skips], np.arange(n + 1)).astype(np.int32)
    symmetric = {(1, 3): 0.2, (3, 1): 0.2, (0, 3): 0.1, (3, 0): 0.1}
    emission = rng.uniform(0.2, 3, (5, n)).astype(np.float32)
    turn = rng.uniform(0.2, 2, degree.sum()).astype(np.float32)
    graph = Graph(start, source, reverse, turn_start, turn, skip_start, skip_source)
    bonded = np.array([False, True, True, False, True])
    states = connect(positions, graph, bonded)
    # Positions that no residue may be at have no tables.
    tables = turn_tables(graph, np.isin(np.arange(n), positions))
    weights = Weights(
        emission[np.repeat(np.arange(5), np.diff(states.row)), states.position],
        rng.uniform(0.2, 2, len(edges)).astype(np.float32),
        tables.filled(turn[tables.turn]),
        np.array([symmetric[pair] for pair in skips], np.float32),
        bonded,
        GAP_OPEN,
        GAP_EXTEND,
        JUMP,
    )
    return Small(emission, graph, states, weights)


def all_walks(small):
    """Every walk with its weight: positions (−1 without), one walk for each way to go."""
    weights, graph = small.weights, small.graph
    emission, link, turn, skip = (
        np.float64(values)
        for values in (small.emission, weights.link, graph.turn, weights.skip)
    )
    start, source, bonded = graph.start, graph.source, weights.bonded
    L = len(emission)
    places = [small.states.position[a:b] for a, b in zip(small.states.row, small.states.row[1:])]

    def grow(nodes, value, edge):
        i = len(nodes)
        if i == L:
            yield tuple(nodes), value
            return
        at = nodes[-1] if nodes else -1
        joined = i > 0 and bonded[i]
        on = at >= 0 and joined
        yield from grow([*nodes, -1], value * GAP_EXTEND * (GAP_OPEN if on else 1), -1)
        for p in places[i].tolist():
            yield from grow([*nodes, p], value * emission[i, p] * (JUMP if on else 1), -1)
        if not on:
            return
        for k in range(len(source)):
            if source[k] != at or (edge >= 0 and k == graph.reverse[edge]):
                continue
            head = int(np.searchsorted(start, k, side="right")) - 1
            if head in places[i]:
                bend = turn[graph.turn_start[k] + edge - start[at]] if edge >= 0 else 1
                yield from grow([*nodes, head], value * link[k] * bend * emission[i, head], k)
        if i + 1 < L and bonded[i + 1]:
            for head in places[i + 1].tolist():
                for s in range(graph.skip_start[head], graph.skip_start[head + 1]):
                    if graph.skip_source[s] == at:
                        over = value * skip[s] * emission[i + 1, head]
                        yield from grow([*nodes, -1, head], over, -1)

    yield from grow([], 1.0, -1)


def summed(small):
    L, x = len(small.emission), len(small.states.position)
    sums = Sums(
        np.empty(len(small.states.edge), np.float32),
        *np.empty((2, x), np.float32),
        *np.empty((2, L)),
    )
    forward(small.weights, small.states, sums)
    return sums


@kinds
@pytest.mark.parametrize("seed", [0, 1])
def test_probabilities_are_those_of_all_walks_counted_one_by_one(seed, positions, pairs):
    small = small_problem(seed, positions, pairs)
    L, n = small.emission.shape
    sums = summed(small)
    marginal = np.empty(len(small.states.position), np.float32)
    backward(small.weights, small.states, sums, marginal)
    expected, total = np.zeros((L, n)), 0.0
    for walked, value in all_walks(small):
        total += value
        for i, p in enumerate(walked):
            if p >= 0:
                expected[i, p] += value
    assert np.prod(sums.scale) == pytest.approx(total, rel=1e-5)
    residue = np.repeat(np.arange(L), np.diff(small.states.row))
    assert marginal == pytest.approx(expected[residue, small.states.position] / total, rel=1e-4)


@kinds
def test_walks_are_drawn_as_often_as_they_weigh(positions, pairs):
    small = small_problem(2, positions, pairs)
    L = len(small.emission)
    sums = summed(small)
    total, probability = 0.0, {}
    for walked, value in all_walks(small):
        total += value
        probability[walked] = probability.get(walked, 0.0) + value
    rng = np.random.default_rng(0)
    node = np.empty(L, np.int32)
    counts = {}
    for _ in range(40_000):
        walk(small.weights, small.states, sums, rng.random(4 * L + 4), node)
        counts[tuple(node.tolist())] = counts.get(tuple(node.tolist()), 0) + 1
    assert set(counts) <= set(probability)
    likely = sorted(probability, key=probability.get, reverse=True)[:30]
    for walked in likely:
        expected = 40_000 * probability[walked] / total
        assert counts.get(walked, 0) == pytest.approx(expected, abs=5 * np.sqrt(expected) + 5)


def test_more_edges_at_a_position_than_tables_hold_are_refused():
    with pytest.raises(ValueError, match="17 edges"):
        small_problem(0, ROUND_POSITIONS, [(0, k) for k in range(1, 18)])
