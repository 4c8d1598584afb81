"""Matches a template with Cα positions that have no order, as the paper does.

Equations 3 and 4 with the procedure of the paper's text. What the text leaves open is ours: w(i)
is S(i) over the largest S of the round; a refined pairing takes S(i, j) in descending order.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from critasser.structure import kabsch, match_one_to_one
from critasser.templates.fingerprint_kernels import (
    all_supports,
    fingerprints,
    pair_ascending,
    squared_differences,
)
from critasser.templates.pose import Pose

__all__ = ["SCORE_SCALE", "match_fingerprints", "score_pose", "two_means"]

NEIGHBOURS = 20
"""Distances in an atom's fingerprint (paper)."""

FARTHEST_PAIR = 10.0
"""Å; after the first superposition no pair is longer (paper)."""

SCORE_SCALE, SCORED_WITHIN = 2.0, 5.0
"""Å at which a pair counts one half, and beyond which it counts nothing."""

FEWEST_PAIRS = 4
"""Pairs that a superposition needs."""

MOST_SUPERPOSITIONS, MOST_REFINEMENTS = 20, 8
"""Rounds after which pairs that still change are taken as they are."""

NO_WEIGHT = 1e-3
"""Weight by which an atom without a partner may win one."""

MOST_TURNS = 100
"""Of two-means; it settles within ten."""

NOTHING = 1e-12
"""Keeps a division finite where no pair has support."""

BELOW = 1e-9
"""What a threshold lies below values that are all the same."""


def match_fingerprints(
    moving: NDArray[np.float64],
    fixed: NDArray[np.float64],
    *,
    copies: int = 1,
    progress: Callable[[float, str], None] | None = None,
    rounds: int = MOST_SUPERPOSITIONS,
) -> tuple[Pose, ...]:
    """Superpose a template on Cα positions as the paper does; one pose, whatever `copies`.

    Parameters
    ----------
    moving : ndarray (n, 3)
        The template's Cα.
    fixed : ndarray (m, 3)
        Cα positions in the map.
    copies : int
        Not used: the procedure leads to one pose.
    progress : callable, optional
    rounds : int
        Most superpositions.

    Returns
    -------
    tuple of Pose
        None where fewer than four pairs are left.
    """
    moving, fixed = np.ascontiguousarray(moving), np.ascontiguousarray(fixed)
    unlikeness = squared_differences(
        fingerprints(moving, NEIGHBOURS), fingerprints(fixed, NEIGHBOURS)
    )
    n, m = unlikeness.shape
    rows, columns = (part.ravel() for part in np.indices((n, m)))
    order = np.argsort(unlikeness.ravel(), kind="stable")
    pairs = pair_ascending(rows, columns, order, n, m)
    before: NDArray[np.int64] | None = None
    pose = None
    for turn in range(rounds):
        if progress is not None:
            progress(turn / rounds, "matching fingerprints")
        pairs, support = _refine(moving, fixed, rows, columns, pairs, progress)
        pairs = pairs[support > two_means(support)]
        if len(pairs) < FEWEST_PAIRS or (before is not None and np.array_equal(before, pairs)):
            break
        before = pairs
        rotation, translation = kabsch(moving[pairs[:, 0]], fixed[pairs[:, 1]])
        pose = Pose(rotation, translation, 0.0)
        apart = np.sqrt(squared_differences(pose.apply(moving), fixed))
        rows, columns = np.nonzero(apart < FARTHEST_PAIR)
        if len(rows) == 0:
            break
        order = np.argsort(unlikeness[rows, columns], kind="stable")
        pairs = pair_ascending(rows, columns, order, n, m)
    if pose is None:
        return ()
    return (Pose(pose.rotation, pose.translation, score_pose(pose, moving, fixed)),)


def _refine(
    moving: NDArray[np.float64],
    fixed: NDArray[np.float64],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    pairs: NDArray[np.int64],
    progress: Callable[[float, str], None] | None,
    rounds: int = MOST_REFINEMENTS,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pair by S(i, j) and weigh by S until the pairing stays; pairs (k, 2) and their S (k,)."""
    n, m = len(moving), len(fixed)
    weights = np.ones(n)
    for _ in range(rounds):
        if progress is not None:
            progress(0.0, "matching fingerprints")
        own = all_supports(moving, fixed, pairs[:, 0], pairs[:, 1], pairs, weights)
        weights = np.zeros(n)
        weights[pairs[:, 0]] = own / max(own.max(initial=0.0), NOTHING)
        # An atom without a partner may win one: its weight must not forbid that.
        free = weights == 0
        lent = np.where(free, NO_WEIGHT, weights)
        support = all_supports(moving, fixed, rows, columns, pairs, lent) / lent[rows]
        refined = pair_ascending(rows, columns, np.argsort(-support, kind="stable"), n, m)
        if np.array_equal(refined, pairs):
            break
        pairs = refined
    return pairs, all_supports(moving, fixed, pairs[:, 0], pairs[:, 1], pairs, weights)


def two_means(values: NDArray[np.float64]) -> float:
    """The value halfway between the centres of the two clusters of numbers (k,)."""
    if len(values) == 0:
        return 0.0
    low, high = float(values.min()), float(values.max())
    for _ in range(MOST_TURNS):
        middle = 0.5 * (low + high)
        above = values > middle
        if not above.any() or above.all():
            break
        new = float(values[~above].mean()), float(values[above].mean())
        if new == (low, high):
            break
        low, high = new
    return 0.5 * (low + high) if high > low else low - BELOW


def score_pose(pose: Pose, moving: NDArray[np.float64], fixed: NDArray[np.float64]) -> float:
    """Share of template Cα with a partner of their own within 5 Å, each by its distance."""
    placed = pose.apply(moving)
    pairs = match_one_to_one(placed, fixed, SCORED_WITHIN)
    distance = np.linalg.norm(placed[pairs[:, 0]] - fixed[pairs[:, 1]], axis=1)
    return float(np.sum(1.0 / (1.0 + (distance / SCORE_SCALE) ** 2)) / max(len(moving), 1))
