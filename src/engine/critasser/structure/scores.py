"""Agreement of Cα sets: CRscore, one-to-one matches, TM-score."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from critasser.structure.kernels import best_tm_sum

__all__ = ["cr_score", "d0", "greedy_pairs", "match_one_to_one", "tm_score"]

SMALLEST_D0 = 0.5
D0_FACTOR, D0_LENGTH, D0_SHIFT = 1.24, 15, 1.8
"""Of `d0`: Zhang Y, Skolnick J (2004) Proteins 57, 702."""


def d0(length: int) -> float:
    """Distance scale ``1.24 (L − 15)^(1/3) − 1.8`` in Å, at least 0.5 (paper eq. 1)."""
    if length <= D0_LENGTH:
        return SMALLEST_D0
    return max(SMALLEST_D0, D0_FACTOR * float(length - D0_LENGTH) ** (1.0 / 3.0) - D0_SHIFT)


def greedy_pairs(a: ArrayLike, b: ArrayLike, cutoff: float = np.inf) -> NDArray[np.int64]:
    """Pair points of two sets, shortest distance first, each point once.

    Parameters
    ----------
    a, b : array_like (n, 3), (m, 3)
        Å, without NaN.
    cutoff : float
        Longest distance of a pair in Å.

    Returns
    -------
    ndarray (k, 2) int64
        Indices into `a` and `b`, in the order of pairing; k = min(n, m) without a cutoff.
    """
    a = np.asarray(a, dtype=np.float64).reshape(-1, 3)
    b = np.asarray(b, dtype=np.float64).reshape(-1, 3)
    free_a, free_b = np.arange(len(a)), np.arange(len(b))
    pairs = []
    reach = min(cutoff, 8.0)
    # Short distances first from a tree; what is left unpaired is sparse, so the reach can grow.
    shortest = 0.0
    while len(free_a) and len(free_b):
        found = cKDTree(a[free_a]).sparse_distance_matrix(
            cKDTree(b[free_b]), reach, output_type="ndarray"
        )
        taken_a = np.zeros(len(free_a), dtype=bool)
        taken_b = np.zeros(len(free_b), dtype=bool)
        for entry in np.argsort(found["v"], kind="stable"):
            i, j = found["i"][entry], found["j"][entry]
            if not taken_a[i] and not taken_b[j]:
                taken_a[i] = taken_b[j] = True
                pairs.append((free_a[i], free_b[j]))
        free_a, free_b = free_a[~taken_a], free_b[~taken_b]
        shortest, reach = reach, min(cutoff, 2 * reach)
        if shortest >= cutoff:
            break
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def cr_score(model: ArrayLike, native: ArrayLike, length: int) -> float:
    """CRscore of two Cα sets that share a frame but no order (paper eq. 1).

    Parameters
    ----------
    model, native : array_like (n, 3), (m, 3)
        x, y, z in Å; NaN rows are left out.
    length : int
        L, by which the sum is divided and on which d0 depends.

    Returns
    -------
    float
        ``1/L sum 1/(1 + (d/d0)²)`` over `greedy_pairs`.
    """
    model, native = _present(model), _present(native)
    pairs = greedy_pairs(model, native)
    distance = np.linalg.norm(model[pairs[:, 0]] - native[pairs[:, 1]], axis=1)
    return float(np.sum(1.0 / (1.0 + (distance / d0(length)) ** 2)) / length)


def match_one_to_one(a: ArrayLike, b: ArrayLike, cutoff: float) -> NDArray[np.int64]:
    """As many pairs within a cutoff as possible, each point once, the sum of distances least.

    Parameters
    ----------
    a, b : array_like (n, 3), (m, 3)
        Å, without NaN.
    cutoff : float
        Å.

    Returns
    -------
    ndarray (k, 2) int64
        Indices into `a` and `b`, ascending in `a`.
    """
    a = np.asarray(a, dtype=np.float64).reshape(-1, 3)
    b = np.asarray(b, dtype=np.float64).reshape(-1, 3)
    if len(a) == 0 or len(b) == 0:
        return np.zeros((0, 2), dtype=np.int64)
    distance = np.linalg.norm(a[:, None] - b[None], axis=2)
    # One pair less costs more than all distances together, so the number of pairs comes first.
    far = cutoff * (min(len(a), len(b)) + 1)
    rows, columns = linear_sum_assignment(np.where(distance <= cutoff, distance, far))
    near = distance[rows, columns] <= cutoff
    return np.stack([rows[near], columns[near]], axis=1).astype(np.int64)


def tm_score(model: ArrayLike, native: ArrayLike, length: int | None = None) -> float:
    """TM-score of residue i against residue i, over the best superposition.

    Parameters
    ----------
    model, native : array_like (L, 3)
        Cα positions in Å; NaN where absent.
    length : int, optional
        Normalises the sum and gives d0; by default the residues that `native` has.

    Returns
    -------
    float
        0 … 1.

    References
    ----------
    Zhang Y, Skolnick J (2004) Proteins 57, 702: superpositions grown from fragments of
    L, L/2, L/4 … 4 residues, at every start along shorter chains and at 150 along longer ones.
    """
    model = np.asarray(model, dtype=np.float64)
    native = np.asarray(native, dtype=np.float64)
    if model.shape != native.shape or model.ndim != 2 or model.shape[1] != 3:
        raise ValueError(f"models are not of one length: {model.shape} and {native.shape}")
    in_native = np.isfinite(native).all(axis=1)
    if length is None:
        length = int(in_native.sum())
    both = in_native & np.isfinite(model).all(axis=1)
    if length == 0 or not both.any():
        return 0.0
    return float(best_tm_sum(model[both].copy(), native[both].copy(), d0(length)) / length)


def _present(positions: ArrayLike) -> NDArray[np.float64]:
    positions = np.asarray(positions, dtype=np.float64).reshape(-1, 3)
    return positions[np.isfinite(positions).all(axis=1)]
