"""How buried a residue's side chain is, told from Cα positions alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.structure.geometry import LONGEST_BOND

__all__ = [
    "BACK_EDGES",
    "EXPOSURE_RADIUS",
    "SIDE_EDGES",
    "chain_exposure",
    "half_sphere_exposure",
]

EXPOSURE_RADIUS = 13.0
"""Å around a Cα within which others are counted (Hamelryck's choice)."""

SIDE_EDGES = (2, 5, 9, 14, 18, 22, 26)
BACK_EDGES = (12, 15, 17, 20, 22, 25, 28)
"""Counts that part residues into eight about equally large bins of exposure: on the side chain's
side, and on the other."""


def half_sphere_exposure(
    positions: NDArray[np.float64],
    weights: NDArray[np.float64],
    triples: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Count the Cα on either side of the middle one of three that follow each other.

    The side chain points away from the Cα before and after: the half sphere there is buried where
    it holds many. Which of the two comes first does not matter.

    Parameters
    ----------
    positions : ndarray (n, 3)
        Cα in Å.
    weights : ndarray (n,)
        What each counts.
    triples : ndarray (t, 3)
        Positions before, at and after.

    Returns
    -------
    ndarray (t, 2)
        Sums of weights within `EXPOSURE_RADIUS`: on the side chain's side, and on the other.

    References
    ----------
    HSEα: Hamelryck T (2005) Proteins 59, 38.
    """
    before, middle, after = (positions[column] for column in triples.T)
    outward = 2 * middle - before - after
    tree = cKDTree(positions)
    pairs = tree.sparse_distance_matrix(
        cKDTree(middle), EXPOSURE_RADIUS, output_type="coo_matrix"
    )
    other, of = pairs.row, pairs.col
    kept = other != triples[of, 1]
    other, of = other[kept], of[kept]
    up = ((positions[other] - middle[of]) * outward[of]).sum(axis=1) > 0
    return np.column_stack([
        np.bincount(of[side], weights=weights[other[side]], minlength=len(triples))
        for side in (up, ~up)
    ])  # fmt: skip


def chain_exposure(calpha: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half-sphere exposure (L, 2) of a chain's residues by its own Cα (L, 3).

    NaN for residues without a Cα bonded to it on both sides.
    """
    result = np.full((len(calpha), 2), np.nan)
    known = np.flatnonzero(np.isfinite(calpha).all(axis=1))
    with np.errstate(invalid="ignore"):
        bonded = np.linalg.norm(np.diff(calpha, axis=0), axis=1) < LONGEST_BOND
    middle = np.flatnonzero(bonded[:-1] & bonded[1:]) + 1
    place = np.full(len(calpha), -1)
    place[known] = np.arange(len(known))
    triples = place[middle[:, None] + np.arange(-1, 2)]
    result[middle] = half_sphere_exposure(calpha[known], np.ones(len(known)), triples)
    return result
