"""Simulated half maps have the noise that is asked for."""

import numpy as np
import pytest

from benchmark.calpha_cases import CalphaCase
from benchmark.half_maps import LOUD, QUIET, halves
from benchmark.noise import MOLECULE_RADIUS
from benchmark.sets import atoms
from critasser.density import model_mask
from tests.engine.data.conftest import FILES


@pytest.fixture(scope="module")
def both():
    path = FILES / "1a2p_A.pdb.gz"
    case = CalphaCase("val 1a2p_A", "3-4", None, 4.0, path, path, 108)
    return path, halves(case, 4.0, 2.0, np.random.default_rng(0))


def test_signal_to_noise_of_the_mean_is_as_asked_in_the_middle(both):
    path, (first, second) = both
    inside = model_mask(first, atoms(path)[0], MOLECULE_RADIUS)
    noise = (first.values - second.values) / 2
    signal = (first.values + second.values) / 2
    height = np.flatnonzero(inside.any(axis=(1, 2)))
    middle = slice(height.mean().astype(int) - 3, height.mean().astype(int) + 4)
    there = inside[middle]
    ratio = (signal[inside].var() - noise[inside].var()) / noise[middle][there].var()
    assert ratio == pytest.approx(2.0, rel=0.4)


def test_noise_grows_from_one_end_of_the_molecule_to_the_other(both):
    path, (first, second) = both
    inside = model_mask(first, atoms(path)[0], MOLECULE_RADIUS)
    height = np.flatnonzero(inside.any(axis=(1, 2)))
    noise = (first.values - second.values).std(axis=(1, 2))
    near = slice(height[0], height[0] + 4), slice(height[-1] - 3, height[-1] + 1)
    quiet, loud = (noise[one].mean() for one in near)
    assert loud / quiet == pytest.approx(LOUD / QUIET, rel=0.25)
