"""Measures bond angles and torsions of many atoms at once, and places atoms by them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["angle", "direction", "place", "torsion", "unit", "wrapped"]

NO_LENGTH = 1e-6
"""Å; a vector shorter than this has no direction."""


def unit(vectors: ArrayLike) -> NDArray[np.float64]:
    """Vectors (..., 3) at length one; NaN where a vector has no length."""
    vectors = np.asarray(vectors, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def direction(vectors: ArrayLike, across: ArrayLike) -> NDArray[np.float64]:
    """Vectors (..., 3) at length one; where one vanishes, some direction across the other vector.

    Parameters
    ----------
    vectors : (..., 3)
    across : (..., 3)
        Not zero; what takes a vanished vector's place is at right angles to this.
    """
    vectors, across = np.broadcast_arrays(np.asarray(vectors, dtype=np.float64), across)
    lost = np.linalg.norm(vectors, axis=-1) < NO_LENGTH
    if lost.any():
        other = across[lost]
        vectors = vectors.copy()
        vectors[lost] = np.cross(other, np.eye(3)[np.argmin(np.abs(other), axis=-1)])
    return unit(vectors)


def wrapped(angles: ArrayLike) -> NDArray[np.float64]:
    """Angles in radians brought into [-pi, pi)."""
    return (np.asarray(angles, dtype=np.float64) + np.pi) % (2 * np.pi) - np.pi


def angle(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> NDArray[np.float64]:
    """Angle (...,) at `b` in radians, of points (..., 3)."""
    cosine = np.sum(unit(np.subtract(a, b)) * unit(np.subtract(c, b)), axis=-1)
    return np.arccos(np.clip(cosine, -1.0, 1.0))


def torsion(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike) -> NDArray[np.float64]:
    """Torsion (...,) in radians about the bond b-c of points (..., 3), IUPAC sign."""
    axis = unit(np.subtract(c, b))
    first = np.subtract(a, b)
    last = np.subtract(d, c)
    first = first - np.sum(first * axis, axis=-1, keepdims=True) * axis
    last = last - np.sum(last * axis, axis=-1, keepdims=True) * axis
    return np.arctan2(np.sum(np.cross(axis, first) * last, axis=-1), np.sum(first * last, axis=-1))


def place(
    bonded: ArrayLike,
    angle_with: ArrayLike,
    torsion_with: ArrayLike,
    length: ArrayLike,
    bend: ArrayLike,
    turn: ArrayLike,
) -> NDArray[np.float64]:
    """Atoms (..., 3) at internal coordinates from three others.

    Parameters
    ----------
    bonded, angle_with, torsion_with : (..., 3) Å
        The atom it hangs on, the one its angle is measured with, the one its torsion starts from.
    length : (...) Å
    bend, turn : (...) radians
    """
    bonded = np.asarray(bonded, dtype=np.float64)
    back = unit(np.subtract(angle_with, bonded))
    normal = direction(np.cross(back, np.subtract(torsion_with, angle_with)), back)
    third = np.cross(normal, back)
    length, bend, turn = (
        np.asarray(value, dtype=np.float64)[..., None] for value in (length, bend, turn)
    )
    return bonded + length * (
        np.cos(bend) * back + np.sin(bend) * (np.cos(turn) * third - np.sin(turn) * normal)
    )
