"""Random numbers have the distributions that they are asked for."""

import numpy as np
import pytest
from numba import njit

from critasser.assembly.random_kernels import (
    next_normal,
    next_uniform,
    random_axis,
    seed_stream,
)


@njit
def _drawn(stream, count):
    """Uniform numbers, normal ones, and directions."""
    uniform, normal, axes = np.empty(count), np.empty(count), np.empty((count, 3))
    for k in range(count):
        uniform[k] = next_uniform(stream)
        normal[k] = next_normal(stream)
        axes[k, 0], axes[k, 1], axes[k, 2] = random_axis(stream)
    return uniform, normal, axes


def test_random_numbers_are_uniform_and_normal():
    uniform, normal, _ = _drawn(seed_stream(7), 20_000)
    assert uniform.min() >= 0 and uniform.max() < 1
    assert uniform.mean() == pytest.approx(0.5, abs=0.01)
    assert uniform.var() == pytest.approx(1 / 12, abs=0.003)
    assert normal.mean() == pytest.approx(0.0, abs=0.03)
    assert normal.std() == pytest.approx(1.0, abs=0.03)


def test_directions_are_even_on_the_sphere():
    _, _, axes = _drawn(seed_stream(8), 5000)
    np.testing.assert_allclose(np.linalg.norm(axes, axis=1), 1.0)
    np.testing.assert_allclose(axes.T @ axes / len(axes), np.eye(3) / 3, atol=0.02)
