"""A placed structure bends into the density where that clearly gains, and stays else."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from critasser.fitting import FINE_BLUR, flexible_fit, network_fields
from critasser.fitting.flexible import GIVES, LOOSE, _Springs


def apart(a, b):
    """Root mean square distance in Å of paired positions."""
    return np.sqrt(np.nanmean(np.sum((a - b) ** 2, axis=1)))


@pytest.fixture(scope="module")
def fields(look, barnase):
    """What networks see of barnase."""
    return network_fields(look([barnase])).blurred(FINE_BLUR)


@pytest.fixture(scope="module")
def sheared(barnase):
    """Barnase, its two ends sheared by up to 4 Å."""
    centred = barnase - np.nanmean(barnase, axis=0)
    moved = barnase.copy()
    moved[:, 0] += 4.0 * np.sin(centred[:, 1] / 12.0)
    moved[:, 2] += 3.0 * np.sin(centred[:, 0] / 12.0)
    return moved


def test_a_structure_in_another_state_comes_to_lie_as_the_map_has_it(fields, barnase, sheared):
    there, gain = flexible_fit(sheared, fields, 6.0)
    assert apart(there, barnase) < apart(sheared, barnase) / 3
    assert gain > 0.2
    bonds = np.linalg.norm(np.diff(there, axis=0), axis=1)
    assert np.nanmax(np.abs(bonds - np.linalg.norm(np.diff(sheared, axis=0), axis=1))) < 0.5


def test_a_structure_in_its_place_is_left_as_it_is(fields, barnase):
    there, gain = flexible_fit(barnase, fields, 6.0)
    assert np.array_equal(there, barnase, equal_nan=True) and gain == 0.0


def test_the_coarser_the_map_the_less_a_structure_gives_way(fields, sheared):
    moved = [apart(flexible_fit(sheared, fields, one)[0], sheared) for one in (6.0, 7.0, 14.0)]
    assert moved[0] == moved[1] > moved[2]


def test_where_the_map_shows_nothing_nothing_pulls(fields, barnase):
    far = barnase + 300.0
    there, gain = flexible_fit(far, fields, 6.0)
    assert np.array_equal(there, far, equal_nan=True) and gain == 0.0


def test_residues_without_a_place_stay_without(fields, sheared):
    some = sheared.copy()
    some[40:60] = np.nan
    there, _ = flexible_fit(some, fields, 6.0)
    assert np.array_equal(np.isnan(there), np.isnan(some))
    nothing = np.full((30, 3), np.nan)
    assert np.isnan(flexible_fit(nothing, fields, 6.0)[0]).all()


def test_springs_pull_as_their_energy_falls(barnase):
    points = barnase[np.isfinite(barnase).all(axis=1)][:20]
    springs = _Springs.between(points, np.arange(20))
    moved = points + np.random.default_rng(0).normal(size=points.shape)
    slope = approx_fprime(moved.ravel(), lambda x: springs.energy(x.reshape(-1, 3))[0], 1e-6)
    assert np.allclose(springs.energy(moved)[1].ravel(), slope, rtol=1e-3, atol=1e-3)
    energy, slope = springs.energy(points)
    assert energy == 0.0 and not slope.any()


def test_contacts_give_way_and_neighbours_along_the_chain_do_not():
    """Two points 8 Å apart are drawn to 20 Å: far along the chain, or near."""
    points = np.array([[0.0, 0.0, 0.0], [8.0, 0.0, 0.0]])
    drawn = points * [[1.0], [2.5]]
    loose, firm = (
        _Springs.between(points, np.array([0, far])).energy(drawn)[0] for far in (50, 3)
    )
    assert loose < LOOSE * GIVES**2 < firm
