"""Every voxel knows the nearest predicted Cα."""

import numpy as np

from critasser.assembly.field_kernels import mark_nearest


def test_nearest_positions_are_those_of_a_search_over_all():
    rng = np.random.default_rng(0)
    positions = rng.uniform(-2, 12, size=(30, 3))
    origin, voxel = np.array([0.5, -1.0, 0.0]), np.array([1.0, 1.1, 0.9])
    nearest = np.full((9, 10, 11), -1, dtype=np.int32)
    mark_nearest(nearest, origin, voxel, positions, 3.0)
    for z, y, x in np.ndindex(nearest.shape):
        distance = np.linalg.norm(positions - (origin + voxel * (x, y, z)), axis=1)
        expected = distance.argmin() if distance.min() <= 3.0 else -1
        assert nearest[z, y, x] == expected
