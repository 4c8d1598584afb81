"""What is made of residues that have no density before chains are assembled."""

import numpy as np
import pytest

from critasser.pipeline.stages.guides import only_seen
from critasser.pipeline.stages.single_residues import in_stretches
from critasser.structure import Sequence, Target, Template, Trace

TARGET = Target((Sequence("a", "MKVLAE"), Sequence("b", "GHW")))
UNSEEN = np.array([1, 1, 0, 0, 0, 1, 0, 0, 1], bool)


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ("1 2 3 4 5 6 1 2 3", ["A:1-2", "A:6", "B:3"]),
        ("10 10A 11 12 13 14 1 2 3", ["A:10-10A", "A:14", "B:3"]),
    ],
)
def test_they_are_told_in_stretches_as_rebuild_takes_them(numbers, told):
    names = list(zip("AAAAAABBB", numbers.split()))
    assert in_stretches(UNSEEN, names) == told


def test_stretches_do_not_go_on_in_the_next_chain():
    names = [(chain, "7") for chain in "AABB"]
    assert in_stretches(np.ones(4, bool), names) == ["A:7-7", "B:7-7"]


def test_the_assembly_knows_nothing_of_them():
    positions = np.arange(27.0).reshape(9, 3)
    starts = (
        Trace(positions, np.linspace(0, 1, 9), 3.0, "trace"),
        Template(positions + 100.0, 0.5, "template"),
    )
    contacts = np.arange(81.0).reshape(9, 9)
    target, cut, fewer = only_seen(TARGET, starts, contacts, UNSEEN)
    assert [one.letters for one in target.sequences] == ["VLA", "GH"]
    seen = np.flatnonzero(~UNSEEN)
    for one, whole in zip(cut, starts):
        np.testing.assert_array_equal(one.positions, whole.positions[seen])
        assert (one.score, one.source) == (whole.score, whole.source)
    np.testing.assert_array_equal(cut[0].confidence, starts[0].confidence[seen])
    np.testing.assert_array_equal(fewer, contacts[np.ix_(seen, seen)])


def test_where_all_are_seen_nothing_is_changed():
    starts = (Template(np.zeros((9, 3)), 0.5, "template"),)
    assert only_seen(TARGET, starts, None, np.zeros(9, bool)) == (TARGET, starts, None)
