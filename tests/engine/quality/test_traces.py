"""What the first trace says of a model's residues."""

import numpy as np
import pytest

from critasser.quality import first_trace
from critasser.structure import Sequence, Target, Template, Trace

LENGTH = 20
CHAIN = Sequence("x", "ACDEFGHIKL" * 2)
ONE, TWO = Target((CHAIN,)), Target((CHAIN, CHAIN))


def line(off=0.0):
    along = np.arange(LENGTH) * 3.8
    return np.stack([along, np.full(LENGTH, off), np.zeros(LENGTH)], axis=1)


def test_it_speaks_for_residues_that_are_where_it_has_them():
    sure = np.linspace(0.1, 0.9, LENGTH)
    best, second = Trace(line(), sure, 2.0, "x"), Trace(line(5.0), np.ones(LENGTH), 1.0, "x")
    assert first_trace(line(), [best, second], ONE) == pytest.approx(sure)
    assert first_trace(line(2.0), [best, second], ONE) == pytest.approx(0.5 * sure)


def test_what_it_does_not_place_or_the_model_lacks_it_does_not_speak_for():
    placed, built = line(), line()
    placed[4], built[7] = np.nan, np.nan
    told = first_trace(built, [Trace(placed, np.ones(LENGTH), 1.0, "x")], ONE)
    assert told[[4, 7]] == pytest.approx(0.0) and told[[3, 8]] == pytest.approx(1.0)


def test_without_traces_nothing_is_known():
    assert np.isnan(first_trace(line(), (), ONE)).all()


def test_equal_chains_may_stand_in_each_others_places():
    sure = np.repeat([0.9, 0.4], LENGTH)
    trace = Trace(np.concatenate([line(), line(40.0)]), sure, 2.0, "x")
    swapped = np.concatenate([line(40.0), line()])
    assert first_trace(swapped, [trace], TWO) == pytest.approx(sure[::-1], abs=0.01)
    other = Target((CHAIN, Sequence("y", "LKIHGFEDCA" * 2)))
    assert first_trace(swapped, [trace], other) == pytest.approx(0.0, abs=0.01)


def test_of_chains_that_templates_have_it_says_nothing():
    both = np.concatenate([line(), line(40.0)])
    trace = Trace(both, np.ones(2 * LENGTH), 2.0, "x")
    first = both.copy()
    first[LENGTH:] = np.nan
    told = first_trace(both, [trace], TWO, [Template(first, 0.8, "x")])
    assert np.isnan(told[:LENGTH]).all() and told[LENGTH:] == pytest.approx(1.0)
