"""Places the domains of a template that stand otherwise in the map than in its own file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.spatial import cKDTree

from critasser.templates.fingerprint import SCORE_SCALE
from critasser.templates.pose import Pose

__all__ = ["join_bodies"]

WINDOW = 21
"""Residues along the chain over which a fit is averaged."""

SHORTEST_BODY = 30
"""Residues that may be a body of their own."""

GAIN = 0.25
"""Of the fit (0 … 1) that another pose must bring to a body."""

FITS = 0.3
"""Fit above which a residue holds its Cα position."""

MOST_TAKEN = 0.3
"""Share of a body's Cα positions that other residues may hold already."""

HINGE = 12.0
"""Å; longest step of the chain from one body to the next."""


def join_bodies(
    own: NDArray[np.float64], pose: Pose, poses: Sequence[Pose], tree: cKDTree
) -> tuple[NDArray[np.float64], int]:
    """Positions (n, 3) of a template in one pose, stretches that fit elsewhere put there.

    Parameters
    ----------
    own : ndarray (n, 3)
        The template's Cα, without NaN.
    pose : Pose
        Of most of it.
    poses : sequence of Pose
        All that a search found; each may be the place of another domain.
    tree : cKDTree
        Of the map's Cα positions.

    Returns
    -------
    positions : ndarray (n, 3)
    bodies : int
    """
    placed = pose.apply(own)
    fit, partner = _fit(placed, tree)
    body = np.zeros(len(own), dtype=np.int64)
    for number, other in enumerate(poses, start=1):
        if other is pose:
            continue
        moved = other.apply(own)
        other_fit, other_partner = _fit(moved, tree)
        better = other_fit > fit + GAIN
        for start, stop in _stretches(better):
            if stop - start < SHORTEST_BODY:
                continue
            rest = np.setdiff1d(np.arange(len(own)), np.arange(start, stop))
            taken = np.isin(other_partner[start:stop], partner[rest][fit[rest] > FITS])
            steps = [
                np.linalg.norm(moved[a] - placed[b])
                for a, b in ((start, start - 1), (stop - 1, stop))
                if 0 <= b < len(own)
            ]
            if taken.mean() > MOST_TAKEN or (steps and max(steps) > HINGE):
                continue
            placed[start:stop] = moved[start:stop]
            fit[start:stop] = other_fit[start:stop]
            partner[start:stop] = other_partner[start:stop]
            body[start:stop] = number
    return placed, len(np.unique(body))


def _fit(
    positions: NDArray[np.float64], tree: cKDTree
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """How well (n,) each residue's neighbourhood along the chain fits, 0 … 1; nearest Cα (n,)."""
    distance, partner = tree.query(positions)
    worth = 1.0 / (1.0 + (distance / SCORE_SCALE) ** 2)
    return uniform_filter1d(worth, WINDOW, mode="nearest"), np.asarray(partner)


def _stretches(chosen: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of True as (start, stop)."""
    edge = np.flatnonzero(np.diff(np.concatenate([[0], chosen.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in edge.reshape(-1, 2)]
