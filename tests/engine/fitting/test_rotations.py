"""Sets of rotations are even, and turns are differentiated right."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from critasser.fitting.rotations import even_rotations, left_jacobian, rotations_for


def test_rotations_are_rotations():
    matrices = even_rotations(300)
    assert np.allclose(matrices @ matrices.transpose(0, 2, 1), np.eye(3))
    assert np.allclose(np.linalg.det(matrices), 1.0)


def test_no_orientation_is_far_from_a_set_of_7416():
    known = Rotation.from_matrix(even_rotations(7416)).as_quat()
    asked = Rotation.random(500, random_state=0).as_quat()
    nearest = 2.0 * np.degrees(np.arccos(np.clip(np.abs(asked @ known.T).max(axis=1), 0, 1)))
    assert nearest.max() < 15.0
    assert np.median(nearest) < 9.0


def test_larger_bodies_get_more_rotations():
    counts = [rotations_for(radius, 4.0) for radius in (5.0, 25.0, 40.0, 200.0)]
    assert counts == sorted(counts)
    assert counts[0] < counts[1] < counts[2]


@pytest.mark.parametrize("angle", [0.0, 1e-9, 0.3, 2.5])
def test_the_left_jacobian_is_the_derivative(angle):
    vector = angle * np.array([0.6, -0.48, 0.64])
    step = 1e-6
    for axis in np.eye(3):
        moved = Rotation.from_rotvec(vector + step * axis)
        turn = (moved * Rotation.from_rotvec(vector).inv()).as_rotvec() / step
        assert np.allclose(turn, left_jacobian(vector) @ axis, atol=1e-5)
