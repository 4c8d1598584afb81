"""The fast kernels of fingerprints give what the formulas say."""

import numpy as np
import pytest

from critasser.templates.fingerprint_kernels import (
    all_supports,
    fingerprints,
    pair_ascending,
    squared_differences,
)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def distances(a, b):
    return np.linalg.norm(a[:, None] - b[None], axis=2)


def test_a_fingerprint_is_the_ascending_distances_to_the_nearest_others(rng):
    points = rng.normal(size=(40, 3)) * 10
    expected = np.sort(distances(points, points), axis=1)[:, 1:21]
    assert np.allclose(fingerprints(points, 20), expected)


def test_a_fingerprint_of_a_small_set_repeats_its_last_distance(rng):
    points = rng.normal(size=(5, 3))
    found = fingerprints(points, 20)
    assert np.allclose(found[:, 4:], found[:, 3:4])


def test_unlikeness_is_the_squared_distance_of_fingerprints(rng):
    a, b = rng.normal(size=(6, 20)), rng.normal(size=(9, 20))
    assert np.allclose(squared_differences(a, b), ((a[:, None] - b[None]) ** 2).sum(axis=2))


def test_pairs_are_taken_in_order_and_each_atom_once(rng):
    cost = rng.random((8, 11))
    rows, columns = (part.ravel() for part in np.indices(cost.shape))
    found = pair_ascending(rows, columns, np.argsort(cost.ravel()), 8, 11)
    expected, left = [], cost.copy()
    for _ in range(8):
        i, j = np.unravel_index(np.argmin(left), left.shape)
        expected.append((i, j))
        left[i], left[:, j] = np.inf, np.inf
    assert sorted(map(tuple, found)) == sorted(expected)


def test_support_follows_equation_four(rng):
    moving, fixed = rng.normal(size=(12, 3)) * 8, rng.normal(size=(14, 3)) * 8
    weights = rng.random(12)
    pairs = np.stack([np.arange(10), rng.permutation(14)[:10]], axis=1)
    rows, columns = np.array([0, 3, 11, 5]), np.array([2, pairs[3, 1], 1, 13])
    expected = []
    for i, j in zip(rows, columns):
        total = 0.0
        for ii, jj in pairs:
            if ii == i or jj == j:
                continue
            off = np.linalg.norm(moving[i] - moving[ii]) - np.linalg.norm(fixed[j] - fixed[jj])
            total += weights[i] * weights[ii] * (1.0 if abs(off) <= 1 else 1 / off**2)
        expected.append(total)
    assert np.allclose(all_supports(moving, fixed, rows, columns, pairs, weights), expected)
