"""Links by distance, joining and gapless threading do what the paper says."""

import numpy as np
import pytest

from critasser.trace.joining import connect
from critasser.trace.joining_kernels import (
    Fragments,
    join_fragments,
    links_at_cutoff,
    thread_gapless,
)


def slow_links(first, second, distance, cutoff, n):
    """The paper's rule, atom by atom."""
    near = [k for k in range(len(first)) if distance[k] < cutoff]
    degree = [sum(p in (first[k], second[k]) for k in near) for p in range(n)]
    true = {k for k in near if degree[first[k]] <= 2 or degree[second[k]] <= 2}
    enough = [
        degree[p] > 2 and sum(p in (first[k], second[k]) for k in true) >= 2 for p in range(n)
    ]
    left = [k for k in near if k in true or not (enough[first[k]] or enough[second[k]])]
    now = [sum(p in (first[k], second[k]) for k in left) for p in range(n)]
    kept = {k for k in left if now[first[k]] <= 2 and now[second[k]] <= 2}
    return np.array([k in kept for k in range(len(first))])


def test_links_of_one_bond_length_follow_the_rule():
    rng = np.random.default_rng(0)
    positions = rng.uniform(0, 14, (60, 3))
    first, second = np.triu_indices(60, k=1)
    distance = np.linalg.norm(positions[first] - positions[second], axis=1)
    kept = np.empty(len(first), np.bool_)
    for cutoff in (2.0, 3.0, 4.0, 5.0):
        links_at_cutoff(first, second, distance, cutoff, 60, kept)
        assert (kept == slow_links(first, second, distance, cutoff, 60)).all()


def test_calpha_of_a_chain_are_linked_almost_as_in_the_chain(barnase):
    onward = connect(barnase.calpha)
    right = sum(p + 1 in onward[p] for p in range(len(barnase) - 1))
    assert right >= 0.95 * (len(barnase) - 1)
    assert all(abs(p - q) == 1 for p in range(len(barnase)) for q in onward[p] if q >= 0)


def fragments_of(positions):
    """Fragments, and which positions may follow each other (n, n)."""
    onward = connect(positions)
    distance = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    near = (distance < 5.5) & ~np.eye(len(positions), dtype=bool)
    reach_start = np.concatenate([[0], np.cumsum(near.sum(axis=1))])
    reach = np.nonzero(near)[1].astype(np.int64)
    return Fragments(onward, reach_start, reach, np.flatnonzero(onward[:, 1] < 0)), distance < 5.6


@pytest.fixture(scope="module")
def noisy(barnase):
    rng = np.random.default_rng(0)
    return barnase.calpha + rng.normal(size=(len(barnase), 3)) * 0.6


def joined(fragments, jumps):
    n = len(fragments.onward)
    traces, sizes = np.full((300, n), -1, np.int32), np.empty(300, np.int32)
    join_fragments(fragments, n, jumps, traces, sizes, 1)
    return traces, sizes


@pytest.mark.parametrize("jumps", [0, 50])
def test_traces_visit_no_position_twice_and_step_within_reach(noisy, jumps):
    fragments, near = fragments_of(noisy)
    for trace, size in zip(*joined(fragments, jumps), strict=True):
        path = trace[:size]
        assert len(np.unique(path)) == size and (path >= 0).all()
        assert near[path[:-1], path[1:]].all()


def test_jumping_into_fragments_makes_longer_traces(noisy):
    fragments, _ = fragments_of(noisy)
    assert joined(fragments, 50)[1].mean() > 1.2 * joined(fragments, 0)[1].mean()


@pytest.mark.parametrize("size", [12, 20, 25])
def test_threading_finds_the_best_gapless_place(size):
    rng = np.random.default_rng(size)
    emission = rng.normal(size=(20, 30)).astype(np.float32)
    traces = np.array([rng.permutation(30)[:size] for _ in range(10)], np.int32)
    sizes = np.full(10, size, np.int32)
    score, offset = np.empty(10), np.empty(10, np.int32)
    forward = np.empty(10, np.bool_)
    thread_gapless(np.ascontiguousarray(emission.T), traces, sizes, score, offset, forward)
    for t, trace in enumerate(traces):
        best = max(
            sum(emission[shift + k, p] for k, p in enumerate(way) if 0 <= shift + k < 20)
            for way in (trace, trace[::-1])
            for shift in range(min(0, 20 - size), max(0, 20 - size) + 1)
        )
        assert score[t] == pytest.approx(best, abs=1e-4)
