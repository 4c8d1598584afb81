"""List the rotations that turn a cubic grid onto itself."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

__all__ = ["signed_permutations"]


def signed_permutations() -> list[NDArray[np.float64]]:
    """The 24 rotations of the cube.

    Returns
    -------
    list of ndarray (3, 3)
        Matrices with one 1 or −1 in every row and column and determinant 1; the first is the
        identity.
    """
    rotations = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            matrix = np.zeros((3, 3))
            matrix[np.arange(3), order] = signs
            if np.linalg.det(matrix) > 0:
                rotations.append(matrix)
    return rotations
