"""Traces of a real chain through noisy positions."""

import numpy as np
import pytest

from critasser.errors import Cancelled, InputError
from critasser.structure import CalphaSet, Sequence, Target, Trace, tm_score
from critasser.trace import STRATEGIES, build_traces, positions_used


def build(view, *, target=None, calpha=None, seed=0, **options):
    return build_traces(
        view.calpha if calpha is None else calpha,
        view.features,
        view.density,
        target or view.target,
        3.0,
        rng=np.random.default_rng(seed),
        joinings=3000,
        **options,
    )


def in_register(trace, chain):
    """Share of the residues that lie within 2 Å of their own Cα."""
    distance = np.linalg.norm(trace.positions - chain.calpha, axis=1)
    return np.mean(np.nan_to_num(distance, nan=99.0) < 2.0)


@pytest.fixture(scope="module")
def clear(barnase, seen):
    return seen(barnase, knowledge=2.0)


@pytest.fixture(scope="module")
def traces(clear):
    return build(clear)


def test_a_chain_with_telling_amino_acids_is_traced_in_register(traces, barnase):
    assert in_register(traces[0], barnase) > 0.88
    assert tm_score(traces[0].positions, barnase.calpha) > 0.88


def test_residues_called_sure_are_right(traces, barnase):
    sure = traces[0].confidence > 0.9
    distance = np.linalg.norm(traces[0].positions - barnase.calpha, axis=1)
    assert sure.mean() > 0.5
    assert np.mean(distance[sure] < 2.0) > 0.95


def test_traces_come_best_first_and_differ(traces):
    scores = [trace.score for trace in traces]
    assert scores == sorted(scores, reverse=True)
    assert all(len({t.positions.tobytes() for t in traces}) == len(traces) for _ in [0])
    for trace in traces:
        assert (trace.confidence[~trace.placed] == 0).all()
        assert ((trace.confidence >= 0) & (trace.confidence <= 1)).all()


def test_no_position_carries_two_residues(traces):
    for trace in traces:
        placed = trace.positions[trace.placed]
        assert len(np.unique(placed, axis=0)) == len(placed)


def test_the_same_seed_gives_the_same_traces(clear, traces):
    again = build(clear)
    assert len(again) == len(traces)
    for a, b in zip(traces, again, strict=True):
        np.testing.assert_array_equal(a.positions, b.positions)


def test_a_chain_without_telling_amino_acids_is_still_traced(barnase, seen):
    view = seen(barnase, knowledge=0.0)
    found = build(view)
    assert found[0].placed.mean() > 0.7
    steps = np.linalg.norm(np.diff(found[0].positions, axis=0), axis=1)
    assert np.nanmedian(steps) < 4.5


def test_two_chains_are_told_apart(barnase, clear):
    letters = barnase.letters
    target = Target((Sequence("A", letters[:50]), Sequence("B", letters[50:])))
    swapped = Target((Sequence("B", letters[50:]), Sequence("A", letters[:50])))
    assert in_register(build(clear, target=target)[0], barnase) > 0.85
    trace = build(clear, target=swapped)[0]
    expected = np.concatenate([barnase.calpha[50:], barnase.calpha[:50]])
    distance = np.linalg.norm(trace.positions - expected, axis=1)
    assert np.mean(np.nan_to_num(distance, nan=99.0) < 2.0) > 0.85


def test_neighbours_in_the_box_do_not_attract_the_chain(barnase, clear):
    rng = np.random.default_rng(0)
    far = clear.calpha.positions + [0.0, 0.0, 60.0]
    shuffled = rng.permutation(len(clear.calpha))
    both = CalphaSet(
        np.concatenate([clear.calpha.positions, far]),
        np.tile(clear.calpha.probability, 2),
        np.concatenate([clear.calpha.amino_acid, clear.calpha.amino_acid[shuffled]]),
        np.tile(clear.calpha.secondary_structure, (2, 1)),
    )
    assert in_register(build(clear, calpha=both)[0], barnase) > 0.85


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
@pytest.mark.parametrize("n", [1, 2, 10])
def test_few_positions_do_not_break_anything(clear, strategy, n):
    found = build(clear, calpha=clear.calpha.select(np.arange(n)), strategy=strategy)
    assert len(found) >= 1
    assert all(trace.positions.shape == (len(clear.target), 3) for trace in found)


@pytest.mark.parametrize("strategy", ["joining", "keep-tracing"])
def test_the_papers_way_gives_traces_with_ranks(clear, strategy):
    found = build(clear, strategy=strategy, count=5)
    assert len(found) == 5
    scores = [trace.score for trace in found]
    assert scores == sorted(scores, reverse=True)


def test_contacts_help_the_papers_ranking(clear, barnase):
    distance = np.linalg.norm(barnase.calpha[:, None] - barnase.calpha[None], axis=2)
    found = build(clear, strategy="joining", contacts=(distance < 8.0).astype(float))
    assert found[0].placed.any()


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_cancelling_stops_at_the_next_report(clear, strategy):
    def stop(fraction, message):
        if fraction > 0.1:
            raise Cancelled

    with pytest.raises(Cancelled):
        build(clear, strategy=strategy, progress=stop)


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_progress_goes_up_from_nothing_to_all(clear, strategy):
    told = []
    build(clear, strategy=strategy, progress=lambda fraction, message: told.append(fraction))
    assert told == sorted(told)
    assert told[0] == 0.0 and told[-1] == 1.0


def test_what_cannot_be_done_is_said(clear):
    with pytest.raises(InputError, match="strategy"):
        build(clear, strategy="guessing")
    with pytest.raises(InputError, match="No Cα"):
        build(clear, calpha=clear.calpha.select(np.zeros(0, int)))
    with pytest.raises(InputError, match="contact map"):
        build(clear, contacts=np.zeros((3, 3)))


def test_positions_that_a_trace_uses_are_found_again(clear):
    node = np.array([3, -1, 0, 7])
    placed = np.where((node >= 0)[:, None], clear.calpha.positions[node], np.nan)
    trace = Trace(placed, np.where(node >= 0, 0.5, 0.0), 0.0, "test")
    assert positions_used(trace, clear.calpha).tolist() == node.tolist()
