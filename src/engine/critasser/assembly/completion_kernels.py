"""Numba kernels that grow missing stretches of a Cα chain."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from critasser.assembly.energy_kernels import look_up
from critasser.assembly.geometry_kernels import next_uniform, seed_stream

__all__ = ["grow", "mark_taken", "settle"]

BOND = 3.8
# Extent of a chain per bond beyond which no gap of more than one bond can be closed, Å.
REACH = 3.6
CLASH = 4.0
RANDOM_STEPS, AIMED_STEPS = 12, 8


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


@njit(cache=True)
def worth(field, taken, origin, voxel, x, y, z):
    """What a new Cα gains at a position: density, less where others are or beyond the box."""
    nz, ny, nx = field.shape
    gx = math.floor((x - origin[0]) / voxel[0] + 0.5)
    gy = math.floor((y - origin[1]) / voxel[1] + 0.5)
    gz = math.floor((z - origin[2]) / voxel[2] + 0.5)
    if not (0 <= gx < nx and 0 <= gy < ny and 0 <= gz < nz):
        return -3.0
    value = 2.0 * look_up(field, origin, voxel, x, y, z)
    if taken[gz, gy, gx] > 0:
        value -= 2.0
    return value


@njit(cache=True)
def grow(field, taken, free, origin, voxel, before, start, goal, after, count, closed, tries, seed):
    """Best of many random stretches of a chain.

    Parameters
    ----------
    field : (nz, ny, nx) float32
        Density, about 1 where the protein is.
    taken : (nz, ny, nx) int16
        Above 0 where other residues are.
    free : (n, 3) float64
        Predicted Cα that no residue has yet: steps towards them are always among the choices.
    origin, voxel : (3,) float64
    before, start : (3,) float64
        The two residues before the stretch; `before` NaN where there is only one.
    goal, after : (3,) float64
        The two residues behind it, likewise; not looked at unless `closed`.
    count : int
        Residues to grow, ≥ 1.
    closed : bool
        Whether the stretch has to end beside `goal`.
    tries : int
        Stretches made.
    seed : int

    Returns
    -------
    positions : (count, 3) float64
    score : float
        Mean gain of a residue.
    """
    stream = seed_stream(seed)
    best = np.zeros((count, 3))
    best_score = -1e9
    made = np.zeros((count, 3))
    choice = np.zeros((RANDOM_STEPS + AIMED_STEPS, 3))
    gain = np.zeros(RANDOM_STEPS + AIMED_STEPS)
    for _ in range(tries):
        score = 0.0
        for m in range(count):
            left = count - m
            px, py, pz = start[0], start[1], start[2]
            bx, by, bz = before[0], before[1], before[2]
            if m >= 1:
                px, py, pz = made[m - 1, 0], made[m - 1, 1], made[m - 1, 2]
                bx, by, bz = start[0], start[1], start[2]
            if m >= 2:
                bx, by, bz = made[m - 2, 0], made[m - 2, 1], made[m - 2, 2]
            closing = closed and left == 1
            if closing:
                gx, gy, gz = goal[0] - px, goal[1] - py, goal[2] - pz
                span = math.sqrt(gx * gx + gy * gy + gz * gz)
                span = max(span, 1e-3)
                gx, gy, gz = gx / span, gy / span, gz / span
                half = 0.5 * span
                radius = math.sqrt(max(0.0, BOND * BOND - half * half))
                # Two directions across.
                if abs(gx) < 0.8:
                    ux, uy, uz = 0.0, gz, -gy
                else:
                    ux, uy, uz = -gz, 0.0, gx
                size = math.sqrt(ux * ux + uy * uy + uz * uz)
                ux, uy, uz = ux / size, uy / size, uz / size
                vx, vy, vz = gy * uz - gz * uy, gz * ux - gx * uz, gx * uy - gy * ux
            aimed = 0
            if not closing:
                for f in range(free.shape[0]):
                    dx, dy, dz = free[f, 0] - px, free[f, 1] - py, free[f, 2] - pz
                    d = math.sqrt(dx * dx + dy * dy + dz * dz)
                    if aimed < AIMED_STEPS and 2.6 < d < 5.0:
                        scale = BOND / d
                        choice[aimed, 0] = px + scale * dx
                        choice[aimed, 1] = py + scale * dy
                        choice[aimed, 2] = pz + scale * dz
                        aimed += 1
            choices = RANDOM_STEPS + aimed
            for c in range(choices):
                if c < aimed:
                    x, y, z = choice[c, 0], choice[c, 1], choice[c, 2]
                elif closing:
                    angle = 2.0 * math.pi * next_uniform(stream)
                    co, si = radius * math.cos(angle), radius * math.sin(angle)
                    x = px + half * gx + co * ux + si * vx
                    y = py + half * gy + co * uy + si * vy
                    z = pz + half * gz + co * uz + si * vz
                else:
                    up = 2.0 * next_uniform(stream) - 1.0
                    angle = 2.0 * math.pi * next_uniform(stream)
                    r = math.sqrt(max(0.0, 1.0 - up * up))
                    x = px + BOND * r * math.cos(angle)
                    y = py + BOND * r * math.sin(angle)
                    z = pz + BOND * up
                choice[c, 0], choice[c, 1], choice[c, 2] = x, y, z
                value = worth(field, taken, origin, voxel, x, y, z)
                if not math.isnan(bx):
                    d = math.sqrt((x - bx) ** 2 + (y - by) ** 2 + (z - bz) ** 2)
                    if d < 5.0:
                        value -= 4.0 * (5.0 - d)
                    elif d > 7.2:
                        value -= 4.0 * (d - 7.2)
                for k in range(m - 2):
                    d = (x - made[k, 0]) ** 2 + (y - made[k, 1]) ** 2 + (z - made[k, 2]) ** 2
                    if d < CLASH * CLASH:
                        value -= 2.0
                if closed:
                    d = math.sqrt((x - goal[0]) ** 2 + (y - goal[1]) ** 2 + (z - goal[2]) ** 2)
                    far = BOND + 0.2 if left == 1 else (7.2 if left == 2 else REACH * left)
                    near = BOND - 0.2 if left == 1 else 4.5
                    if d > far:
                        value -= 6.0 * (d - far)
                    elif left <= 2 and d < near:
                        value -= 4.0 * (near - d)
                    # An even way home, so that the end is not a rush.
                    value -= 0.15 * max(0.0, d - 2.6 * left)
                    if left == 1 and not math.isnan(after[0]):
                        d = math.sqrt(
                            (x - after[0]) ** 2 + (y - after[1]) ** 2 + (z - after[2]) ** 2
                        )
                        if d < 5.0:
                            value -= 4.0 * (5.0 - d)
                        elif d > 7.2:
                            value -= 4.0 * (d - 7.2)
                gain[c] = value
            top = gain[0]
            for c in range(1, choices):
                top = max(top, gain[c])
            total = 0.0
            for c in range(choices):
                total += math.exp(2.0 * (gain[c] - top))
            pick = next_uniform(stream) * total
            chosen = 0
            while chosen < choices - 1:
                pick -= math.exp(2.0 * (gain[chosen] - top))
                if pick < 0.0:
                    break
                chosen += 1
            for k in range(3):
                made[m, k] = choice[chosen, k]
            score += gain[chosen]
        if score > best_score:
            best_score = score
            best[:] = made
    return best, best_score / count


@njit(cache=True)
def settle(positions, first, last, mobility, pairs, rounds):
    """Bring bonds, next-but-one distances and close pairs into the range of real chains.

    Parameters
    ----------
    positions : (L, 3) float64
        In place.
    first, last : (L,) int64
        Ends of each residue's chain.
    mobility : (L,) float64
        How much of a correction each residue takes, 0 for one that stays where it is.
    pairs : (m, 2) int64
        Residues, three or more apart, that may come too near to each other.
    rounds : int
    """
    n = positions.shape[0]
    for turn in range(rounds):
        # The last passes mend bonds alone, which must hold in the end.
        bonds_only = turn >= rounds * 2 // 3
        worst = 0.0
        for i in range(n - 1):
            if last[i] == i:
                continue
            off = pull(positions, mobility, i, i + 1, 3.72, 3.88, 1.0)
            worst = max(worst, off)
        if bonds_only:
            if worst < 0.1:
                break
            continue
        for i in range(n - 2):
            if i + 2 <= last[i]:
                worst = max(worst, pull(positions, mobility, i, i + 2, 4.9, 7.25, 0.5))
        for p in range(pairs.shape[0]):
            worst = max(worst, pull(positions, mobility, pairs[p, 0], pairs[p, 1], 3.9, 1e9, 0.3))
        if worst < 0.1:
            break


@njit(cache=True)
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
    if d < 1e-3:
        # Two in one place: any way apart, but always the same one.
        dx, dy, dz, d = 1e-3, 0.7e-3 * ((i % 3) - 1), 0.4e-3, 1e-3
    scale = share * off / (d * (mobility[i] + mobility[j]))
    a, b = scale * mobility[i], scale * mobility[j]
    positions[i, 0] += a * dx
    positions[i, 1] += a * dy
    positions[i, 2] += a * dz
    positions[j, 0] -= b * dx
    positions[j, 1] -= b * dy
    positions[j, 2] -= b * dz
    return abs(off)
