"""Resampling keeps density and place, at any voxel size."""

import numpy as np
import pytest

from critasser.density import Grid, pcc, resample, simulate
from critasser.density.kernels import interpolate_axis
from critasser.density.resampling import _taps


@pytest.mark.parametrize(
    ("voxel_size", "resolution"),
    [
        ((0.5, 0.5, 0.5), 3.5),
        ((0.83, 0.83, 0.83), 3.5),
        ((1.06, 1.06, 1.06), 4.0),
        ((1.35, 1.35, 1.35), 5.0),
        ((1.99, 1.99, 1.99), 8.0),
        ((0.6, 1.1, 1.4), 5.0),
    ],
)
def test_resampled_density_is_that_simulated_at_one_angstrom(chain, voxel_size, resolution):
    fine = simulate(
        chain.positions, chain.amplitudes, resolution, voxel_size=voxel_size, padding=8.0
    )
    found = resample(fine)
    expected = simulate(chain.positions, chain.amplitudes, resolution, like=found)
    # A Gaussian is not quite band-limited: a few per cent of it are beyond what voxels can hold.
    assert np.abs(found.values - expected.values).max() < 0.05 * expected.values.max()
    assert pcc(found, expected) > 0.9993
    np.testing.assert_array_equal(found.origin, fine.origin)
    assert np.all(found.upper >= fine.upper - 0.05)


def test_detail_too_fine_for_the_new_voxels_goes_instead_of_folding_over():
    x = np.arange(200)
    # A wave of 2.5 voxels of 0.5 Å: 1.25 Å, which voxels of 1 Å would show as one of 5 Å.
    wave = np.cos(2 * np.pi * x / 2.5)[None, None, :] * np.ones((20, 20, 1))
    found = resample(Grid(wave, (0, 0, 0), 0.5)).values[5, 5, 10:-10]
    assert np.abs(found).max() < 0.05


def test_slow_waves_and_constants_stay_as_they_are():
    x = np.arange(100) * 0.7
    wave = 2 + np.cos(2 * np.pi * x / 6.0)[None, None, :] * np.ones((30, 30, 1))
    found = resample(Grid(wave, (0, 0, 0), 0.7))
    expected = 2 + np.cos(2 * np.pi * np.arange(found.shape[2]) / 6.0)
    np.testing.assert_allclose(found.values[10, 10, 8:-8], expected[8:-8], atol=0.01)


def test_what_was_masked_stays_exactly_zero(piece):
    values = piece.values.copy()
    values[:15] = 0
    assert not resample(piece.with_values(values)).values[:9].any()


def test_a_map_of_one_angstrom_is_returned_unchanged(piece):
    grid = Grid(piece.values, piece.origin, piece.voxel_size / 1.08 * (1 + 1e-7))
    found = resample(grid)
    np.testing.assert_array_equal(found.values, grid.values)
    np.testing.assert_array_equal(found.voxel_size, 1.0)


def test_a_single_slab_and_enlarging_do_not_fail():
    grid = Grid(np.random.default_rng(0).random((2, 3, 40)), (5, 5, 5), (3.0, 0.3, 1.0))
    assert resample(grid, 1.0).shape == (2, 2, 118)
    np.testing.assert_array_equal(resample(grid, 0.25).voxel_size, 0.25)


def test_the_kernel_is_a_weighted_sum_along_the_middle_axis():
    rng = np.random.default_rng(5)
    values = rng.normal(size=(3, 20, 4)).astype(np.float32)
    first, weights = _taps(20, 1.37)
    expected = np.zeros((3, len(first), 4))
    for j in range(len(first)):
        for t in range(weights.shape[1]):
            expected[:, j] += weights[j, t] * values[:, np.clip(first[j] + t, 0, 19)]
    np.testing.assert_allclose(interpolate_axis(values, first, weights), expected, atol=1e-5)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
