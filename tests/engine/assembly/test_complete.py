"""Whole chains from traces with holes."""

import numpy as np
import pytest

from critasser.assembly import complete
from critasser.assembly.complete import mended
from critasser.structure import Template, Trace, tm_score


def assert_is_a_chain(positions, target):
    assert np.isfinite(positions).all()
    bonds = np.linalg.norm(np.diff(positions, axis=0), axis=1)[target.bonded]
    assert bonds.min() > 2.7
    assert bonds.max() < 4.2


def test_a_trace_with_gaps_becomes_a_whole_chain_no_worse_than_it_was(barnase):
    rng = np.random.default_rng(0)
    for seed in range(5):
        trace = barnase.noisy_trace(seed, missing=0.2)
        start = complete(barnase.target, trace, barnase.guide, rng=rng)
        assert_is_a_chain(start.positions, barnase.target)
        assert tm_score(start.positions, barnase.native) > tm_score(trace.positions, barnase.native)
        assert not start.confidence[~trace.placed].any()


def test_placed_residues_stay_near_their_places(barnase):
    trace = barnase.noisy_trace(1)
    start = complete(barnase.target, trace, barnase.guide, rng=np.random.default_rng(0))
    off = np.linalg.norm(start.positions - trace.positions, axis=1)[start.given]
    assert np.median(off) < 0.6
    assert start.given.sum() >= 0.95 * trace.placed.sum()


def test_a_gap_follows_the_predicted_calpha(barnase):
    trace = barnase.noisy_trace(2, missing=0.0)
    positions, confidence = trace.positions.copy(), trace.confidence.copy()
    positions[40:48], confidence[40:48] = np.nan, 0.0
    gapped = Trace(positions, confidence, 1.0, "gap")
    off = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        start = complete(barnase.target, gapped, barnase.guide, rng=rng)
        off.append(np.linalg.norm(start.positions[40:48] - barnase.native[40:48], axis=1).mean())
    assert np.median(off) < 2.5


def test_two_chains_are_not_joined(barnase):
    target = barnase.two_chains
    trace = barnase.noisy_trace(3)
    positions = trace.positions.copy()
    positions[len(target.sequences[0]) :] += 25.0
    apart = Trace(positions, trace.confidence, 1.0, "apart")
    start = complete(target, apart, barnase.guide, rng=np.random.default_rng(0))
    assert_is_a_chain(start.positions, target)
    assert start.given.sum() >= 0.9 * trace.placed.sum()


def test_a_jump_that_nothing_bridges_gives_residues_up(barnase):
    positions = barnase.native.copy()
    positions[50:60] += 30.0
    confidence = np.ones(len(positions))
    confidence[50:60] = 0.3
    trace = Trace(positions, confidence, 1.0, "torn")
    start = complete(barnase.target, trace, barnase.guide, rng=np.random.default_rng(0))
    assert_is_a_chain(start.positions, barnase.target)
    assert not start.given[50:60].any()
    assert start.given.sum() > len(positions) - 16


@pytest.mark.parametrize("placed", [0, 1, 2])
def test_hardly_any_residue_is_still_a_chain_in_the_map(barnase, placed):
    positions = np.full(barnase.native.shape, np.nan)
    positions[50 : 50 + placed] = barnase.native[50 : 50 + placed]
    trace = Trace(positions, np.where(np.isnan(positions[:, 0]), 0.0, 1.0), 0.0, "almost empty")
    start = complete(barnase.target, trace, barnase.guide, rng=np.random.default_rng(0))
    assert_is_a_chain(start.positions, barnase.target)
    low, high = barnase.density.origin - 10, barnase.density.upper + 10
    assert np.mean(np.all((start.positions > low) & (start.positions < high), axis=1)) > 0.9
    assert start.confidence.sum() == placed


def test_a_template_trusts_all_that_it_covers_alike(barnase):
    positions = barnase.native.copy()
    positions[:10] = np.nan
    start = complete(
        barnase.target, Template(positions, 0.8, "1abc"), barnase.guide,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    assert_is_a_chain(start.positions, barnase.target)
    assert set(np.round(start.confidence, 6)) == {0.0, 0.8}


def test_the_same_seed_gives_the_same_chain(barnase):
    trace = barnase.noisy_trace(4, missing=0.3)
    one, two = (
        complete(
            barnase.target, trace, barnase.guide, rng=np.random.default_rng(5)
        )
        for _ in range(2)
    )
    assert np.array_equal(one.positions, two.positions)


def test_even_a_heap_of_points_is_mended(barnase):
    rng = np.random.default_rng(0)
    n = len(barnase.target)
    for heap in (np.zeros((n, 3)), rng.normal(size=(n, 3)), 40 * rng.normal(size=(n, 3))):
        assert_is_a_chain(mended(heap, barnase.target), barnase.target)
