"""The fast kernels that place one set on another give what the formulas say."""

import numpy as np
import pytest

from critasser.templates.placing_kernels import (
    Landscape,
    grow,
    mark_nearest,
    place_triple,
    shell_neighbours,
)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def distances(a, b):
    return np.linalg.norm(a[:, None] - b[None], axis=2)


def test_every_voxel_near_a_point_knows_its_nearest(rng):
    points = 6 + rng.random((20, 3)) * 12
    nearest, distance = mark_nearest(points, np.zeros(3), (24, 25, 26), 4.0)
    z, y, x = np.indices((24, 25, 26))
    voxels = np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(float)
    apart = distances(voxels, points)
    near = apart.min(axis=1) <= 4.0
    assert np.array_equal(nearest.ravel() >= 0, near)
    assert np.array_equal(nearest.ravel()[near], apart.argmin(axis=1)[near])
    assert np.allclose(distance.ravel()[near], apart.min(axis=1)[near], atol=1e-5)


def test_shells_hold_the_neighbours_between_two_radii(rng):
    points = rng.random((30, 3)) * 20
    start, index, distance = shell_neighbours(points, 5.0, 9.0)
    apart = distances(points, points)
    for i in range(30):
        mine = slice(start[i], start[i + 1])
        assert set(index[mine]) == set(np.flatnonzero((apart[i] >= 5) & (apart[i] <= 9)))
        assert np.allclose(distance[mine], apart[i, index[mine]], atol=1e-5)


def test_a_triangle_laid_on_its_own_image_gives_the_motion_back(rng):
    moving = rng.random((60, 3)) * 25
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turn *= np.linalg.det(turn)
    fixed = moving @ turn.T + [3.0, -8.0, 12.0]
    apart = distances(moving, moving)
    ring = np.flatnonzero((apart[0] > 8) & (apart[0] < 16))
    third = ring[(apart[ring[0], ring] > 8) & (apart[ring[0], ring] < 16)][0]
    origin = fixed.min(axis=0) - 7
    shape = tuple(int(n) for n in np.ceil(np.ptp(fixed, axis=0) + 14)[::-1] + 1)
    nearest, distance = mark_nearest(fixed, origin, shape, 6.0)
    worth = (1 / (1 + (distance / 2.0) ** 2)).astype(np.float32)
    landscape = Landscape(origin, nearest, worth)
    triple = np.array([0, ring[0], third])
    scores, rotations, translations = place_triple(
        moving,
        triple,
        np.arange(60),
        fixed,
        shell_neighbours(fixed, 6.5, 17.5),
        1.5,
        landscape,
        4,
    )
    assert scores[0] > 0.8
    assert np.allclose(rotations[0], turn, atol=1e-4)
    assert np.allclose(translations[0], [3.0, -8.0, 12.0], atol=1e-3)
    # From a placing that is 2 Å off, what fits pulls itself into place.
    off = translations[0] + [1.5, -1.0, 1.0]
    score, rotation, translation, partner = grow(
        moving, moving[triple].mean(axis=0), (rotations[0], off), fixed, landscape, 5.0, 2.0, 14
    )
    assert score == pytest.approx(60, abs=1e-3)
    assert np.allclose(moving @ rotation.T + translation, fixed, atol=1e-3)
    assert np.array_equal(partner, np.arange(60))
