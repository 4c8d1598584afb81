"""What the first trace says of a model's residues."""

import numpy as np
import pytest

from critasser.quality import first_trace
from critasser.structure import Trace

LENGTH = 20


def line(off=0.0):
    along = np.arange(LENGTH) * 3.8
    return np.stack([along, np.full(LENGTH, off), np.zeros(LENGTH)], axis=1)


def test_it_speaks_for_residues_that_are_where_it_has_them():
    sure = np.linspace(0.1, 0.9, LENGTH)
    best, second = Trace(line(), sure, 2.0, "x"), Trace(line(5.0), np.ones(LENGTH), 1.0, "x")
    assert first_trace(line(), [best, second]) == pytest.approx(sure)
    assert first_trace(line(2.0), [best, second]) == pytest.approx(0.5 * sure)


def test_what_it_does_not_place_or_the_model_lacks_it_does_not_speak_for():
    placed, built = line(), line()
    placed[4], built[7] = np.nan, np.nan
    told = first_trace(built, [Trace(placed, np.ones(LENGTH), 1.0, "x")])
    assert told[[4, 7]] == pytest.approx(0.0) and told[[3, 8]] == pytest.approx(1.0)


def test_without_traces_nothing_is_known():
    assert np.isnan(first_trace(line(), ())).all()
