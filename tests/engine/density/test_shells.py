"""Maps are compared by frequency as the definitions say."""

import numpy as np
import pytest

from critasser.density.shells import ShellCorrelation, best_shift, shell_correlation

VOXEL = np.array([1.5, 1.5, 1.5])


@pytest.fixture
def noise():
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, 20, 24, 25)).astype(np.float32)


def slow_correlation(a, b, voxel_size):
    """Over all of the full transform, shell by shell."""
    z, y, x = (np.fft.fftfreq(n, v) for n, v in zip(a.shape, voxel_size[::-1]))
    f = np.sqrt(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2)
    width = 1 / max(n * v for n, v in zip(a.shape, voxel_size[::-1]))
    left, right = np.fft.fftn(a), np.fft.fftn(b)
    found = []
    for k in range(1, int(0.5 / (max(voxel_size) * width))):
        s = (f >= k * width * (1 - 1e-5)) & (f < (k + 1) * width * (1 - 1e-5))
        common = (left[s] * right[s].conj()).sum().real
        powers = (np.abs(left[s]) ** 2).sum() * (np.abs(right[s]) ** 2).sum()
        found.append(common / np.sqrt(powers))
    return np.array(found)


@pytest.mark.parametrize("shape", [(20, 24, 25), (24, 24, 24), (17, 30, 22)])
def test_the_fast_correlation_is_the_slow_one(shape):
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, *shape))
    found = shell_correlation(a, a + b, VOXEL)
    assert found.correlation == pytest.approx(slow_correlation(a, a + b, VOXEL), abs=1e-5)


def test_equal_maps_correlate_fully_and_independent_noise_does_not(noise):
    assert shell_correlation(noise[0], 3 * noise[0], VOXEL).correlation == pytest.approx(1.0)
    assert abs(shell_correlation(noise[0], noise[1], VOXEL).correlation[-5:]).max() < 0.1


def test_half_signal_correlates_by_half(noise):
    signal, *others = noise
    curve = shell_correlation(signal + others[0], signal + others[1], VOXEL)
    assert np.mean(curve.correlation[-6:]) == pytest.approx(0.5, abs=0.05)


def test_the_resolution_is_where_the_curve_falls_below_the_level():
    curve = ShellCorrelation(np.array([0.1, 0.2, 0.3]), np.array([1.0, 0.6, 0.2]))
    assert curve.resolution(0.4) == pytest.approx(1 / 0.25)
    assert curve.resolution(0.1) == pytest.approx(1 / 0.3)
    assert curve.resolution(1.1) == np.inf


@pytest.mark.parametrize("steps", [(0, 0, 0), (2, -3, 5), (-9, 1, 0)])
def test_a_shifted_map_is_found_where_it_is(noise, steps):
    moved = np.roll(noise[0], steps, (0, 1, 2))
    shift, correlation = best_shift(noise[0], moved, VOXEL, 3.0)
    assert shift == pytest.approx(np.array(steps[::-1]) * VOXEL, abs=0.05)
    assert correlation == pytest.approx(1.0, abs=0.05)


def test_a_shift_that_is_too_far_is_not_looked_for(noise):
    moved = np.roll(noise[0], 8, 0)
    shift, correlation = best_shift(noise[0], moved, VOXEL, 3.0, farthest=6.0)
    assert np.abs(shift).max() <= 6.0 + VOXEL[0] and correlation < 0.2


def test_maps_that_cannot_be_compared_are_told(noise):
    with pytest.raises(ValueError, match="shapes"):
        shell_correlation(noise[0], noise[1][:-1], VOXEL)
    with pytest.raises(ValueError, match="too small"):
        shell_correlation(noise[0][:4, :4, :4], noise[1][:4, :4, :4], VOXEL)
