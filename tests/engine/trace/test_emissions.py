"""How well residues suit positions."""

from dataclasses import replace

import numpy as np

from critasser.structure import Sequence, Target
from critasser.trace import sequence_significance
from critasser.trace.emissions import emissions
from critasser.trace.statistics import statistics


def with_unknown(target, places):
    """The same sequence, of which nobody knows some residues."""
    letters = "".join("A" if i in places else c for i, c in enumerate(target.letters))
    return Target((Sequence("x", letters, tuple(places)),))


def test_an_unknown_residue_suits_positions_of_all_amino_acids_alike(barnase, seen):
    view = seen(barnase, knowledge=2.0)
    target = with_unknown(view.target, (40,))
    found = emissions(view.calpha, target, statistics(), profile_weight=0.0)
    # What is left is how likely each position is a Cα.
    spread = found[40] - found.mean(axis=0)
    known = emissions(view.calpha, Target((Sequence("x", target.letters),)), statistics(),
                      profile_weight=0.0)  # fmt: skip
    assert np.ptp(found[40] - found[40].mean()) < np.ptp(known[40] - known[40].mean()) - 1.0
    assert np.isfinite(spread).all()
    others = np.delete(np.arange(len(target)), 40)
    np.testing.assert_array_equal(found[others], known[others])


def test_unlikely_positions_do_not_tell_what_a_map_holds(barnase, seen):
    view = seen(barnase, knowledge=2.0)
    n = len(view.calpha)
    every = np.concatenate([np.arange(n), np.zeros(n, np.int64)])
    more = view.calpha.select(every)  # the first position, over and over
    unlikely = np.where(np.arange(2 * n) < n, more.probability, 0.0)
    asked = view.target, statistics()
    alone = emissions(view.calpha, *asked, profile_weight=0.0)
    likely = emissions(more, *asked, profile_weight=0.0)[:, :n]
    beside = emissions(replace(more, probability=unlikely), *asked, profile_weight=0.0)[:, :n]
    assert np.abs(beside - alone).mean() < 0.1 * np.abs(likely - alone).mean()


def test_unknown_residues_speak_neither_for_nor_against_a_sequence(barnase, seen):
    view = seen(barnase, knowledge=2.0)
    places = tuple(range(5, len(view.target), 4))
    target = with_unknown(view.target, places)
    alanine = Target((Sequence("x", target.letters),))
    own = [
        sequence_significance(view.calpha, view.features, one, rng=np.random.default_rng(0)).own
        for one in (target, alanine)
    ]
    assert own[0] > own[1]
