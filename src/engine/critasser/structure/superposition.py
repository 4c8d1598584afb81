"""Best rigid superposition of paired points."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["kabsch", "rmsd"]


def kabsch(
    moving: ArrayLike, fixed: ArrayLike, weights: ArrayLike | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rotation and translation that bring points nearest to their partners.

    Parameters
    ----------
    moving, fixed : array_like (n, 3)
        Paired points in Å, without NaN, n ≥ 1.
    weights : array_like (n,), optional
        Not negative; all equal without it.

    Returns
    -------
    rotation : ndarray (3, 3)
        Proper (no mirror image).
    translation : ndarray (3,)
        ``fixed ≈ moving @ rotation.T + translation``.

    References
    ----------
    Kabsch W (1976) Acta Cryst. A32, 922.
    """
    moving = np.asarray(moving, dtype=np.float64)
    fixed = np.asarray(fixed, dtype=np.float64)
    if moving.shape != fixed.shape or moving.ndim != 2 or moving.shape[1] != 3 or not len(moving):
        raise ValueError(f"points are not paired: {moving.shape} and {fixed.shape}")
    weights = np.ones(len(moving)) if weights is None else np.asarray(weights, dtype=np.float64)
    weights = weights / weights.sum()
    centre_moving, centre_fixed = weights @ moving, weights @ fixed
    covariance = (fixed - centre_fixed).T @ (weights[:, None] * (moving - centre_moving))
    u, _, vt = np.linalg.svd(covariance)
    hand = np.sign(np.linalg.det(u) * np.linalg.det(vt))
    rotation = (u * [1.0, 1.0, hand]) @ vt
    return rotation, centre_fixed - rotation @ centre_moving


def rmsd(a: ArrayLike, b: ArrayLike, *, superpose: bool = True) -> float:
    """Root mean square distance in Å of paired points (n, 3), pairs with NaN left out.

    With `superpose` the best superposition is found first. NaN when no pair is left.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    paired = np.isfinite(a).all(axis=1) & np.isfinite(b).all(axis=1)
    a, b = a[paired], b[paired]
    if len(a) == 0:
        return float("nan")
    if superpose:
        rotation, translation = kabsch(a, b)
        a = a @ rotation.T + translation
    return float(np.sqrt(np.mean(np.sum((a - b) ** 2, axis=1))))
