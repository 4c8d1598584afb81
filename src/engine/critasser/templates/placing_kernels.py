"""Numba kernels that superpose one Cα set on another whose order is unknown."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from critasser.structure.compilation import within_kernels
from critasser.structure.kernels import kabsch_kernel

__all__ = ["Landscape", "Shell", "grow", "mark_nearest", "place_triple", "shell_neighbours"]

# Placings are judged point by point and given up early.
BEST_WORTH = 0.9
"""What a point can still be worth, on average, in a good placing."""

FIRST_LOOK, FIRST_LEAST = 12, 4.2
SECOND_LOOK, SECOND_LEAST = 24, 9.6
"""Points after which a placing must be worth more than so much: one at random inside the molecule
is worth 0.3 a point."""

NO_LENGTH = 1e-9
"""Å; a vector shorter than this has no direction."""

# Placings that fit grow.
FIRST_RADIUS = 15.0
"""Å around the triangle within which the first round superposes."""

LAST_ROUNDS = 4.0
"""Rounds, about, that superpose all points."""

FEWEST_PAIRS = 4
"""Pairs that a superposition needs."""


class Shell(NamedTuple):
    """Neighbours of each of m points within a shell, compressed rows."""

    start: np.ndarray  # (m + 1,) int64
    index: np.ndarray  # (p,) int32
    distance: np.ndarray  # (p,) float32, Å


class Landscape(NamedTuple):
    """What a point at each 1 Å voxel is near to, and worth."""

    origin: np.ndarray  # (3,) x, y, z of the first voxel, Å
    nearest: np.ndarray  # (nz, ny, nx) int32, index of the nearest fixed point or −1
    worth: np.ndarray  # (nz, ny, nx) float32, 0 … 1


class Triangle(NamedTuple):
    """Three points, and those around them by which a placing is judged, in its own axes."""

    sides: np.ndarray  # (3,) lengths ab, ac, bc, Å
    centre: np.ndarray  # (3,)
    frame: np.ndarray  # (3, 3) axes as rows
    local: np.ndarray  # (k, 3)


@njit(cache=True)
def mark_nearest(points, origin, shape, reach):
    """Index (nz, ny, nx) int32 of the point nearest to each 1 Å voxel, −1 beyond `reach` Å.

    Parameters
    ----------
    points : (m, 3) float64
        x, y, z.
    origin : (3,) float64
        x, y, z of the first voxel's centre.
    shape : (3,) int
        nz, ny, nx.

    Returns
    -------
    nearest : (nz, ny, nx) int32
    distance : (nz, ny, nx) float32
    """
    nearest = np.full(shape, -1, dtype=np.int32)
    distance = np.full(shape, np.float32(np.inf), dtype=np.float32)
    for p in range(points.shape[0]):
        x = points[p, 0] - origin[0]
        y = points[p, 1] - origin[1]
        z = points[p, 2] - origin[2]
        for k in range(max(0, math.ceil(z - reach)), min(shape[0] - 1, math.floor(z + reach)) + 1):
            for j in range(
                max(0, math.ceil(y - reach)), min(shape[1] - 1, math.floor(y + reach)) + 1
            ):
                for i in range(
                    max(0, math.ceil(x - reach)), min(shape[2] - 1, math.floor(x + reach)) + 1
                ):
                    d = math.sqrt((k - z) ** 2 + (j - y) ** 2 + (i - x) ** 2)
                    if d <= reach and d < distance[k, j, i]:
                        distance[k, j, i] = d
                        nearest[k, j, i] = p
    return nearest, distance


@njit(cache=True)
def shell_neighbours(points, shortest, longest):
    """Neighbours (`Shell`) of each point (m, 3) between two distances in Å."""
    m = points.shape[0]
    start = np.zeros(m + 1, dtype=np.int64)
    for counting in range(2):
        if counting == 1:
            index = np.empty(start[m], dtype=np.int32)
            distance = np.empty(start[m], dtype=np.float32)
        at = 0
        for i in range(m):
            for j in range(m):
                if i == j:
                    continue
                d = 0.0
                for k in range(3):
                    d += (points[i, k] - points[j, k]) ** 2
                if shortest * shortest <= d <= longest * longest:
                    if counting == 1:
                        index[at] = j
                        distance[at] = math.sqrt(d)
                    at += 1
            start[i + 1] = at
    return Shell(start, index, distance)


@within_kernels
def _frame(a, b, c):
    """Right-handed axes (3, 3) as rows, of a triangle; first along a → b."""
    frame = np.empty((3, 3))
    ab = b - a
    ac = c - a
    frame[0] = ab / math.sqrt(np.sum(ab * ab))
    across = ac - np.sum(ac * frame[0]) * frame[0]
    frame[1] = across / max(math.sqrt(np.sum(across * across)), NO_LENGTH)
    frame[2, 0] = frame[0, 1] * frame[1, 2] - frame[0, 2] * frame[1, 1]
    frame[2, 1] = frame[0, 2] * frame[1, 0] - frame[0, 0] * frame[1, 2]
    frame[2, 2] = frame[0, 0] * frame[1, 1] - frame[0, 1] * frame[1, 0]
    return frame


@within_kernels
def _triangle(moving, triple, local):
    """`Triangle` of three points, and of others around them."""
    a, b, c = moving[triple[0]], moving[triple[1]], moving[triple[2]]
    sides = np.empty(3)
    sides[0] = math.sqrt(np.sum((a - b) ** 2))
    sides[1] = math.sqrt(np.sum((a - c) ** 2))
    sides[2] = math.sqrt(np.sum((b - c) ** 2))
    centre = (a + b + c) / 3.0
    frame = _frame(a, b, c)
    own = np.empty((local.shape[0], 3))
    for p in range(local.shape[0]):
        for k in range(3):
            own[p, k] = 0.0
            for q in range(3):
                own[p, k] += frame[k, q] * (moving[local[p], q] - centre[q])
    return Triangle(sides, centre, frame, own)


@within_kernels
def _judged(axes, there, local, worth, least):
    """Mean worth of local points (k, 3) in a placing; −1 where it was given up.

    Parameters
    ----------
    axes : (3, 3) float64
        The triangle's axes in the map, as rows.
    there : (3,) float64
        Its centre from the first voxel, Å.
    local : (k, 3) float64
    worth : (nz, ny, nx) float32
    least : float
        What the mean must exceed.
    """
    count = local.shape[0]
    nz, ny, nx = worth.shape
    total = 0.0
    for s in range(count):
        x = there[0] + 0.5
        y = there[1] + 0.5
        z = there[2] + 0.5
        for k in range(3):
            x += axes[k, 0] * local[s, k]
            y += axes[k, 1] * local[s, k]
            z += axes[k, 2] * local[s, k]
        seen = s + 1
        if 0 <= x < nx and 0 <= y < ny and 0 <= z < nz:
            total += worth[int(z), int(y), int(x)]
        # Even if all others were good this would not be kept; or it is no better than chance.
        hopeless = total + BEST_WORTH * (count - seen) < least * count
        chance = (seen == FIRST_LOOK and total < FIRST_LEAST) or (
            seen == SECOND_LOOK and total < SECOND_LEAST
        )
        if hopeless or chance:
            return total / count if seen == count else -1.0
    return total / count


@njit(cache=True)
def place_triple(moving, triple, local, fixed, shell, tolerance, landscape, keep):
    """Lay three points on all triples of alike distances; keep the best by their surroundings.

    Parameters
    ----------
    moving : (n, 3) float64
    triple : (3,) int64
        Indices into `moving`.
    local : (k,) int64
        Points around the triple by which a placing is judged, in the order of judging.
    fixed : (m, 3) float64
    shell : Shell
        Of `fixed`.
    tolerance : float
        Å by which distances may differ.
    landscape : Landscape
        Of `fixed`.
    keep : int

    Returns
    -------
    scores : (keep,) float64
        Mean worth of the local points, best first; −1 where there were fewer placings.
    rotations : (keep, 3, 3), translations : (keep, 3)
    """
    triangle = _triangle(moving, triple, local)
    frame, centre = triangle.frame, triangle.centre
    d_ab, d_ac, d_bc = triangle.sides[0], triangle.sides[1], triangle.sides[2]
    origin, start, index, distance = landscape.origin, shell.start, shell.index, shell.distance
    scores = np.full(keep, -1.0)
    rotations = np.zeros((keep, 3, 3))
    translations = np.zeros((keep, 3))
    lowest = 0
    there = np.empty(3)
    for j in range(fixed.shape[0]):
        for p in range(start[j], start[j + 1]):
            if abs(distance[p] - d_ab) > tolerance:
                continue
            jb = index[p]
            for q in range(start[j], start[j + 1]):
                if abs(distance[q] - d_ac) > tolerance:
                    continue
                jc = index[q]
                apart = 0.0
                for k in range(3):
                    apart += (fixed[jb, k] - fixed[jc, k]) ** 2
                if abs(math.sqrt(apart) - d_bc) > tolerance:
                    continue
                axes = _frame(fixed[j], fixed[jb], fixed[jc])
                for k in range(3):
                    there[k] = (fixed[j, k] + fixed[jb, k] + fixed[jc, k]) / 3.0 - origin[k]
                score = _judged(axes, there, triangle.local, landscape.worth, scores[lowest])
                if score <= scores[lowest]:
                    continue
                scores[lowest] = score
                for k in range(3):
                    for r in range(3):
                        rotations[lowest, k, r] = 0.0
                        for s in range(3):
                            rotations[lowest, k, r] += axes[s, k] * frame[s, r]
                for k in range(3):
                    translations[lowest, k] = there[k] + origin[k]
                    for r in range(3):
                        translations[lowest, k] -= rotations[lowest, k, r] * centre[r]
                lowest = int(np.argmin(scores))
    order = np.argsort(-scores)
    return scores[order], rotations[order], translations[order]


@within_kernels
def _partners(moving, rotation, translation, fixed, landscape, cutoff, partner, apart):
    """Write the partner (n,) of each placed point, −1 beyond `cutoff` Å, and its distance (n,)."""
    nz, ny, nx = landscape.nearest.shape
    origin = landscape.origin
    at = np.empty(3)
    for i in range(moving.shape[0]):
        for k in range(3):
            at[k] = translation[k]
            for r in range(3):
                at[k] += rotation[k, r] * moving[i, r]
        x = math.floor(at[0] - origin[0] + 0.5)
        y = math.floor(at[1] - origin[1] + 0.5)
        z = math.floor(at[2] - origin[2] + 0.5)
        partner[i] = -1
        if 0 <= x < nx and 0 <= y < ny and 0 <= z < nz and landscape.nearest[z, y, x] >= 0:
            j = landscape.nearest[z, y, x]
            d = 0.0
            for k in range(3):
                d += (at[k] - fixed[j, k]) ** 2
            d = math.sqrt(d)
            if d <= cutoff:
                partner[i] = j
                apart[i] = d


@njit(cache=True)
def grow(moving, centre, pose, fixed, landscape, cutoff, scale, rounds):
    """Let a placing that fits around one point grow over all that fits, nearest to nearest.

    Each round superposes the points that have a partner within `cutoff` and lie within a radius
    of `centre` that widens from 15 Å; the last rounds take all points.

    Parameters
    ----------
    moving, fixed : (n, 3), (m, 3)
    centre : (3,)
        In the frame of `moving`.
    pose : ((3, 3), (3,))
        Rotation and translation to begin with.
    landscape : Landscape
        Of `fixed`.
    cutoff, scale : float
        Å.
    rounds : int

    Returns
    -------
    score : float
        ``sum_j max_i 1/(1 + (d_ij/scale)²)`` over points within `cutoff`: each of `fixed` once.
    rotation, translation
    partner : (n,) int64
        −1 where nothing is within `cutoff`.
    """
    rotation, translation = pose
    n = moving.shape[0]
    partner = np.full(n, -1, dtype=np.int64)
    apart, goal = np.zeros(n), np.zeros((n, 3))
    chosen = np.empty(n, dtype=np.int64)
    from_centre = np.empty(n)
    for i in range(n):
        from_centre[i] = math.sqrt(np.sum((moving[i] - centre) ** 2))
    farthest = np.max(from_centre)
    for turn in range(rounds + 1):
        _partners(moving, rotation, translation, fixed, landscape, cutoff, partner, apart)
        if turn == rounds:
            break
        radius = FIRST_RADIUS + (farthest - FIRST_RADIUS) * turn / max(1.0, rounds - LAST_ROUNDS)
        count = 0
        for i in range(n):
            if partner[i] >= 0:
                for k in range(3):
                    goal[i, k] = fixed[partner[i], k]
                if from_centre[i] <= radius:
                    chosen[count] = i
                    count += 1
        if count < FEWEST_PAIRS:
            break
        rotation, translation = kabsch_kernel(moving, goal, chosen, count)
    best = np.zeros(fixed.shape[0])
    for i in range(n):
        if partner[i] >= 0:
            value = 1.0 / (1.0 + (apart[i] / scale) ** 2)
            if value > best[partner[i]]:
                best[partner[i]] = value
    return np.sum(best), rotation, translation, partner
