"""Numba kernel of RMSD between many conformations."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

__all__ = ["best_overlaps"]


@njit(cache=True)
def best_overlaps(covariances, result):
    """Largest trace of rotation · covariance over rotations, for many 3 × 3 matrices.

    It is the sum of the singular values, the least of them negative where the determinant is
    (Kabsch W (1978) Acta Cryst A34, 827). Singular values are roots of the eigenvalues of MᵀM,
    which have a closed form.

    Parameters
    ----------
    covariances : (n, 3, 3) float64
    result : (n,) float64
    """
    g = np.empty((3, 3))
    for n in range(covariances.shape[0]):
        m = covariances[n]
        for i in range(3):
            for j in range(3):
                g[i, j] = m[0, i] * m[0, j] + m[1, i] * m[1, j] + m[2, i] * m[2, j]
        mean = (g[0, 0] + g[1, 1] + g[2, 2]) / 3.0
        a, b, c = g[0, 0] - mean, g[1, 1] - mean, g[2, 2] - mean
        d, e, f = g[0, 1], g[0, 2], g[1, 2]
        spread = math.sqrt((a * a + b * b + c * c + 2.0 * (d * d + e * e + f * f)) / 6.0)
        if spread > 0.0:
            half = (a * (b * c - f * f) - d * (d * c - f * e) + e * (d * f - b * e)) / 2.0
            angle = math.acos(min(1.0, max(-1.0, half / spread**3))) / 3.0
        else:
            angle = 0.0
        largest = mean + 2.0 * spread * math.cos(angle)
        least = mean + 2.0 * spread * math.cos(angle + 2.0 * math.pi / 3.0)
        middle = 3.0 * mean - largest - least
        determinant = (
            m[0, 0] * (m[1, 1] * m[2, 2] - m[1, 2] * m[2, 1])
            - m[0, 1] * (m[1, 0] * m[2, 2] - m[1, 2] * m[2, 0])
            + m[0, 2] * (m[1, 0] * m[2, 1] - m[1, 1] * m[2, 0])
        )
        product = math.sqrt(max(largest, 0.0)) * math.sqrt(max(middle, 0.0))
        # The product of all three is the determinant: exact where the root of `least` is not.
        small = determinant / product if product > 0.0 else 0.0
        result[n] = math.sqrt(max(largest, 0.0)) + math.sqrt(max(middle, 0.0)) + small
