"""Random numbers have the distributions that they are asked for."""

import numpy as np
import pytest

from critasser.assembly.random_kernels import (
    next_normal,
    next_uniform,
    random_axis,
    seed_stream,
)


def test_random_numbers_are_uniform_and_normal():
    stream = seed_stream(7)
    uniform = np.array([next_uniform(stream) for _ in range(20_000)])
    normal = np.array([next_normal(stream) for _ in range(20_000)])
    assert uniform.min() >= 0 and uniform.max() < 1
    assert uniform.mean() == pytest.approx(0.5, abs=0.01)
    assert uniform.var() == pytest.approx(1 / 12, abs=0.003)
    assert normal.mean() == pytest.approx(0.0, abs=0.03)
    assert normal.std() == pytest.approx(1.0, abs=0.03)


def test_directions_are_even_on_the_sphere():
    stream = seed_stream(8)
    axes = np.array([random_axis(stream) for _ in range(5000)])
    np.testing.assert_allclose(np.linalg.norm(axes, axis=1), 1.0)
    np.testing.assert_allclose(axes.T @ axes / len(axes), np.eye(3) / 3, atol=0.02)
