"""Bends a placed template at hinges where both sides then fit the map's Cα better."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.templates.fingerprint import SCORE_SCALE, SCORED_WITHIN
from critasser.templates.placing_kernels import Landscape, grow

__all__ = ["bent"]

SHORTEST_SIDE = 25
"""Residues between hinges, at least: shorter pieces fit anything."""

STEP = 5
"""Residues between hinges that are tried: of structures bent by 5–30° in five maps, those placed so
come out no worse than with every residue tried."""

MOST_HINGES = 4
"""Of one template."""

GAIN = 0.012
"""Of the score (0 … 1) that a hinge must bring: a structure in its own map gains half of it by
following the errors of the Cα."""

NEAREST_STEP, FARTHEST_STEP = 2.0, 6.0
"""Å between the residues on either side of a hinge, from and to which the bond can be mended."""

ROUNDS = 14
"""While a side grows out from the hinge."""

AFTER_SEARCH = 0.99
"""Where on the way, 0 … 1, the rigid search has ended."""


def bent(
    placed: NDArray[np.float64],
    fixed: NDArray[np.float64],
    landscape: Landscape,
    progress: Callable[[float, str], None] | None = None,
) -> tuple[NDArray[np.float64], int]:
    """Positions (n, 3) of a template, turned at hinges, and the number of hinges.

    Each hinge in turn is the one that lets the score grow most: one side, or both, are superposed
    on the positions near the hinge, and from there on all that fits. A bend of 10° moves the far
    end of a domain by more than the distance of two Cα, so that a rigid fit can't find it.

    Parameters
    ----------
    placed : ndarray (n, 3)
        Cα in the map's frame, without NaN.
    fixed : ndarray (m, 3)
        The map's Cα positions.
    landscape : Landscape
        Of `fixed`.
    progress : callable, optional
        May raise to cancel.
    """
    tree = cKDTree(fixed)
    ends = [0, len(placed)]
    score = _score(placed, tree)
    while len(ends) - 2 < MOST_HINGES:
        best, hinge, highest = placed, 0, score + GAIN
        for low, high in pairwise(ends):
            for k in range(low + SHORTEST_SIDE, high - SHORTEST_SIDE + 1, STEP):
                if progress is not None:
                    progress(AFTER_SEARCH, "looking for hinges")
                for moved in _turned(placed, low, k, high, fixed, landscape):
                    if (value := _score(moved, tree)) > highest and _mendable(moved, k):
                        best, hinge, highest = moved, k, value
        if best is placed:
            break
        placed, score = best, highest
        ends = sorted([*ends, hinge])
    return placed, len(ends) - 2


def _mendable(positions: NDArray[np.float64], k: int) -> bool:
    """Whether the bond before residue k is one that can be mended."""
    return NEAREST_STEP < float(np.linalg.norm(positions[k] - positions[k - 1])) < FARTHEST_STEP


def _turned(
    placed: NDArray[np.float64],
    low: int,
    k: int,
    high: int,
    fixed: NDArray[np.float64],
    landscape: Landscape,
) -> list[NDArray[np.float64]]:
    """The template with the left, the right and both sides of a hinge before residue k turned."""
    sides = {}
    for begin, end in ((low, k), (k, high)):
        side = np.ascontiguousarray(placed[begin:end])
        _, rotation, translation, _ = grow(
            side, placed[k], (np.eye(3), np.zeros(3)), fixed, landscape, SCORED_WITHIN,
            SCORE_SCALE, ROUNDS,
        )  # fmt: skip
        sides[begin, end] = side @ rotation.T + translation
    results = []
    for chosen in ([(low, k)], [(k, high)], [(low, k), (k, high)]):
        moved = placed.copy()
        for begin, end in chosen:
            moved[begin:end] = sides[begin, end]
        results.append(moved)
    return results


def _score(positions: NDArray[np.float64], tree: cKDTree) -> float:
    """Share of Cα with a position near, each position once, by distance; 0 … 1."""
    distance, partner = tree.query(positions, distance_upper_bound=SCORED_WITHIN)
    near = np.isfinite(distance)
    value = np.zeros(tree.n)
    np.maximum.at(value, partner[near], 1.0 / (1.0 + (distance[near] / SCORE_SCALE) ** 2))
    return float(value.sum() / len(positions))
