"""Temperatures, and what decoys from them count."""

import numpy as np
import pytest

from critasser.assembly.temperatures import decoy_weights, temperature_ladder


def test_low_energy_weighs_more_once_heat_is_taken_off():
    temperature = np.array([0.6, 0.6, 1.2, 1.2])
    weight = decoy_weights(np.array([-500.0, -400.0, -410.0, -300.0]), temperature, 100)
    assert weight[0] == pytest.approx(weight[2], abs=1e-9) == 1.0
    assert weight[1] < 0.2 and weight[3] < 0.2


def test_temperatures_are_geometric_and_closer_for_longer_chains():
    ladder = temperature_ladder(40, 200)
    np.testing.assert_allclose(ladder[1:] / ladder[:-1], ladder[1] / ladder[0])
    assert temperature_ladder(10, 1000)[-1] < temperature_ladder(10, 100)[-1]
    assert len(temperature_ladder(1, 100)) == 1
