"""What is told takes its places from those that only lie there too."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from critasser.structure import Sequence, Target, read_chains
from critasser.trace.alignment import GapScores, align
from critasser.trace.competition import Searched, _without_others_copies, look_for_all
from critasser.trace.emissions import emissions
from critasser.trace.graph import candidate_graph
from critasser.trace.statistics import statistics

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def view(seen):
    return seen(read_chains(DATA / "1gl2_D.pdb.gz")[0], knowledge=2.0)


@pytest.fixture
def searched(view):
    graph = candidate_graph(view.calpha, view.features, statistics().link)
    return Searched(view.calpha, view.features, graph, 0, np.random.default_rng(0))


def relative(letters, rng):
    """The same sequence with a third of its residues changed."""
    changed = np.array(list(letters))
    at = rng.permutation(len(changed))[: len(changed) // 3]
    changed[at] = rng.permutation(list("ADEGKLSTV") * len(changed))[: len(at)]
    return "".join(changed)


def test_a_relative_that_is_told_by_another_chains_places_is_not_told_beside_it(view, searched):
    own = Sequence("own", view.chain.letters)
    other = Sequence("other", relative(view.chain.letters, np.random.default_rng(1)))
    assert searched.look_for(other, 1, lambda fraction: None).told
    told = []
    of_relative, first = look_for_all(searched, [other, own], [1, 1], told.append)
    assert first.told and not of_relative.told
    assert told == sorted(told) and 0.6 < told[-1] <= 1.0


def test_a_further_copy_is_none_where_another_sequence_lies(view, searched):
    own = searched.look_for(Sequence("own", view.chain.letters), 1, lambda fraction: None)
    first, elsewhere = own.uses[0], np.roll(own.uses[0], len(own.uses[0]) // 2)
    twice = dataclasses.replace(own, copies=own.copies[:1] * 2, uses=(elsewhere, first))
    alone, *_ = _without_others_copies([twice], [1])
    beside, other = _without_others_copies([twice, own], [1, 1])
    assert [len(one.copies) for one in (alone, beside, other)] == [2, 1, len(own.copies)]


def test_what_residues_use_is_free_no_more_nor_what_is_beside_it(view, searched):
    look = searched.look_for(Sequence("own", view.chain.letters), 1, lambda fraction: None)
    use = look.use(1)
    assert use.sum() == pytest.approx(len(view.chain), rel=0.15)
    free = searched.free(use)
    assert free.max() <= 0.0 and np.isinf(free[use > 0.9]).all()
    assert np.isfinite(free).sum() < 0.5 * len(free)
    position = view.calpha.positions
    doubled = dataclasses.replace(
        searched, calpha=view.calpha.select(np.repeat(np.arange(len(position)), 2))
    )
    beside = np.zeros(2 * len(position))
    beside[::2] = use
    np.testing.assert_allclose(doubled.free(beside)[1::2], free)


def test_copies_that_are_not_told_use_nothing(view, searched):
    stranger = Sequence("other", view.chain.letters[::2] * 2)
    look = searched.look_for(stranger, 1, lambda fraction: None)
    assert not look.told and not look.use(1).any()


def test_the_likelihood_is_that_of_walks_that_use_each_position_once(view, searched):
    """Of two copies of a chain on positions of one the second may use none: it gains nothing."""

    def likelihood(*letters):
        target = Target(tuple(Sequence("A", one) for one in letters))
        emission = emissions(view.calpha, target, statistics())
        walks = align(emission, searched.graph, target.bonded, GapScores())
        assert walks.log_likelihood == pytest.approx(
            np.log(walks.sums.scale).sum() / walks.sharpness + walks.penalty.sum()
        )
        return walks.log_likelihood

    own = view.chain.letters
    one, two = likelihood(own), likelihood(own, own)
    assert one > 50.0 and two < one + 20.0
