"""A model is judged where it lies, if the map holds the molecule there too."""

from pathlib import Path

import numpy as np
import pytest

from benchmark.measures import native_where_built
from benchmark.sets import BenchmarkTarget, atoms
from critasser.density import simulate
from critasser.structure import read_chains

SOURCE = Path(__file__).parents[1] / "data" / "1a2p_A.pdb.gz"
AWAY = np.array([45.0, 0.0, 0.0])


@pytest.fixture(scope="module")
def target():
    return BenchmarkTarget("1a2p_A", "lifelike", "x", 5.0, read_chains(SOURCE), SOURCE, True)


def density(copies):
    positions, amplitudes = atoms(SOURCE)
    every = np.concatenate([positions + k * AWAY for k in range(copies)])
    grid = simulate(every, np.tile(amplitudes, copies), 5.0, padding=10.0)
    if copies == 1:
        wide = simulate(np.concatenate([positions, positions + AWAY]), np.tile(amplitudes, 2), 5.0,
                        padding=10.0)  # fmt: skip
        return simulate(positions, amplitudes, 5.0, like=wide)
    return grid


def test_a_model_in_another_unit_is_judged_there(target):
    model = target.native + AWAY + np.array([0.0, 0.7, 0.0])
    assert native_where_built(target, model, density(2)) == pytest.approx(model, abs=0.01)


def test_a_model_beside_the_molecule_stays_wrong(target):
    native = native_where_built(target, target.native + AWAY, density(1))
    assert np.array_equal(native, target.native)


def test_a_model_that_lies_a_bit_off_is_judged_as_it_lies(target):
    native = native_where_built(target, target.native + 2.0, density(2))
    assert np.array_equal(native, target.native)
