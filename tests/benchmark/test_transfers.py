"""Rules that predict transfers are compared with what is measured."""

import numpy as np
import pytest

from benchmark.transfers import RULES, difference, scaled
from critasser.network.training.transfer import FREQUENCIES, SHELLS, Transfer


def transfer(resolution, bfactor=100.0):
    gain = np.exp(-bfactor * FREQUENCIES**2 / 4)
    return Transfer(gain, np.linspace(0.98, 0.3, SHELLS), resolution)


def test_a_transfer_differs_from_itself_in_nothing():
    assert difference(transfer(4.0), transfer(4.0)) == (0.0, 0.0)


def test_frequencies_are_scaled_by_the_resolution():
    coarse = scaled(transfer(3.0), 6.0)
    at = np.interp(FREQUENCIES * 2, FREQUENCIES, transfer(3.0).gain)
    assert np.allclose(coarse.gain, at)
    assert coarse.resolution == 6.0


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_predicts_within_bounds(rule):
    predicted = RULES[rule](transfer(3.0), 5.0)
    gain, correlation = difference(predicted, transfer(5.0))
    assert np.isfinite(gain) and 0 <= correlation < 1
