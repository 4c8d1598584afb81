"""Find where a template chain lies by the map's Cα positions, as rigid bodies and at hinges."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.structure import CalphaSet
from critasser.templates.bodies import join_bodies
from critasser.templates.hinges import bent
from critasser.templates.landscape import landscape_of
from critasser.templates.pose import Pose, Search

__all__ = ["FEWEST_RESIDUES", "at_hinges", "by_positions", "gain_of_place"]

FEWEST_RESIDUES = 10
"""With a Cα, of a chain or of the map."""

LEAST_CONTRAST = 1.12
"""Score of the best pose over that of one that cannot be right."""

POSES_READ = 3
"""Poses that are read as the target, for each copy of it."""

LEAST_GAIN = 0.05
"""By the density, a residue, that a bend must bring. To structures that are not bent, in maps of 5
to 10 Å, bends by Cα positions brought 0.03 at most, and put one of them 2 Å off; to bent ones in
the same maps they brought 0.08 or more."""

LEAST_SHARE = 0.7
"""Score of a pose, over that of the best, from which it may be a place too."""


def by_positions(
    own: NDArray[np.float64],
    chosen: NDArray[np.int64],
    calpha: CalphaSet,
    copies: int,
    search: Search,
    report: Callable[[float, str], None],
) -> list[tuple[NDArray[np.float64], int]] | str:
    """Places (n, 3) by Cα positions with how many bodies each has, or why there is none."""
    if len(calpha) < FEWEST_RESIDUES:
        return f"only {len(calpha)} Cα positions were found in the map"
    poses = search(own[chosen], calpha.positions, copies=copies, progress=report)
    if not poses:
        return "does not fit the Cα positions anywhere"
    if not _stands_out(poses, copies):
        return "fits the Cα positions no better in one place than in others"
    tree = cKDTree(calpha.positions)
    return [
        join_bodies(own, pose, poses, tree)
        for pose in poses[: POSES_READ * copies]
        if pose.score >= LEAST_SHARE * poses[0].score
    ]


def at_hinges(
    places: list[tuple[NDArray[np.float64], int]],
    calpha: CalphaSet,
    report: Callable[[float, str], None],
    gain: Callable[[NDArray[np.float64], NDArray[np.bool_]], float] | None = None,
    lying: Callable[[NDArray[np.float64]], NDArray[np.bool_]] | None = None,
) -> list[tuple[NDArray[np.float64], int]]:
    """Places bent where both sides of a hinge then fit the Cα positions better.

    With what residues (n,) of a place (n, 3) gain by the density, this must be more for the bend
    too: by all residues, and by those alone that are `lying` in the density without it. A loop that
    is wrong would bend the rest.
    """
    if len(calpha) < FEWEST_RESIDUES:
        return places
    landscape = landscape_of(calpha.positions)
    result = []
    for placed, bodies in places:
        present = np.isfinite(placed).all(axis=1)
        positions = placed.copy()
        positions[present], hinges = bent(
            np.ascontiguousarray(placed[present]), calpha.positions, landscape, report
        )
        if gain is not None and hinges:
            for some in (present, present if lying is None else lying(placed)):
                if gain(positions, some) < gain(placed, some) + LEAST_GAIN * int(some.sum()):
                    positions, hinges = placed, 0
        result.append((positions, bodies + hinges))
    return result


def gain_of_place(
    placed: NDArray[np.float64],
    bodies: int,
    places: Sequence[tuple[NDArray[np.float64], int]],
    gain: Callable[[NDArray[np.float64], NDArray[np.bool_]], float],
    lying: Callable[[NDArray[np.float64]], NDArray[np.bool_]],
) -> float:
    """What a place (n, 3) gains by the density, beside all places and how many bodies each has.

    What a place in several bodies has over the best one as it was given counts as far as those
    residues have it, too, that lie in the density there: in a map at 10 Å a wrong pose was bent
    twice to lie nearly as well as the right one, its wrong loop better.
    """
    everything = np.ones(len(placed), dtype=bool)
    own = gain(placed, everything)
    whole = [one for one, count in places if count == 1]
    if bodies == 1 or not whole:
        return own
    best = max(whole, key=lambda one: gain(one, everything))
    lies, there = lying(best), gain(best, everything)
    return there + min(own - there, gain(placed, lies) - gain(best, lies))


def _stands_out(poses: Sequence[Pose], copies: int) -> bool:
    """Whether the best pose is better than those that cannot all be right.

    A chain may truly lie in `copies` places, and each in two bodies; the pose after those is a
    wrong one, and shows what chance can do.
    """
    rank = 2 * copies + 1
    return len(poses) <= rank or poses[0].score >= LEAST_CONTRAST * poses[rank].score
