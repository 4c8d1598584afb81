"""Fit axes to a map: where a turn, a screw or a whole group agrees best with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from critasser.structure import Symmetry, group_rotations, screw_powers
from critasser.symmetry_text import Helix, PointGroup
from critasser.trace.self_correlation import Field, Turn, correlations

__all__ = ["LEAST_RISE", "FoundSymmetry", "across", "fit_group", "fit_helix", "fit_turn",
           "fitted_axes"]

TRIED = 6
"""Axes that are fitted."""
SPIN = 4.0
"""Degrees between places of the other axes about the first."""
CENTRES = np.arange(-4, 5)
"""Voxels of the scan from the middle of the molecule along the first axis, at which axes may meet.
"""
FIRST_TILT, FIRST_SHIFT, FIRST_TWIST, FIRST_RISE = 3.0, 0.5, 2.0, 0.3
"""Degrees and voxels; the first changes that a fit tries."""
TWIST_OFF, RISE_OFF, LEAST_OFF = 8.0, 0.2, 1.0
"""Degrees, share of the rise and Å by which a helix may differ from what it is fitted from: the map
agrees best with itself where it is."""
LEAST_RISE = 1.0
"""Å of a helix that is fitted."""
EVALUATIONS, CLOSE, NEAR = 300, 2e-4, 0.05
"""Of a fit at most; the change of its score, and that of degrees and Å, at which it ends."""
MOST_VOXELS = 20_000
"""That are compared in a fit."""
HALF_TURN = 180.0
"""Degrees."""
PARALLEL = 0.99
"""Cosine of the angle between axes from which they are one."""
TINY = 1e-9


@dataclass(frozen=True)
class FoundSymmetry:
    """A symmetry where it agrees best with the map.

    Attributes
    ----------
    kind : PointGroup or Helix
        A helix with rise and twist as fitted.
    symmetry : Symmetry
        Of a helix all steps, on and back, that may bring a subunit of the map onto another.
    correlation : float
        Of the map's detail with its images: the least one of all operations, of a helix that of one
        step.
    """

    kind: PointGroup | Helix
    symmetry: Symmetry
    correlation: float


MOST_STEPS = 30
"""Steps of a helix on and back: what a step is wrong by adds up, to some 1.5 Å along and 1.5° about
the axis by then, and each operation costs time and memory."""


def fitted_axes(
    turns: Sequence[Turn], field: Field, *, screw: bool = False
) -> list[tuple[float, Turn]]:
    """The first of some axes that differ, fitted, best first; with their scores."""
    tried: list[NDArray[np.float64]] = []
    fitted: list[tuple[float, Turn]] = []
    for turn in turns:
        if _is_new(turn, tried, field):
            fitted.append(fit_turn(field, turn, screw=screw))
            if len(fitted) == TRIED:
                break
    distinct: list[NDArray[np.float64]] = []
    fitted.sort(key=lambda one: -one[0])
    return [one for one in fitted if _is_new(one[1], distinct, field)]


def _is_new(turn: Turn, known: list[NDArray[np.float64]], field: Field) -> bool:
    """Whether an operation is none of those that are known, to which it is added then."""
    own = _images(turn, field)
    new = all(np.abs(own - image).max() > field.step for image in known)
    if new:
        known.append(own)
    return new


def _images(turn: Turn, field: Field) -> NDArray[np.float64]:
    """Where an operation brings points about the middle of the molecule."""
    rotation, shift = turn.operation
    points = field.middle + field.radius * np.vstack([np.zeros(3), np.eye(3)])
    return points @ rotation.T + shift


def fit_turn(field: Field, turn: Turn, *, screw: bool = False) -> tuple[float, Turn]:
    """An axis where it agrees best with the map; with `screw` also its angle and rise.

    Returns
    -------
    float
        Its correlation, times the root of its overlap.
    Turn
    """
    aside = across(turn.direction)
    near = turn.point + ((field.middle - turn.point) @ turn.direction) * turn.direction

    def changed(by: NDArray[np.float64]) -> Turn:
        tilt = Rotation.from_rotvec(np.radians(by[:2]) @ aside)
        angle, rise = turn.angle, turn.rise
        if screw:
            angle, rise = angle + by[4], rise + by[5]
        return Turn(tilt.apply(turn.direction), near + by[2:4] @ aside, angle, rise)

    farthest = max(RISE_OFF * turn.rise, LEAST_OFF)

    def score(by: NDArray[np.float64]) -> float:
        one = changed(by)
        if screw and (abs(by[4]) > TWIST_OFF or abs(by[5]) > farthest):
            return -1.0
        # Two steps tell the twist twice as well, where the molecule has as many.
        return _score(field, [one.operation, *([_twice(one)] if screw else [])])

    shift = FIRST_SHIFT * field.step
    first = [FIRST_TILT, FIRST_TILT, shift, shift]
    if screw:
        first += [FIRST_TWIST, FIRST_RISE * field.step]
    best = _maximum(score, np.array(first))
    return score(best), changed(best)


def _twice(turn: Turn) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return Turn(turn.direction, turn.point, 2 * turn.angle, 2 * turn.rise).operation


def across(direction: NDArray[np.float64]) -> NDArray[np.float64]:
    """Two unit vectors (2, 3) across a direction and each other."""
    other = np.eye(3)[np.abs(direction).argmin()]
    first = np.cross(direction, other)
    first /= np.linalg.norm(first)
    return np.array([first, np.cross(direction, first)])


def _score(
    field: Field, operations: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]
) -> float:
    """Mean over operations of correlation times the root of the overlap."""
    rotation, shift = (np.array(part) for part in zip(*operations))
    correlation, overlap = correlations(field, rotation, shift, MOST_VOXELS)
    return float(np.mean(correlation * np.sqrt(overlap)))


def _maximum(
    score: Callable[[NDArray[np.float64]], float], first: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where a score is highest, near 0; `first` are the first changes tried (Nelder & Mead 1965).
    """
    simplex = np.vstack([np.zeros(len(first)), np.diag(first)])
    options = {"initial_simplex": simplex, "maxfev": EVALUATIONS, "fatol": CLOSE, "xatol": NEAR}
    return minimize(
        lambda by: -score(by), np.zeros(len(first)), method="Nelder-Mead", options=options
    ).x


def fit_helix(fine: Field, turn: Turn) -> FoundSymmetry:
    """The helix of which an axis, a rise and a twist are nearly right."""
    _, turn = fit_turn(fine, turn, screw=True)
    rotation, shift = turn.operation
    (correlation,), _ = correlations(fine, rotation[None], shift[None])
    length = float(np.ptp(fine.positions @ turn.direction))
    most = min(int(length / max(turn.rise, LEAST_RISE)), MOST_STEPS)
    symmetry = screw_powers(rotation, shift, most)
    return FoundSymmetry(Helix(turn.rise, turn.angle), symmetry, float(correlation))


def fit_group(coarse: Field, fine: Field, kind: PointGroup, turn: Turn) -> FoundSymmetry:
    """The point group of which one axis is nearly right."""
    rotations = group_rotations(kind)
    axes, angles = _axes(rotations)
    first = int(np.abs(angles - turn.angle).argmin())
    frame = _onto(axes[first], turn.direction)
    along = (coarse.middle - turn.point) @ turn.direction
    centre = turn.point + along * turn.direction
    chosen = [first]
    aside = np.flatnonzero((angles > SPIN) & (np.abs(axes @ axes[first]) < PARALLEL))
    if len(aside):
        # Of the axes that are not the first one, that of two turns; one is enough to tell.
        second = int(aside[np.abs(angles[aside] - HALF_TURN).argmin()])
        chosen.append(second)
        frame, centre = _spun(coarse, rotations[second], frame, centre, turn)

    def placed(by: NDArray[np.float64], which: object = slice(None)) -> Symmetry:
        turned = Rotation.from_rotvec(np.radians(by[:3])).as_matrix() @ frame
        rotation = turned @ rotations[which] @ turned.T
        return Symmetry(rotation, (centre + by[3:]) - rotation @ (centre + by[3:]))

    def better(field: Field, so_far: NDArray[np.float64]) -> NDArray[np.float64]:
        def score(by: NDArray[np.float64]) -> float:
            some = placed(so_far + by, chosen)
            return _score(field, list(zip(some.rotation, some.shift)))

        shift = FIRST_SHIFT * field.step
        return so_far + _maximum(score, np.array([FIRST_TILT] * 3 + [shift] * 3))

    result = better(fine, better(coarse, np.zeros(6)))
    symmetry = placed(result)
    correlation, _ = correlations(fine, symmetry.rotation[1:], symmetry.shift[1:])
    return FoundSymmetry(kind, symmetry, float(correlation.min()))


def _axes(rotations: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Unit axes (k, 3) and degrees (k,) of rotations; of none, no axis."""
    vector = Rotation.from_matrix(rotations).as_rotvec(degrees=True)
    angle = np.linalg.norm(vector, axis=1)
    return vector / np.maximum(angle, TINY)[:, None], angle


def _onto(axis: NDArray[np.float64], direction: NDArray[np.float64]) -> NDArray[np.float64]:
    """A rotation (3, 3) that brings one unit vector onto another."""
    return Rotation.align_vectors([direction], [axis])[0].as_matrix()


def _spun(
    field: Field,
    other: NDArray[np.float64],
    frame: NDArray[np.float64],
    centre: NDArray[np.float64],
    turn: Turn,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frame and centre of a group about its first axis, by another of its rotations."""
    best = (-np.inf, frame, centre)
    for angle in np.arange(0, turn.angle, SPIN):
        spin = Rotation.from_rotvec(np.radians(angle) * turn.direction).as_matrix()
        turned = spin @ frame
        rotation = turned @ other @ turned.T
        for up in CENTRES * field.step:
            there = centre + up * turn.direction
            score = _score(field, [(rotation, there - rotation @ there)])
            if score > best[0]:
                best = (score, turned, there)
    return best[1], best[2]
