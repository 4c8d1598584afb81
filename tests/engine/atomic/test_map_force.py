"""The map pulls atoms up the density."""

import numpy as np
import pytest

from critasser.atomic.map_force import MapForce
from critasser.density import sample


def test_the_map_pulls_along_its_own_gradient(density, chain, rng):
    positions = chain.positions[:20] + rng.normal(size=(20, 3)) * 0.3
    force = MapForce(density, np.arange(20), chain.amplitudes[:20])

    def total(at):
        return force.score(at) * chain.amplitudes[:20].sum()

    _, gradient = force._density(positions)
    for atom in (0, 7):
        for axis in range(3):
            step = np.zeros((20, 3))
            step[atom, axis] = 1e-4
            slope = (total(positions + step) - total(positions - step)) / 2e-4
            assert gradient[atom, axis] == pytest.approx(slope, rel=1e-3, abs=1e-4)


def test_the_spline_passes_through_the_voxels(density):
    inner = np.argwhere(density.values > 0.5)[::200]
    at = density.to_position(inner)
    force = MapForce(density, np.arange(len(at)), np.ones(len(at)))
    assert force.score(at) == pytest.approx(sample(density, at).mean(), rel=1e-4)


def test_far_outside_the_map_nothing_pulls(density):
    force = MapForce(density, np.arange(1), np.ones(1))
    total, gradient = force._density(density.origin[None] - 500.0)
    assert total == 0.0
    assert not gradient.any()
