"""A stand-in, not ChimeraX: see ../../README.md."""

import numpy as np


class Place:
    """Rotation and translation, or any other affine."""

    def __init__(self, matrix=None):
        self.matrix = np.eye(3, 4) if matrix is None else np.array(matrix, dtype=float)

    def __eq__(self, other):
        return isinstance(other, Place) and np.array_equal(self.matrix, other.matrix)

    __hash__ = None

    def __mul__(self, other):
        rotation, shift = self.matrix[:, :3], self.matrix[:, 3]
        if isinstance(other, Place):
            moved = rotation @ other.matrix
            moved[:, 3] += shift
            return Place(moved)
        return np.asarray(other) @ rotation.T + shift

    def inverse(self):
        turned = np.linalg.inv(self.matrix[:, :3])
        return Place(np.column_stack([turned, -turned @ self.matrix[:, 3]]))


def align_points(xyz, ref_xyz):
    """The rotation and translation that lays points on others, and how well they lie there."""
    center, ref_center = xyz.mean(axis=0), ref_xyz.mean(axis=0)
    u, _, vt = np.linalg.svd((xyz - center).T @ (ref_xyz - ref_center))
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u @ flip @ vt).T
    place = Place(np.column_stack([rotation, ref_center - rotation @ center]))
    off = place * xyz - ref_xyz
    return place, float(np.sqrt(np.square(off).sum(axis=1).mean()))
