"""Numba kernels that grow missing stretches of a Cα chain, and settle whole chains."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from critasser.assembly.place_kernels import look_up
from critasser.assembly.random_kernels import next_uniform, seed_stream
from critasser.structure.compilation import within_kernels
from critasser.structure.geometry import (
    ASSEMBLED_SECOND_NEIGHBOURS,
    CALPHA_BOND,
    CIS_SECOND_NEIGHBOURS_NEARER,
    GROWN_NEAREST,
    GROWN_REACH,
    GROWN_SECOND_NEIGHBOURS,
    SETTLED_NEAREST,
)

__all__ = ["Gap", "Surroundings", "grow", "mark_taken", "settle"]

RANDOM_STEPS, AIMED_STEPS = 12, 8
"""Choices for the next Cα: in any direction, and towards predicted Cα at most."""

AIMED_FROM, AIMED_TO = 2.6, 5.0
"""Å to a predicted Cα that may be the next one of the chain, whose own error is about 0.5 Å."""

# Gains and losses of a new Cα, half of what it gains in the middle of its density being the unit;
# choices are drawn by `SHARPNESS`.
DENSITY_GAIN = 2.0
"""Where the guide's field is 1."""

OUTSIDE = -3.0
"""Beyond the map."""

TAKEN_LOSS = 2.0
"""Where other residues are."""

BENT_LOSS = 4.0
"""For each Å that second neighbours are too near or too far."""

CLASH_LOSS = 2.0
"""For each residue of the stretch that is nearer than `GROWN_NEAREST`."""

FAR_LOSS, NEAR_LOSS = 6.0, 4.0
"""For each Å beyond which the goal is out of reach, or too near for the residues left."""

LATE_LOSS, EVEN_STEP = 0.15, 2.6
"""For each Å more than 2.6 Å a residue left to the goal: an even way home, so that the end is not a
rush."""

LAST_SLACK = 0.2
"""Å off 3.8 Å at which the last residue may be bonded to the goal."""

NEAREST_BEFORE_LAST = 4.5
"""Å to the goal, at least, for the last residue but one."""

SHARPNESS = 2.0
"""Inverse temperature at which a choice is drawn by its gain."""

NOTHING_YET = -1e9
"""A score below any stretch's."""

NO_LENGTH = 1e-3
"""Å; a vector shorter than this has no direction."""

NEARLY_ALONG = 0.8
"""Cosine with the x axis above which the y axis is the safer partner of a cross product."""

# Settling.
SETTLED_BOND, SETTLED_CIS_BOND = (3.72, 3.88), (2.87, 3.03)
"""Å; bonds of trans and of cis peptides that are left as they are: within 0.08 Å of the usual."""

SECOND_SHARE, CONTACT_SHARE = 0.5, 0.3
"""Of what is off, how much one pass mends, for second neighbours and close pairs."""

WELL = 0.1
"""Å that anything may be off in the end."""

BONDS_ONLY = (2, 3)
"""After two thirds of the passes only bonds, which must hold in the end, are mended."""

NO_LIMIT = 1e9
"""Å; as far as one likes."""

PARTED = (1e-3, 0.7e-3, 0.4e-3)
"""Å along x, y, z by which two residues in one place part: any way, but always the same one."""


class Surroundings(NamedTuple):
    """What a stretch grows through."""

    field: np.ndarray  # (nz, ny, nx) float32, about 1 where the protein is
    taken: np.ndarray  # (nz, ny, nx) int16, above 0 where other residues are
    free: np.ndarray  # (n, 3) predicted Cα that no residue has yet: always among the choices
    origin: np.ndarray  # (3,) x, y, z in Å
    voxel: np.ndarray  # (3,)


class Gap(NamedTuple):
    """Residues around a missing stretch; positions (3,) in Å, NaN where there is none."""

    before: np.ndarray  # second residue before the stretch
    start: np.ndarray  # the one before it
    goal: np.ndarray  # the one behind it; not looked at unless closed
    after: np.ndarray  # second behind it
    count: int  # residues to grow, ≥ 1
    closed: bool  # whether the stretch has to end beside `goal`


@njit(cache=True)
def mark_taken(taken, origin, voxel, positions, radius, amount):
    """Add `amount` to voxels (nz, ny, nx) int16 within a radius of positions (n, 3)."""
    nz, ny, nx = taken.shape
    for p in range(positions.shape[0]):
        low, high = np.empty(3, dtype=np.int64), np.empty(3, dtype=np.int64)
        size = (nx, ny, nz)
        for k in range(3):
            at = (positions[p, k] - origin[k]) / voxel[k]
            low[k] = max(0, math.ceil(at - radius / voxel[k]))
            high[k] = min(size[k] - 1, math.floor(at + radius / voxel[k]))
        for z in range(low[2], high[2] + 1):
            for y in range(low[1], high[1] + 1):
                for x in range(low[0], high[0] + 1):
                    d = (
                        (origin[0] + x * voxel[0] - positions[p, 0]) ** 2
                        + (origin[1] + y * voxel[1] - positions[p, 1]) ** 2
                        + (origin[2] + z * voxel[2] - positions[p, 2]) ** 2
                    )
                    if d <= radius * radius:
                        taken[z, y, x] += amount


@within_kernels
def worth(around, x, y, z):
    """What a new Cα gains at a position: density, less where others are or beyond the box."""
    origin, voxel = around.origin, around.voxel
    nz, ny, nx = around.field.shape
    gx = math.floor((x - origin[0]) / voxel[0] + 0.5)
    gy = math.floor((y - origin[1]) / voxel[1] + 0.5)
    gz = math.floor((z - origin[2]) / voxel[2] + 0.5)
    if not (0 <= gx < nx and 0 <= gy < ny and 0 <= gz < nz):
        return OUTSIDE
    value = DENSITY_GAIN * look_up(around.field, origin, voxel, x, y, z)
    if around.taken[gz, gy, gx] > 0:
        value -= TAKEN_LOSS
    return value


@within_kernels
def separation(choice, c, other):
    """Distance of row c of `choice` (k, 3) from a position (3,)."""
    x, y, z = choice[c, 0], choice[c, 1], choice[c, 2]
    return math.sqrt((x - other[0]) ** 2 + (y - other[1]) ** 2 + (z - other[2]) ** 2)


@within_kernels
def bent_loss(distance):
    """Loss of second neighbours that are nearer or farther than a chain's."""
    nearest, farthest = GROWN_SECOND_NEIGHBOURS
    if distance < nearest:
        return BENT_LOSS * (nearest - distance)
    if distance > farthest:
        return BENT_LOSS * (distance - farthest)
    return 0.0


@within_kernels
def aimed_steps(free, here, choice):
    """Steps of a bond's length towards free predicted Cα, into `choice`; returns how many."""
    aimed = 0
    for f in range(free.shape[0]):
        dx, dy, dz = free[f, 0] - here[0], free[f, 1] - here[1], free[f, 2] - here[2]
        d = math.sqrt(dx * dx + dy * dy + dz * dz)
        if aimed < AIMED_STEPS and AIMED_FROM < d < AIMED_TO:
            scale = CALPHA_BOND / d
            choice[aimed, 0] = here[0] + scale * dx
            choice[aimed, 1] = here[1] + scale * dy
            choice[aimed, 2] = here[2] + scale * dz
            aimed += 1
    return aimed


@within_kernels
def random_steps(here, begin, stream, choice):
    """`RANDOM_STEPS` steps of a bond's length in any direction, into `choice` from row `begin`."""
    for c in range(begin, begin + RANDOM_STEPS):
        up = 2.0 * next_uniform(stream) - 1.0
        angle = 2.0 * math.pi * next_uniform(stream)
        r = math.sqrt(max(0.0, 1.0 - up * up))
        choice[c, 0] = here[0] + CALPHA_BOND * r * math.cos(angle)
        choice[c, 1] = here[1] + CALPHA_BOND * r * math.sin(angle)
        choice[c, 2] = here[2] + CALPHA_BOND * up


@within_kernels
def closing_steps(here, goal, stream, choice):
    """`RANDOM_STEPS` places a bond's length from both neighbours, on a circle, into `choice`."""
    px, py, pz = here[0], here[1], here[2]
    gx, gy, gz = goal[0] - px, goal[1] - py, goal[2] - pz
    span = math.sqrt(gx * gx + gy * gy + gz * gz)
    span = max(span, NO_LENGTH)
    gx, gy, gz = gx / span, gy / span, gz / span
    half = 0.5 * span
    radius = math.sqrt(max(0.0, CALPHA_BOND * CALPHA_BOND - half * half))
    # Two directions across.
    if abs(gx) < NEARLY_ALONG:
        ux, uy, uz = 0.0, gz, -gy
    else:
        ux, uy, uz = -gz, 0.0, gx
    size = math.sqrt(ux * ux + uy * uy + uz * uz)
    ux, uy, uz = ux / size, uy / size, uz / size
    vx, vy, vz = gy * uz - gz * uy, gz * ux - gx * uz, gx * uy - gy * ux
    for c in range(RANDOM_STEPS):
        angle = 2.0 * math.pi * next_uniform(stream)
        co, si = radius * math.cos(angle), radius * math.sin(angle)
        choice[c, 0] = px + half * gx + co * ux + si * vx
        choice[c, 1] = py + half * gy + co * uy + si * vy
        choice[c, 2] = pz + half * gz + co * uz + si * vz


@within_kernels
def less_way_home(value, choice, c, left, goal, after):
    """A choice's gain less what its way to the goal costs, `left` residues from it."""
    d = separation(choice, c, goal)
    far, near = GROWN_REACH * left, NEAREST_BEFORE_LAST
    if left == 1:
        far, near = CALPHA_BOND + LAST_SLACK, CALPHA_BOND - LAST_SLACK
    elif left == 2:
        far = GROWN_SECOND_NEIGHBOURS[1]
    if d > far:
        value -= FAR_LOSS * (d - far)
    elif left <= 2 and d < near:
        value -= NEAR_LOSS * (near - d)
    value -= LATE_LOSS * max(0.0, d - EVEN_STEP * left)
    if left == 1 and not math.isnan(after[0]):
        value -= bent_loss(separation(choice, c, after))
    return value


@within_kernels
def gain_of(around, gap, choice, c, made, m, before):
    """What choice c gains as residue m of the stretch, of which m are made."""
    value = worth(around, choice[c, 0], choice[c, 1], choice[c, 2])
    if not math.isnan(before[0]):
        value -= bent_loss(separation(choice, c, before))
    for k in range(m - 2):
        x, y, z = choice[c, 0] - made[k, 0], choice[c, 1] - made[k, 1], choice[c, 2] - made[k, 2]
        if x**2 + y**2 + z**2 < GROWN_NEAREST * GROWN_NEAREST:
            value -= CLASH_LOSS
    if gap.closed:
        value = less_way_home(value, choice, c, gap.count - m, gap.goal, gap.after)
    return value


@within_kernels
def drawn(gain, choices, stream):
    """One of the choices, by Boltzmann's law of their gains."""
    top = gain[0]
    for c in range(1, choices):
        top = max(top, gain[c])
    total = 0.0
    for c in range(choices):
        total += math.exp(SHARPNESS * (gain[c] - top))
    pick = next_uniform(stream) * total
    chosen = 0
    while chosen < choices - 1:
        pick -= math.exp(SHARPNESS * (gain[chosen] - top))
        if pick < 0.0:
            break
        chosen += 1
    return chosen


@njit(cache=True)
def grow(around, gap, tries, seed):
    """Best of many random stretches of a chain.

    Parameters
    ----------
    around : Surroundings
    gap : Gap
    tries : int
        Stretches made.
    seed : int

    Returns
    -------
    positions : (count, 3) float64
    score : float
        Mean gain of a residue.
    """
    count = gap.count
    stream = seed_stream(seed)
    best, made = np.zeros((count, 3)), np.zeros((count, 3))
    best_score = NOTHING_YET
    choice = np.zeros((RANDOM_STEPS + AIMED_STEPS, 3))
    gain = np.zeros(RANDOM_STEPS + AIMED_STEPS)
    for _ in range(tries):
        score = 0.0
        for m in range(count):
            here = made[m - 1] if m >= 1 else gap.start
            before = made[m - 2] if m >= 2 else (gap.start if m == 1 else gap.before)
            aimed = 0
            if gap.closed and m == count - 1:
                closing_steps(here, gap.goal, stream, choice)
            else:
                aimed = aimed_steps(around.free, here, choice)
                random_steps(here, aimed, stream, choice)
            choices = RANDOM_STEPS + aimed
            for c in range(choices):
                gain[c] = gain_of(around, gap, choice, c, made, m, before)
            chosen = drawn(gain, choices, stream)
            for k in range(3):
                made[m, k] = choice[chosen, k]
            score += gain[chosen]
        if score > best_score:
            best_score = score
            # One by one: a whole array at once takes seconds to compile.
            for i in range(count):
                for k in range(3):
                    best[i, k] = made[i, k]
    return best, best_score / count


@njit(cache=True)
def settle(positions, first, last, cis, mobility, pairs, rounds):
    """Bring bonds, next-but-one distances and close pairs into the range of real chains.

    Parameters
    ----------
    positions : (L, 3) float64
        In place.
    first, last : (L,) int64
        Ends of each residue's chain.
    cis : (L,) bool
        Whether the peptide to the next residue is cis.
    mobility : (L,) float64
        How much of a correction each residue takes, 0 for one that stays where it is.
    pairs : (m, 2) int64
        Residues, three or more apart, that may come too near to each other.
    rounds : int
    """
    n = positions.shape[0]
    nearest, farthest = ASSEMBLED_SECOND_NEIGHBOURS
    for turn in range(rounds):
        bonds_only = turn >= rounds * BONDS_ONLY[0] // BONDS_ONLY[1]
        worst = 0.0
        for i in range(n - 1):
            if last[i] == i:
                continue
            shortest, longest = SETTLED_CIS_BOND if cis[i] else SETTLED_BOND
            worst = max(worst, pull(positions, mobility, i, i + 1, shortest, longest, 1.0))
        if bonds_only:
            if worst < WELL:
                break
            continue
        for i in range(n - 2):
            if i + 2 <= last[i]:
                near = nearest
                if cis[i] or cis[i + 1]:
                    near -= CIS_SECOND_NEIGHBOURS_NEARER
                off = pull(positions, mobility, i, i + 2, near, farthest, SECOND_SHARE)
                worst = max(worst, off)
        for p in range(pairs.shape[0]):
            i, j = pairs[p, 0], pairs[p, 1]
            off = pull(positions, mobility, i, j, SETTLED_NEAREST, NO_LIMIT, CONTACT_SHARE)
            worst = max(worst, off)
        if worst < WELL:
            break


@within_kernels
def pull(positions, mobility, i, j, low, high, share):
    """Move two residues towards a distance in low … high; returns how far off they were, 0 where
    neither may move."""
    if mobility[i] + mobility[j] <= 0.0:
        return 0.0
    dx = positions[j, 0] - positions[i, 0]
    dy = positions[j, 1] - positions[i, 1]
    dz = positions[j, 2] - positions[i, 2]
    d = math.sqrt(dx * dx + dy * dy + dz * dz)
    if low <= d <= high:
        return 0.0
    off = d - (low if d < low else high)
    if d < NO_LENGTH:
        dx, dy, dz, d = PARTED[0], PARTED[1] * ((i % 3) - 1), PARTED[2], PARTED[0]
    scale = share * off / (d * (mobility[i] + mobility[j]))
    a, b = scale * mobility[i], scale * mobility[j]
    positions[i, 0] += a * dx
    positions[i, 1] += a * dy
    positions[i, 2] += a * dz
    positions[j, 0] -= b * dx
    positions[j, 1] -= b * dy
    positions[j, 2] -= b * dz
    return abs(off)
