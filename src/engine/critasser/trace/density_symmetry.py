"""Find where the axes of a symmetry lie in a map, by how the density agrees with its images.

The axis is scanned for with all its shifts at once (`critasser.trace.self_correlation.scan`), on
voxels so large that few directions are enough; the best axes are then fitted on finer ones, with
all operations of the group together.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from critasser.density import Grid
from critasser.structure import Target, group_rotations
from critasser.symmetry_text import Helix, PointGroup
from critasser.trace.asymmetric_unit import most_units, units_of
from critasser.trace.axis_fitting import (
    LEAST_RISE,
    FoundSymmetry,
    across,
    fit_group,
    fit_helix,
    fit_turn,
    fitted_axes,
)
from critasser.trace.self_correlation import Field, Turn, correlations, field_of, scan

__all__ = ["GIVEN", "fit_symmetry", "search_symmetry"]

COARSE_STEPS, LEAST_COARSE = 24, 5.0
"""Voxels of a scan along the longest side of the molecule; Å, of such a voxel at least."""
FINE, LEAST_FINE = 1 / 3, 2.0
"""Of the resolution, voxels of the last fit; Å, at least."""
FITTED = 3
"""Of the best axes, those that are fitted on the last voxels, with the whole group."""
GIVEN = 0.45
"""Correlation from which a symmetry that is given is the map's."""
FOUND, FOUND_COARSE = 0.7, 0.4
"""Correlation from which a symmetry is there, on voxels of the last fit and of the scan."""
ENVELOPE_VOLUME, LEAST_ROOM = 1.5 * 1.21 * 110.0, 0.85
"""Å³ a residue of what counts as the molecule in `field_of`: 1.21 Å³ a dalton, 110 daltons, and the
rim, which makes 1.4 to 2 times as much of it in maps of 3 to 10 Å; and the share of the residues of
all units for which there must be room: by that volume a chain alone has room for 0.9 to 1.3 times
its residues, not for the 1.7 times of two units."""
PRIME_FOLDS, MOST_FOLD_SEARCHED = (2, 3, 5, 7), 24
"""Orders of axes that are scanned for; multiples of these are looked for about the same axis."""
CUBIC_FOLDS = (2, 3, 5)
"""Orders of axes of all cubic groups, the last of the icosahedral one only."""
ELONGATED = 1.3
"""Variance along the longest axis over that along the next, from which a helix is looked for."""
NEAR_AXIS = 0.98
"""Cosine of the angle between axes from which one is enough."""
CONE = ((5.0, 6), (10.0, 8))
"""Degrees off such an axis, and how many directions around it, that are tried for a helix."""
TWIST_STEP, LEAST_TWIST = 5.0, 15.0
"""Degrees between twists that are scanned, and the least: with less a map agrees with itself
anyway."""
SCAN_SHARE, SCAN_PART, AXES_SHARE = 0.6, 40, 0.7
"""Share of the time for scanning, of which each so many directions are told; and for that and the
first fits."""
FULL_TURN = 360.0


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
    angle, rise = FULL_TURN, 0.0
    if isinstance(kind, Helix):
        angle, rise = kind.twist, kind.rise
    else:
        angle /= kind.fold
    directions = scan_directions(coarse)
    screw = isinstance(kind, Helix)
    found: list[tuple[float, Turn]] = []
    for part in np.array_split(directions, max(1, len(directions) // SCAN_PART)):
        found += scan(coarse, part, angle, rise)
        tick(SCAN_SHARE * len(found) / len(directions))
    found.sort(key=lambda one: -one[0])
    # The scan knows the shift to a voxel only.
    turns = [dataclasses.replace(turn, rise=rise) for _, turn in found]
    whole = []
    for k, (_, turn) in enumerate(fitted_axes(turns, coarse, screw=screw)[:FITTED]):
        if screw:
            whole.append(fit_helix(fine, turn))
        else:
            whole.append(fit_group(coarse, fine, kind, turn))
        tick(AXES_SHARE + (1.0 - AXES_SHARE) * (k + 1) / FITTED)
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
    axes: dict[int, list[Turn]] = {}
    for k, fold in enumerate(PRIME_FOLDS):
        turns = _scanned(
            coarse, FULL_TURN / fold, 0.0,
            lambda done, k=k: tick(SCAN_SHARE * (k + done) / len(PRIME_FOLDS)),
        )  # fmt: skip
        # Of two turns there are several that differ in a dihedral group.
        most = None if fold == PRIME_FOLDS[0] else 1
        axes[fold] = [
            turn for score, turn in fitted_axes(turns, coarse)[:most]
            if score >= FOUND_COARSE and _agreement(fine, fit_turn(fine, turn)[1]) >= FOUND
        ]
    for kind, turn in _groups(axes, coarse):
        if fits(len(group_rotations(kind))):
            found = fit_group(coarse, fine, kind, turn)
            if found.correlation >= FOUND:
                return found
    return _search_helix(coarse, fine, room * most_units(target) / len(target), tick)


def _scanned(
    field: Field, angle: float, rise: float, tick: Callable[[float], None]
) -> list[Turn]:
    """Axes of a turn, best first."""
    found: list[tuple[float, Turn]] = []
    directions = scan_directions(field)
    for part in np.array_split(directions, max(1, len(directions) // SCAN_PART)):
        found += scan(field, part, angle, rise)
        tick(len(found) / len(directions))
    return [turn for _, turn in sorted(found, key=lambda one: -one[0])]


def _agreement(field: Field, turn: Turn) -> float:
    rotation, shift = turn.operation
    (correlation,), _ = correlations(field, rotation[None], shift[None])
    return float(correlation)


def _groups(axes: dict[int, list[Turn]], coarse: Field) -> Iterator[tuple[PointGroup, Turn]]:
    """Groups that axes of prime order may belong to, the largest first."""
    two, three, five = (axes[fold] for fold in CUBIC_FOLDS)
    if two and three:
        if five:
            yield PointGroup("I"), five[0]
        yield PointGroup("O"), three[0]
        yield PointGroup("T"), three[0]
    cyclic: list[tuple[int, Turn]] = []
    for fold, turn in ((fold, turn) for fold, turns in axes.items() for turn in turns):
        for more in range(MOST_FOLD_SEARCHED // fold, 0, -1):
            one = dataclasses.replace(turn, angle=FULL_TURN / (fold * more))
            if more == 1 or _agreement(coarse, one) >= FOUND_COARSE:
                cyclic.append((fold * more, one))
    cyclic.sort(key=lambda one: -one[0])
    if two:
        yield from ((PointGroup(f"D{fold}"), turn) for fold, turn in cyclic)
    yield from ((PointGroup(f"C{fold}"), turn) for fold, turn in cyclic)


def _search_helix(
    coarse: Field, fine: Field, units: float, tick: Callable[[float], None]
) -> FoundSymmetry | None:
    """A helix about an axis near one along which the molecule may go on beyond the map.

    One that has more steps than there is room for `units` is that of repeats within a chain.
    """
    tilts = [np.zeros(2)] + [
        tilt * np.array([np.cos(way), np.sin(way)]) for tilt, count in CONE
        for way in 2 * np.pi * np.arange(count) / count
    ]
    directions = np.concatenate([
        Rotation.from_rotvec(np.radians(tilts) @ across(axis)).apply(axis)
        for axis in _long_axes(coarse)
    ] or [np.zeros((0, 3))])
    twists = np.arange(TWIST_STEP, FULL_TURN + TWIST_STEP / 2, TWIST_STEP) - FULL_TURN / 2
    found: list[tuple[float, Turn]] = []
    for k, twist in enumerate(twists):
        found += scan(coarse, directions, twist, None)
        tick(SCAN_SHARE + (1.0 - SCAN_SHARE) * (k + 1) / len(twists))
    found.sort(key=lambda one: -one[0])
    rising = [_up(turn) for _, turn in found if _is_step(turn)]
    helices = []
    for score, turn in fitted_axes(rising, coarse, screw=True)[:FITTED]:
        steps = np.ptp(fine.positions @ turn.direction) / abs(turn.rise)
        if score >= FOUND_COARSE and _is_step(turn) and units >= LEAST_ROOM * steps:
            helices.append(fit_helix(fine, turn))
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
