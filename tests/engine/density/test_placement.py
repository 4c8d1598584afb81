"""A model that does not lie in the density is found, and where it would lie."""

import numpy as np
import pytest

from critasser.density import Grid, find_placement, simulate


@pytest.fixture
def density(chain):
    """The chain at 4 Å in a box with room beside it, off the origin."""
    low = chain.positions.min(axis=0) - 12
    size = np.ceil(np.ptp(chain.positions, axis=0) + 40).astype(int)
    box = Grid(np.zeros(size[::-1]), low, (1.0, 1.0, 1.0))
    return simulate(chain.positions, chain.amplitudes, 4.0, like=box)


def test_a_model_in_its_density_is_in_place(density, chain):
    found = find_placement(density, chain.calpha)
    assert not found.astray
    np.testing.assert_allclose(found.shift, 0, atol=4.5)


@pytest.mark.parametrize(
    "moved", [(25.0, 0.0, 0.0), (-30.8, -26.4, 24.4), (200.0, -350.0, 90.0), (0.0, 0.0, -28.0)]
)
@pytest.mark.parametrize("offset", [0.0, 55.0])
def test_a_model_beside_its_density_is_told_how_far(density, chain, moved, offset):
    grid = density.with_values(density.values + offset)
    found = find_placement(grid, chain.calpha + moved)
    assert found.astray
    np.testing.assert_allclose(found.shift, -np.array(moved), atol=4.5)
    assert found.is_shift(-np.array(moved))


def test_a_shift_of_half_a_helix_turn_is_not_beside_the_density(density, chain):
    assert not find_placement(density, chain.calpha + (2.0, 1.0, 0.0)).astray
