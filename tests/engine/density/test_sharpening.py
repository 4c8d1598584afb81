"""Maps blurred and sharpened by a B-factor."""

from pathlib import Path

import numpy as np
import pytest

from critasser.density import Grid, normalise, simulate
from critasser.density.sharpening import sharpened
from critasser.structure import read_chains

CHAIN = Path(__file__).parents[2] / "data" / "1gl2_D.pdb.gz"


@pytest.fixture(scope="module")
def sharp():
    chain = read_chains(CHAIN)[0]
    return normalise(simulate(chain.positions, chain.amplitudes, 4.0, padding=10.0))


def test_what_was_blurred_is_sharpened_back(sharp):
    again = sharpened(sharpened(sharp, 60.0), -60.0)
    assert np.corrcoef(sharp.values.ravel(), again.values.ravel())[0, 1] > 0.999
    assert sharpened(sharp, 0.0) is sharp


def test_a_b_factor_blurs_as_a_gaussian_of_its_width_does():
    # B = 8 π² u²: a point becomes a Gaussian of standard deviation u in Å.
    point = np.zeros((48, 48, 48), np.float32)
    point[24, 24, 24] = 1.0
    spread = sharpened(Grid(point, np.zeros(3), np.ones(3)), 300.0).values
    u = np.sqrt(300.0 / (8 * np.pi**2))
    line = spread[24, 24, 24:29] / spread[24, 24, 24]
    assert line == pytest.approx(np.exp(-np.arange(5) ** 2 / (2 * u**2)), abs=0.02)
