"""Copies of one chain keep their places from trace to trace."""

import numpy as np

from critasser.structure import Sequence, Target, Trace
from critasser.trace.chain_copies import in_the_same_places, next_copies

TARGET = Target(
    (
        Sequence("a", "ACDEF"),
        Sequence("b", "GHIKLM"),
        Sequence("c", "ACDEF"),
        Sequence("d", "ACDEF"),
    )
)


def trace(order, missing=()):
    """A trace whose chain k lies where the chains' first order has `order[k]`."""
    rng = np.random.default_rng(0)
    positions = np.concatenate(
        [100.0 * place + 3.0 * np.arange(len(s.letters))[:, None] + rng.normal(size=(1, 3))
         for place, s in zip(order, TARGET.sequences)]
    )  # fmt: skip
    positions[list(missing)] = np.nan
    confidence = np.repeat(np.asarray(order) / 10.0, [len(s) for s in TARGET.sequences])
    return Trace(positions, confidence, 1.0, "")


def centres(found):
    return [round(float(np.nanmean(found.positions[s])) / 100) for s in TARGET.chain_slices]


def test_copies_lie_where_the_first_trace_has_them():
    first, second, third = in_the_same_places(
        [trace((0, 1, 2, 3)), trace((2, 1, 3, 0), missing=(0, 1)), trace((3, 1, 2, 0))], TARGET
    )
    assert centres(first) == centres(second) == centres(third) == [0, 1, 2, 3]
    assert np.allclose(second.confidence, first.confidence)


def test_the_first_trace_and_other_chains_stay():
    given = trace((2, 1, 0, 3))
    (first,) = in_the_same_places([given], TARGET)
    assert first is given


def test_traces_of_different_chains_are_left_alone():
    target = Target((Sequence("a", "ACDEF"), Sequence("b", "GHIKL")))
    traces = [Trace(np.ones((10, 3)) * k, np.ones(10), 1.0, "") for k in range(2)]
    assert in_the_same_places(traces, target) == tuple(traces)


def test_each_residue_knows_the_same_one_of_the_next_copy():
    after = next_copies(TARGET)
    letters = "".join(sequence.letters for sequence in TARGET.sequences)
    assert all(letters[i] == letters[j] for i, j in enumerate(after))
    assert after[0] == 11 and after[11] == 16 and after[16] == 0
    assert list(after[5:11]) == [5, 6, 7, 8, 9, 10]
