"""Superposes a template by triples of Cα: every like triangle in the map is tried.

A triangle of template atoms 8–16 Å apart is laid on all triangles of Cα positions with like
sides; the atoms around it judge each placing; the best grow, nearest to nearest, over all that
fits. A template with a displaced domain still fits where its triangle lies, and copies of a chain
appear as poses of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.templates.fingerprint import SCORE_SCALE
from critasser.templates.landscape import landscape_of
from critasser.templates.placing_kernels import grow, place_triple, shell_neighbours
from critasser.templates.pose import Pose

__all__ = ["match_triples", "triangles"]

SHORTEST_SIDE, LONGEST_SIDE = 8.0, 16.0
"""Å; shorter triangles are alike everywhere, longer ones are rarely whole in one domain."""

TOLERANCE = 1.5
"""Å; 1.5 sigma of a distance between positions that are 0.7 Å off along each axis. Two thirds of
true triangles pass, of 2.4 times fewer placings than at 2 Å."""

JUDGES = 48
"""Atoms around a triangle that judge its placings."""

MOST_TRIANGLES = 80
"""Triangles tried."""

KEPT = 4
"""Placings of a triangle that grow, for each copy."""

CUTOFF, ROUNDS = 5.0, 14
"""Å within which atoms pair, and rounds, while a placing grows."""

SURE = 0.65
"""Score beyond which three triangles that agree end the search."""

SURE_AGREEING, AGREEING = 3, 8
"""Triangles that must agree on a sure pose, and on one of lower score."""

FEWEST_TRIANGLES = 4
"""Triangles tried before agreement is asked for, for each copy."""

COMPARED = 60
"""Best poses among which agreement is looked for."""

SAME_POSE, NEW_POSE = 2.0, 3.0
"""Å (root mean square) between placings of a template up to which two triangles agree, and from
which two poses are told apart."""

POSES = 8
"""Poses that are given back, for each copy."""

FEWEST_POINTS = 4
"""Cα of which a triangle and another atom can be chosen."""

GOLDEN = 0.6180339887
"""Golden section: multiples of it, modulo 1, are spread evenly."""

SECOND_STRIDE, THIRD_STRIDE = (7919, 13), (104729, 7)
"""Primes and offsets by which the other corners are drawn, turn by turn."""


def match_triples(
    moving: NDArray[np.float64],
    fixed: NDArray[np.float64],
    *,
    copies: int = 1,
    progress: Callable[[float, str], None] | None = None,
    tolerance: float = TOLERANCE,
) -> tuple[Pose, ...]:
    """Poses of a template in Cα positions, best first, none near another.

    Parameters
    ----------
    moving : ndarray (n, 3)
        The template's Cα, n ≥ 4.
    fixed : ndarray (m, 3)
        Cα positions in the map, m ≥ 4.
    copies : int
        How many places the chain may have; more triangles are tried for more.
    progress : callable, optional
    tolerance : float
        Å by which sides of triangles may differ.

    Returns
    -------
    tuple of Pose
    """
    moving, fixed = np.ascontiguousarray(moving), np.ascontiguousarray(fixed)
    if min(len(moving), len(fixed)) < FEWEST_POINTS:
        return ()
    landscape = landscape_of(fixed)
    shell = shell_neighbours(fixed, SHORTEST_SIDE - tolerance, LONGEST_SIDE + tolerance)
    tree = cKDTree(moving)
    poses: list[Pose] = []
    for turn, triple in enumerate(triangles(moving, MOST_TRIANGLES)):
        if progress is not None:
            progress(turn / MOST_TRIANGLES, "matching triangles")
        centre = moving[triple].mean(axis=0)
        local = np.atleast_1d(tree.query(centre, min(JUDGES, len(moving)))[1]).astype(np.int64)
        # Judged in a mixed order: the nearest alone would all agree with a wrong placing.
        local = local[np.argsort(np.arange(len(local)) * GOLDEN % 1.0)]
        placings = place_triple(
            moving, triple, local, fixed, shell, tolerance, landscape, KEPT * copies
        )
        grown = []
        for score, rotation, translation in zip(*placings):
            if score < 0:
                break
            total, rotation, translation, _ = grow(
                moving, centre, (rotation, translation), fixed, landscape, CUTOFF, SCORE_SCALE,
                ROUNDS,
            )  # fmt: skip
            grown.append(Pose(rotation, translation, float(total) / len(moving)))
        poses.extend(_distinct(sorted(grown, key=lambda pose: -pose.score), moving, len(grown)))
        poses.sort(key=lambda pose: -pose.score)
        # One pose a triangle is left, so agreement is that of triangles.
        if poses and turn >= FEWEST_TRIANGLES * copies:
            best = poses[0]
            agreeing = sum(
                _displacement(best, pose, moving) < SAME_POSE for pose in poses[:COMPARED]
            )
            if agreeing >= (SURE_AGREEING if best.score > SURE else AGREEING) * copies:
                break
    return _distinct(poses, moving, POSES * copies)


def triangles(points: NDArray[np.float64], count: int) -> Iterator[NDArray[np.int64]]:
    """Up to `count` triples of indices with sides of 8–16 Å, spread over the points (n, 3).

    Wider sides are taken where the set has no such triangle. No random numbers: the same points
    give the same triangles.
    """
    n = len(points)
    tree = cKDTree(points)
    for turn in range(count):
        a = int(turn * GOLDEN * n) % n
        near = np.array(tree.query_ball_point(points[a], LONGEST_SIDE), dtype=np.int64)
        side = np.linalg.norm(points[near] - points[a], axis=1)
        ring = near[side >= SHORTEST_SIDE]
        if len(ring) < 2:
            continue
        b = ring[(turn * SECOND_STRIDE[0] + SECOND_STRIDE[1]) % len(ring)]
        side_b = np.linalg.norm(points[ring] - points[b], axis=1)
        third = ring[(side_b >= SHORTEST_SIDE) & (side_b <= LONGEST_SIDE)]
        if len(third) == 0:
            continue
        c = third[(turn * THIRD_STRIDE[0] + THIRD_STRIDE[1]) % len(third)]
        yield np.array([a, b, c], dtype=np.int64)


def _displacement(a: Pose, b: Pose, points: NDArray[np.float64]) -> float:
    """Root mean square distance in Å between the two placings of points (n, 3)."""
    return float(np.sqrt(np.mean(np.sum((a.apply(points) - b.apply(points)) ** 2, axis=1))))


def _distinct(poses: list[Pose], points: NDArray[np.float64], count: int) -> tuple[Pose, ...]:
    """The best poses (sorted) of which none lies within 3 Å of a better one."""
    kept: list[Pose] = []
    for pose in poses:
        if len(kept) == count:
            break
        if all(_displacement(pose, other, points) > NEW_POSE for other in kept):
            kept.append(pose)
    return tuple(kept)
