"""The cube is turned onto itself in 24 ways."""

import numpy as np
import pytest

from critasser.network.rotations import signed_permutations


def test_the_cube_has_24_rotations_of_which_the_first_does_nothing():
    cube = signed_permutations()
    assert len({matrix.tobytes() for matrix in cube}) == 24
    assert np.array_equal(cube[0], np.eye(3))
    for matrix in cube:
        assert np.allclose(matrix @ matrix.T, np.eye(3))
        assert np.linalg.det(matrix) == pytest.approx(1)
