"""Find where the axes of a symmetry lie in a map, by how the density agrees with its images.

The axis is scanned for with all its shifts at once (`critasser.trace.self_correlation.scan`), on
voxels so large that few directions are enough; the best axes are then fitted on finer ones, with
all operations of the group together.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from critasser.density import Grid
from critasser.structure import Symmetry, Target, group_rotations, screw_powers
from critasser.symmetry_text import Helix, PointGroup
from critasser.trace.asymmetric_unit import most_units, units_of
from critasser.trace.self_correlation import Field, Turn, correlations, field_of, scan

__all__ = ["GIVEN", "FoundSymmetry", "fit_symmetry", "search_symmetry"]

COARSE_STEPS, LEAST_COARSE = 24, 5.0
"""Voxels of a scan along the longest side of the molecule; Å, of such a voxel at least."""
FINE, LEAST_FINE = 1 / 3, 2.0
"""Of the resolution, voxels of the last fit; Å, at least."""
TRIED, FITTED = 6, 3
"""Axes of the scan that are fitted on its own voxels; of these, with the whole group."""
SPIN = 4.0
"""Degrees between places of the other axes about the first."""
CENTRES = np.arange(-4, 5)
"""Voxels of the scan from the middle of the molecule along the first axis, at which axes may meet.
"""
FIRST_TILT, FIRST_SHIFT, FIRST_TWIST, FIRST_RISE = 3.0, 0.5, 2.0, 0.3
"""Degrees and voxels; the first changes that a fit tries."""
TWIST_OFF, RISE_OFF = 8.0, 0.2
"""Degrees, and share of the rise, by which a helix may differ from what it is fitted from."""
EVALUATIONS, CLOSE, NEAR = 300, 2e-4, 0.05
"""Of a fit at most; the change of its score, and that of degrees and Å, at which it ends."""
GIVEN = 0.45
"""Correlation from which a symmetry that is given is the map's."""
FOUND, FOUND_COARSE = 0.7, 0.4
"""Correlation from which a symmetry is there, on voxels of the last fit and of the scan."""
ENVELOPE_VOLUME, LEAST_ROOM = 1.5 * 1.21 * 110.0, 0.7
"""Å³ a residue of what counts as the molecule in `field_of`: 1.21 Å³ a dalton, 110 daltons, and the
rim, which makes 1.4 to 2 times as much of it in maps of 3 to 10 Å; and the share of the residues of
all units for which there must be room."""
PRIME_FOLDS, MOST_FOLD_SEARCHED = (2, 3, 5, 7), 24
"""Orders of axes that are scanned for; multiples of these are looked for about the same axis."""
SEARCH_SHARES = (0.5, 0.6)
ELONGATED = 1.3
"""Variance along the longest axis over that along the next, from which a helix is looked for."""
NEAR_AXIS = 0.98
"""Cosine of the angle between axes from which one is enough."""
CONE = ((5.0, 6), (10.0, 8))
TWIST_STEP, LEAST_TWIST, LEAST_RISE = 5.0, 15.0, 1.0
MOST_VOXELS = 20_000
"""That are compared in a fit."""


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


def coarse_field(grid: Grid) -> Field:
    """Detail of a map on the voxels of a scan."""
    longest = max(n * s for n, s in zip(grid.shape, grid.voxel_size[::-1]))
    return field_of(grid, max(LEAST_COARSE, longest / COARSE_STEPS))


def fine_field(grid: Grid, resolution: float) -> Field:
    """Detail of a map on the voxels of the last fit."""
    return field_of(grid, max(LEAST_FINE, FINE * resolution))


def scan_directions(field: Field) -> NDArray[np.float64]:
    """Directions (k, 3) of half a sphere, so near that one is within a voxel of any axis.

    Two that are as far apart as a voxel seen at the molecule's radius; on a spiral by the golden
    angle.
    """
    count = int(np.ceil(2 * np.pi * (field.radius / field.step) ** 2))
    k = np.arange(max(count, 2)) + 0.5
    up = k / len(k)
    round_, out = np.pi * (1 + np.sqrt(5)) * k, np.sqrt(1 - up**2)
    return np.column_stack([out * np.cos(round_), out * np.sin(round_), up])


def fit_symmetry(
    grid: Grid,
    resolution: float,
    kind: PointGroup | Helix,
    tick: Callable[[float], None] = lambda done: None,
) -> FoundSymmetry | None:
    """Where a symmetry that is given lies in a map.

    Parameters
    ----------
    grid : Grid
        On the scale of `normalise`.
    resolution : float
        Å.
    kind : PointGroup or Helix
    tick : callable
        Told the fraction done; may raise.

    Returns
    -------
    FoundSymmetry or None
        None where the map has no detail to compare.
    """
    coarse, fine = coarse_field(grid), fine_field(grid, resolution)
    if not len(coarse.values) or not len(fine.values):
        return None
    angle, rise = 360.0, 0.0
    if isinstance(kind, Helix):
        angle, rise = kind.twist, kind.rise
    else:
        angle /= kind.fold
    directions = scan_directions(coarse)
    screw = isinstance(kind, Helix)
    found: list[tuple[float, Turn]] = []
    for part in np.array_split(directions, max(1, len(directions) // 40)):
        found += scan(coarse, part, angle, rise)
        tick(0.6 * len(found) / len(directions))
    found.sort(key=lambda one: -one[0])
    # The scan knows the shift to a voxel only.
    turns = [dataclasses.replace(turn, rise=rise) for _, turn in found]
    whole = []
    for k, (_, turn) in enumerate(_fitted_axes(turns, coarse, screw=screw)[:FITTED]):
        if screw:
            whole.append(_fit_helix(fine, turn))
        else:
            whole.append(fit_group(coarse, fine, kind, turn))
        tick(0.7 + 0.3 * (k + 1) / FITTED)
    return max(whole, key=lambda one: one.correlation, default=None)


def search_symmetry(
    grid: Grid,
    resolution: float,
    target: Target,
    tick: Callable[[float], None] = lambda done: None,
) -> FoundSymmetry | None:
    """The largest symmetry that a map has, of those that are told by the density alone.

    Parameters
    ----------
    grid : Grid
        On the scale of `normalise`.
    resolution : float
        Å.
    target : Target
        Chains of one unit, or of several. Symmetries with more units than the map has room for are
        those of repeats within a chain.
    tick : callable
        Told the fraction done; may raise.

    Returns
    -------
    FoundSymmetry or None
        A point group, or where there is none a helix; None where the map agrees with none of its
        images as well as what has a symmetry does.
    """
    coarse, fine = coarse_field(grid), fine_field(grid, resolution)
    room = len(fine.values) * fine.step**3 / ENVELOPE_VOLUME

    def fits(units: int) -> bool:
        return room >= LEAST_ROOM * units * len(target) / units_of(target, units)

    least = 2 * LEAST_ROOM * len(target) / most_units(target)
    if not len(coarse.values) or not len(fine.values) or room < least:
        return None
    axes: dict[int, Turn] = {}
    for k, fold in enumerate(PRIME_FOLDS):
        turns = _scanned(coarse, 360 / fold, 0.0)
        for score, turn in _fitted_axes(turns, coarse)[:FITTED]:
            if score >= FOUND_COARSE and _agreement(fine, fit_turn(fine, turn)[1]) >= FOUND:
                axes[fold] = turn
                break
        tick(SEARCH_SHARES[0] * (k + 1) / len(PRIME_FOLDS))
    tick(SEARCH_SHARES[1])
    for kind, turn in _groups(axes, coarse):
        if fits(len(group_rotations(kind))):
            found = fit_group(coarse, fine, kind, turn)
            if found.correlation >= FOUND:
                return found
    return _search_helix(coarse, fine)


def _scanned(field: Field, angle: float, rise: float | None) -> list[Turn]:
    found = scan(field, scan_directions(field), angle, rise)
    return [turn for _, turn in sorted(found, key=lambda one: -one[0])]


def _agreement(field: Field, turn: Turn) -> float:
    rotation, shift = turn.operation
    (correlation,), _ = correlations(field, rotation[None], shift[None])
    return float(correlation)


def _groups(axes: dict[int, Turn], coarse: Field) -> Iterator[tuple[PointGroup, Turn]]:
    """Groups that axes of prime order may belong to, the largest first."""
    if {2, 3} <= set(axes):
        if 5 in axes:
            yield PointGroup("I"), axes[5]
        yield PointGroup("O"), dataclasses.replace(axes[2], angle=90.0)
        yield PointGroup("T"), axes[3]
    cyclic: list[tuple[int, Turn]] = []
    for fold, turn in axes.items():
        for more in range(MOST_FOLD_SEARCHED // fold, 0, -1):
            one = dataclasses.replace(turn, angle=360 / (fold * more))
            if more == 1 or _agreement(coarse, one) >= FOUND_COARSE:
                cyclic.append((fold * more, one))
    cyclic.sort(key=lambda one: -one[0])
    if 2 in axes:
        yield from ((PointGroup(f"D{fold}"), turn) for fold, turn in cyclic)
    yield from ((PointGroup(f"C{fold}"), turn) for fold, turn in cyclic)


def _search_helix(coarse: Field, fine: Field) -> FoundSymmetry | None:
    """A helix about an axis near one along which the molecule may go on beyond the map."""
    tilts = [np.zeros(2)] + [
        tilt * np.array([np.cos(way), np.sin(way)]) for tilt, count in CONE
        for way in 2 * np.pi * np.arange(count) / count
    ]
    directions = np.concatenate([
        Rotation.from_rotvec(np.radians(tilts) @ _across(axis)).apply(axis)
        for axis in _long_axes(coarse)
    ] or [np.zeros((0, 3))])
    twists = np.arange(-180 + TWIST_STEP, 180 + TWIST_STEP / 2, TWIST_STEP)
    found = [one for twist in twists for one in scan(coarse, directions, twist, None)]
    found.sort(key=lambda one: -one[0])
    rising = [_up(turn) for _, turn in found if _is_step(turn)]
    helices = []
    for score, turn in _fitted_axes(rising, coarse, screw=True)[:FITTED]:
        if score >= FOUND_COARSE and _is_step(turn):
            helices.append(_fit_helix(fine, turn))
    # Two steps agree as well as one.
    true = [one for one in helices if one.correlation >= FOUND]
    return min(true, key=lambda one: one.kind.rise, default=None)


def _long_axes(field: Field) -> list[NDArray[np.float64]]:
    """The longest axis of the molecule if it is long, and those of the map that it reaches along
    from end to end."""
    variance, axes = np.linalg.eigh(np.cov((field.positions - field.middle).T))
    found = [axes[:, 2]] if variance[2] >= ELONGATED * variance[1] else []
    for k, own in enumerate(np.eye(3)):
        ends = np.take(field.inside, [0, -1], axis=2 - k)
        through = all(np.take(ends, end, axis=2 - k).any() for end in (0, 1))
        if through and all(abs(own @ other) < NEAR_AXIS for other in found):
            found.append(own)
    return found


def _is_step(turn: Turn) -> bool:
    """Whether this is no mere turn, and not nearly nothing."""
    return abs(turn.rise) >= LEAST_RISE and abs(turn.angle) >= LEAST_TWIST


def _up(turn: Turn) -> Turn:
    """The operation, or what undoes it: that which rises along its direction."""
    if turn.rise >= 0:
        return turn
    return dataclasses.replace(turn, angle=-turn.angle, rise=-turn.rise)


def _fitted_axes(
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
    across = _across(turn.direction)
    near = turn.point + ((field.middle - turn.point) @ turn.direction) * turn.direction

    def changed(by: NDArray[np.float64]) -> Turn:
        tilt = Rotation.from_rotvec(np.radians(by[:2]) @ across)
        angle, rise = turn.angle, turn.rise
        if screw:
            angle, rise = angle + by[4], rise + by[5]
        return Turn(tilt.apply(turn.direction), near + by[2:4] @ across, angle, rise)

    def score(by: NDArray[np.float64]) -> float:
        one = changed(by)
        if screw and not (abs(by[4]) <= TWIST_OFF and abs(by[5]) <= max(RISE_OFF * turn.rise, 1.0)):
            return -1.0  # the map agrees best with itself where it is
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


def _across(direction: NDArray[np.float64]) -> NDArray[np.float64]:
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


def _fit_helix(fine: Field, turn: Turn) -> FoundSymmetry:
    """The helix of which an axis, a rise and a twist are nearly right."""
    _, turn = fit_turn(fine, turn, screw=True)
    rotation, shift = turn.operation
    (correlation,), _ = correlations(fine, rotation[None], shift[None])
    length = float(np.ptp(fine.positions @ turn.direction))
    most = int(length / max(turn.rise, LEAST_RISE))
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
        second = int(aside[np.abs(angles[aside] - 180).argmin()])
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


PARALLEL = 0.99
"""Cosine of the angle between axes from which they are one."""


def _axes(rotations: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Unit axes (k, 3) and degrees (k,) of rotations; of none, no axis."""
    vector = Rotation.from_matrix(rotations).as_rotvec(degrees=True)
    angle = np.linalg.norm(vector, axis=1)
    return vector / np.maximum(angle, 1.0)[:, None], angle


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
