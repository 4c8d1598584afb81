"""Even sets of rotations, and rotation vectors."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

__all__ = ["even_rotations", "left_jacobian", "rotations_for"]

SPIRAL_PHI = math.sqrt(2.0)
SPIRAL_PSI = 1.533751168755204288118041
"""Windings of the two spirals: the best pair for many sample counts (Alexa 2022, table 1)."""

STEP_COUNT = {15.0: 7416}
"""Rotations of an even set whose nearest neighbours are about 15° apart."""

LEAST_ROTATIONS, MOST_ROTATIONS = 1800, 30000
"""A small body needs no more than 24° steps; beyond 9.5° a search takes longer than it is worth."""


def even_rotations(count: int) -> NDArray[np.float64]:
    """Rotation matrices that cover all orientations evenly.

    Parameters
    ----------
    count : int
        At least 1; 7,416 leave about 15° between neighbours.

    Returns
    -------
    ndarray (count, 3, 3)
        The same for the same count.

    References
    ----------
    Alexa M (2022) Super-Fibonacci Spirals: Fast, Low-Discrepancy Sampling of SO(3). CVPR.
    """
    s = np.arange(count) + 0.5
    inner, outer = np.sqrt(s / count), np.sqrt(1.0 - s / count)
    alpha = 2.0 * np.pi * s / SPIRAL_PHI
    beta = 2.0 * np.pi * s / SPIRAL_PSI
    quaternions = np.stack(
        [
            inner * np.sin(alpha),
            inner * np.cos(alpha),
            outer * np.sin(beta),
            outer * np.cos(beta),
        ],
        axis=1,
    )
    return Rotation.from_quat(quaternions).as_matrix()


def rotations_for(radius: float, reach: float) -> int:
    """How many even rotations bring every point of a body within `reach` of any orientation.

    Parameters
    ----------
    radius : float
        Å, root mean square distance of the body's points from its centre.
    reach : float
        Å that a turn by half a step may move a point at that radius.

    Returns
    -------
    int
    """
    (degrees, count), *_ = STEP_COUNT.items()
    step = 2.0 * math.degrees(reach / max(radius, reach))
    return int(np.clip(count * (degrees / step) ** 3, LEAST_ROTATIONS, MOST_ROTATIONS))


def left_jacobian(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Derivative of a rotation with respect to its rotation vector, as a turn on its left.

    ``exp(v + d) ≈ exp(left_jacobian(v) @ d) @ exp(v)`` for small `d`.

    Parameters
    ----------
    vector : ndarray (3,)
        Axis times angle in radians.

    Returns
    -------
    ndarray (3, 3)
    """
    angle = float(np.linalg.norm(vector))
    if angle < 1e-8:
        return np.eye(3)
    axis = vector / angle
    cross = np.array(
        [[0.0, -axis[2], axis[1]], [axis[2], 0.0, -axis[0]], [-axis[1], axis[0], 0.0]]
    )
    sine = math.sin(angle) / angle
    return (
        sine * np.eye(3)
        + (1.0 - sine) * np.outer(axis, axis)
        + (1.0 - math.cos(angle)) / angle * cross
    )
