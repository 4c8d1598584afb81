"""In a large map each residue may be at the positions that its surroundings in the chain suit."""

import itertools

import numpy as np
import pytest

from critasser.trace import alignment
from critasser.trace.alignment import GapScores, align
from critasser.trace.emissions import emissions
from critasser.trace.graph import candidate_graph
from critasser.trace.states import choose_positions, connect
from critasser.trace.states_kernels import (
    Links,
    likeliest_paths,
    likeliest_turns,
    path_scores,
)
from critasser.trace.statistics import statistics


@pytest.fixture(scope="module")
def view(barnase, seen):
    return seen(barnase, knowledge=1.5)


@pytest.fixture(scope="module")
def graph(view):
    return candidate_graph(view.calpha, view.features, statistics().link)


@pytest.fixture(scope="module")
def emission(view):
    return emissions(view.calpha, view.target, statistics())


@pytest.fixture(scope="module")
def bonded(view):
    return np.concatenate([[False], view.target.bonded])


def turn(graph, e, after):
    return graph.turn[graph.turn_start[after] + e - graph.start[graph.target[e]]]


def test_paths_go_on_by_the_likeliest_turn_and_end_where_there_is_none(graph):
    links = Links(graph.start, graph.source, graph.target, graph.reverse, graph.link,
                  graph.turn_start, graph.turn)  # fmt: skip
    following, preceding = np.empty((2, len(graph.source)), np.int64)
    likeliest_turns(links, following, preceding)
    for e in range(0, len(graph.source), 7):
        onward = [a for a in np.flatnonzero(graph.source == graph.target[e])
                  if graph.target[a] != graph.source[e]]  # fmt: skip
        worth = [graph.link[a] + turn(graph, e, a) for a in onward]
        if onward:
            assert graph.link[following[e]] + turn(graph, e, following[e]) == max(worth)
        else:
            assert following[e] == -1
        if preceding[e] >= 0:
            assert graph.target[preceding[e]] == graph.source[e]
    paths = np.empty((len(graph.positions), 2, 9), np.int32)
    likeliest_paths(links, following, preceding, paths)
    linked = {*zip(graph.source.tolist(), graph.target.tolist())}
    for path in paths.reshape(-1, 9):
        on = path[path >= 0].tolist()
        assert all(step in linked for step in itertools.pairwise(on))
        inside = np.flatnonzero(path >= 0)
        assert 4 in inside and (np.diff(inside) == 1).all()


def test_a_score_is_the_best_sum_along_a_path_with_or_without_either_side(bonded):
    rng = np.random.default_rng(0)
    L, n = 12, 6
    emission = rng.normal(size=(L, n)).astype(np.float32)
    paths = rng.integers(0, n, (n, 2, 7)).astype(np.int32)
    paths[:, 0, 5:] = -1
    broken = np.arange(L) != 5
    broken[0] = False
    scores = np.empty((L, n), np.float32)
    path_scores(emission, broken, paths, scores)
    for i, p in itertools.product(range(L), range(n)):
        best = -np.inf
        for path in paths[p]:
            sides = []
            for step in (1, -1):
                side = 0.0
                for k in range(1, 4):
                    j = i + step * k
                    link = max(j, j - step)
                    if not 0 <= j < L or not broken[link] or path[3 + step * k] < 0:
                        break
                    side += emission[j, path[3 + step * k]]
                sides.append(side)
            best = max(best, sum(sides), *sides)
        assert scores[i, p] == pytest.approx(emission[i, p] + best, abs=1e-5)


def test_the_right_position_is_among_few_that_are_chosen(view, graph, emission, bonded):
    chosen = choose_positions(emission, graph, bonded, 20)
    assert (np.diff(chosen, axis=1) > 0).all()
    place = {int(r): p for p, r in enumerate(view.residue) if r >= 0}
    assert np.mean([p in chosen[r] for r, p in place.items()]) > 0.95
    alone = np.argsort(-emission, axis=1)[:, :20]
    assert np.mean([p in alone[r] for r, p in place.items()]) < 0.95


def test_places_are_connected_by_edges_within_a_chain_alone(graph):
    bonded = np.array([False, True, True, False, True])
    rng = np.random.default_rng(1)
    positions = np.sort([rng.permutation(len(graph.positions))[:60] for _ in range(5)], axis=1)
    states = connect(positions.astype(np.int32), graph, bonded)
    residue = np.repeat(np.arange(5), 60)
    links = list(zip(graph.source.tolist(), graph.target.tolist()))
    expected = {
        (a, b)
        for a, b in itertools.product(range(300), repeat=2)
        if residue[b] == residue[a] + 1
        and bonded[residue[b]]
        and (states.position[a], states.position[b]) in links
    }
    heads = np.repeat(np.arange(300), np.diff(states.arrival))
    assert {*zip(states.tail.tolist(), heads.tolist())} == expected
    for tail, head, edge in zip(states.tail, heads, states.edge):
        assert links[edge] == (states.position[tail], states.position[head])
    over = np.repeat(np.arange(300), np.diff(states.over))
    assert len(over) > 0
    assert {*residue[over]} == {2} and {*residue[states.over_tail]} == {0}


@pytest.mark.parametrize("most", [0, 1024])
def test_few_places_a_residue_give_nearly_the_sums_of_all(
    view, graph, emission, monkeypatch, most
):
    """Chosen along the chain and then by walks, or by walks among all positions."""
    whole = align(emission, graph, view.target.bonded, GapScores())
    monkeypatch.setattr(alignment, "MOST_POSITIONS", most)
    monkeypatch.setattr(alignment, "FIRST_POSITIONS", 40)
    monkeypatch.setattr(alignment, "POSITIONS_A_RESIDUE", 20)
    few = align(emission, graph, view.target.bonded, GapScores())
    first = len(graph.positions) if most else 40
    assert len(few.first_states.position) == first * len(emission)
    assert len(few.states.position) == 20 * len(emission)
    assert np.mean(whole.marginal.argmax(axis=1) == few.marginal.argmax(axis=1)) > 0.95
