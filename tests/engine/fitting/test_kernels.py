"""Kernels agree with slow, obvious references."""

import numpy as np

from critasser.density import trilinear
from critasser.fitting.kernels import deposit, field_score

ORIGIN = np.array([-3.0, 2.0, 5.0])
STEP = 1.5


def some_points(rng, count=40):
    return ORIGIN + STEP * rng.uniform(-1.0, 8.0, (count, 3))


def test_score_is_the_weighted_sum_of_interpolated_values():
    rng = np.random.default_rng(0)
    fields = rng.normal(size=(3, 7, 8, 9)).astype(np.float32)
    points, kind = some_points(rng), rng.integers(0, 3, 40)
    weight, outside = rng.random(40), np.array([-1.0, -2.0, -3.0])
    found = field_score(points, kind, weight, fields, ORIGIN, STEP, outside, np.empty((40, 3)))
    index = ((points - ORIGIN) / STEP)[:, ::-1]
    inside = np.all((index >= 0) & (index < np.array(fields.shape[1:]) - 1), axis=1)
    values = np.array([trilinear(fields[k], i[None])[0] for k, i in zip(kind, index)])
    assert 5 < inside.sum() < 40
    assert np.isclose(found, np.sum(weight * np.where(inside, values, outside[kind])))


def test_gradient_is_the_derivative_of_the_score():
    rng = np.random.default_rng(1)
    fields = rng.normal(size=(1, 7, 8, 9)).astype(np.float32)
    points = ORIGIN + STEP * (rng.integers(1, 5, (12, 3)) + rng.uniform(0.1, 0.9, (12, 3)))
    kind, weight, outside = np.zeros(12, np.int64), rng.random(12), np.zeros(1)

    def score(at):
        return field_score(at, kind, weight, fields, ORIGIN, STEP, outside, np.empty((12, 3)))

    gradient = np.empty((12, 3))
    field_score(points, kind, weight, fields, ORIGIN, STEP, outside, gradient)
    for i in range(12):
        for axis in range(3):
            step = np.zeros((12, 3))
            step[i, axis] = 1e-5
            slope = (score(points + step) - score(points - step)) / 2e-5
            assert np.isclose(slope, gradient[i, axis], atol=1e-4)


def test_a_deposited_body_correlates_as_its_interpolated_score():
    rng = np.random.default_rng(2)
    shape = (10, 11, 12)
    field = rng.normal(size=(1, *shape)).astype(np.float32)
    points = STEP * rng.uniform(1.0, 8.0, (20, 3))
    kind, weight = np.zeros(20, np.int64), rng.random(20)
    grid = np.empty((1, *shape), np.float32)
    deposit(points, kind, weight, shape, STEP, grid)
    direct = field_score(
        points, kind, weight, field, np.zeros(3), STEP, np.zeros(1), np.empty((20, 3))
    )
    assert np.isclose(np.sum(grid * field), direct, rtol=1e-4)
    assert np.isclose(grid.sum(), weight.sum(), rtol=1e-5)


def test_what_lies_before_the_first_voxel_wraps_to_the_far_side():
    grid = np.empty((1, 4, 5, 6), np.float32)
    points = np.array([[-STEP, -2 * STEP, 0.0]])
    deposit(points, np.zeros(1, np.int64), np.ones(1), grid.shape[1:], STEP, grid)
    assert grid[0, 0, 3, 5] == 1.0
