"""Numba kernels of the moves: new positions for a stretch of one chain.

Every kind of move proposes positions for residues low … high at a random place and says which; it
changes nothing else. Sizes grow with the square root of the temperature (`heat`).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from critasser.assembly.random_kernels import next_normal, next_uniform, random_axis
from critasser.structure.compilation import inlined, within_kernels
from critasser.structure.geometry import CALPHA_BOND, CIS_BOND, CIS_LIMIT

__all__ = [
    "MOVES", "BEND", "CHAIN", "END", "FRAGMENT", "JITTER", "REPLACE", "SLIDE", "Chains",
    "mend_bonds", "propose",
]  # fmt: skip

BEND, JITTER, END, FRAGMENT, SLIDE, REPLACE, CHAIN = range(7)
MOVES = 7

# Sizes of the moves: small enough that some of each kind are accepted (`Decoys.accepted` tells).
SHORTEST_CHAIN = 3
"""Residues of a chain that has anything to bend; shorter ones only move as a whole."""

FEWEST_BONDS, BONDS = 2, 5
"""A bend turns what lies between two residues 2 … 6 bonds apart."""

SHORTEST_AXIS = 1e-3
"""Å between two residues below which there is no line to turn about."""

BEND_ANGLE = 0.4
"""Standard deviation in radians at heat 1."""

MOST_JITTERED = 3
"""Residues that are shifted each by itself."""

JITTERS = (0.1, 0.25, 0.6)
"""Å along each axis, one of which is drawn."""

LONGEST_END = 12
"""Residues of an end that is turned."""

END_ANGLE = 0.5
"""Standard deviation in radians at heat 1."""

SHORTEST_FRAGMENT, FRAGMENTS = 4, 17
"""A fragment has 4 … 20 residues."""

FRAGMENT_FLANK = 3
"""Residues at either side of a fragment that give way."""

FRAGMENT_ANGLE, FRAGMENT_SHIFT = 0.15, 0.5
"""Standard deviations in radians, and in Å along each axis, at heat 1."""

SHORTEST_SLIDE, SLIDES = 4, 22
"""4 … 25 residues slide along the chain."""

SHORTEST_FLANK, FLANKS = 3, 6
"""3 … 8 residues at either side make up for the slide."""

FORWARD = 0.5
"""Share of slides towards the chain's end."""

DOUBLE_STEP = 0.2
"""Share of slides by two residues; the others go by one."""

SHORTEST_REPLACED = 4.0
"""Residues that are put where a start has them, at least; short stretches as often as long ones,
by ratio."""

REPLACED_FLANK = 2
"""Residues at either side that are shared between the two positions."""

CHAIN_ANGLE, CHAIN_SHIFT = 0.03, 0.3
"""Standard deviations in radians, and in Å along each axis, of whole chains at heat 1."""

MENDING_ROUNDS, MENDING_SLACK = 25, 0.12
"""Passes at most, and Å off that a bond may keep, when bonds are mended after a move."""


class Chains(NamedTuple):
    """Which residues belong and move together, of L residues."""

    first: np.ndarray  # (L,) int64, first residue of each residue's chain
    last: np.ndarray  # (L,) int64
    runs: np.ndarray  # (L, 2) int64, first and last residue around each that may move with it
    moving: np.ndarray  # (m,) int64, residues at which moves begin
    cis_cost: np.ndarray  # (L,) finite where the peptide to the next residue may be cis


class Place(NamedTuple):
    """Where a move begins, and how far it may go."""

    at: int  # residue
    first: int  # of its chain
    last: int
    begin: int  # of the residues around it that may move
    stop: int  # the last of them


@inlined
def distance_between(x, i, j):
    """Distance of rows i and j, of which the first three columns are a position."""
    dx, dy, dz = x[j, 0] - x[i, 0], x[j, 1] - x[i, 1], x[j, 2] - x[i, 2]
    return math.sqrt(dx * dx + dy * dy + dz * dz)


@within_kernels
def mend_bonds(positions, low, high, place, cis_cost):
    """Bring bonds of residues low … high near 3.8 Å, in place; others stay.

    Bonds that may be cis and are short are brought near 2.95 Å.

    Parameters
    ----------
    positions : (L, 3) float64
    low, high : int
        Residues that may move, of the chain of `place`.
    place : Place
    cis_cost : (L,) float64
        Finite where the peptide to the next residue may be cis.
    """
    for _ in range(MENDING_ROUNDS):
        worst = 0.0
        for i in range(max(place.first, low - 1), min(place.last, high + 1)):
            d = distance_between(positions, i, i + 1)
            cis = d < CIS_LIMIT and cis_cost[i] < math.inf
            off = d - (CIS_BOND if cis else CALPHA_BOND)
            if abs(off) <= MENDING_SLACK:
                continue
            worst = max(worst, abs(off))
            move_left = low <= i <= high
            move_right = low <= i + 1 <= high
            share = 0.5 if move_left and move_right else 1.0
            scale = share * off / max(d, SHORTEST_AXIS)
            for k in range(3):
                step = scale * (positions[i + 1, k] - positions[i, k])
                if move_left:
                    positions[i, k] += step
                if move_right:
                    positions[i + 1, k] -= step
        if worst <= MENDING_SLACK:
            break


@within_kernels
def along_chain(x, at, first, last, k):
    """Coordinate k of the chain as a line at a fractional residue; straight on beyond its ends."""
    i = min(max(math.floor(at), first), last - 1)
    return x[i, k] + (at - i) * (x[i + 1, k] - x[i, k])


@within_kernels
def mend_around(new, x, low, high, place, cis_cost):
    """`mend_bonds` where the residues beside the stretch are still in `x`."""
    for k in range(3):
        if low > place.first:
            new[low - 1, k] = x[low - 1, k]
        if high < place.last:
            new[high + 1, k] = x[high + 1, k]
    mend_bonds(new, low, high, place, cis_cost)


@within_kernels
def turned(x, low, high, pivot, axis, angle, new):
    """Residues low … high of `x` turned about a unit axis through a point, into `new`."""
    px, py, pz = pivot
    ax, ay, az = axis
    cosine, sine = math.cos(angle), math.sin(angle)
    for i in range(low, high + 1):
        a, b, c = x[i, 0] - px, x[i, 1] - py, x[i, 2] - pz
        along = (1.0 - cosine) * (a * ax + b * ay + c * az)
        new[i, 0] = px + cosine * a + along * ax + sine * (ay * c - az * b)
        new[i, 1] = py + cosine * b + along * ay + sine * (az * a - ax * c)
        new[i, 2] = pz + cosine * c + along * az + sine * (ax * b - ay * a)


@within_kernels
def position_of(x, i):
    """x, y, z of a residue, in double precision."""
    return np.float64(x[i, 0]), np.float64(x[i, 1]), np.float64(x[i, 2])


@within_kernels
def centre_of(x, low, high):
    """x, y, z of the mean of residues low … high."""
    cx, cy, cz = 0.0, 0.0, 0.0
    for i in range(low, high + 1):
        cx += x[i, 0]
        cy += x[i, 1]
        cz += x[i, 2]
    count = high - low + 1
    return cx / count, cy / count, cz / count


@within_kernels
def flanked_share(m, low, high, flank):
    """How far residue m goes with low … high: wholly inside, less and less over the flanks."""
    return 1.0 - max(low - m, m - high, 0) / (flank + 1.0)


@within_kernels
def bend(x, place, heat, stream, new, stretch):
    """Turn what lies between two residues 2 … 6 bonds apart about the line through them."""
    i, last = place.at, min(place.stop + 1, place.last)
    j = i + FEWEST_BONDS + int(next_uniform(stream) * BONDS)
    if j > last:
        return False
    size = distance_between(x, i, j)
    if size < SHORTEST_AXIS:
        return False
    start, end = position_of(x, i), position_of(x, j)
    axis = (end[0] - start[0]) / size, (end[1] - start[1]) / size, (end[2] - start[2]) / size
    turned(x, i + 1, j - 1, start, axis, BEND_ANGLE * heat * next_normal(stream), new)
    stretch[0], stretch[1] = i + 1, j - 1
    return True


@within_kernels
def jitter(x, place, stream, new, stretch):
    """Shift one to three residues, each by itself."""
    i = place.at
    high = min(place.stop, i + int(next_uniform(stream) * MOST_JITTERED))
    size = JITTERS[int(next_uniform(stream) * len(JITTERS))]
    for m in range(i, high + 1):
        for k in range(3):
            new[m, k] = x[m, k] + size * next_normal(stream)
    stretch[0], stretch[1] = i, high
    return True


@within_kernels
def turn_end(x, place, heat, stream, new, stretch):
    """Turn up to twelve residues at an end about the next one, where the end is free to move."""
    first, last = place.first, place.last
    most = min(LONGEST_END, last - first, place.stop - place.begin + 1)
    size = 1 + int(next_uniform(stream) * most)
    axis = random_axis(stream)
    angle = END_ANGLE * heat * next_normal(stream)
    at_first = next_uniform(stream) < 0.5
    if (at_first and place.begin != first) or (not at_first and place.stop != last):
        return False
    if at_first:
        low, high, pivot = first, first + size - 1, first + size
    else:
        low, high, pivot = last - size + 1, last, last - size
    turned(x, low, high, position_of(x, pivot), axis, angle, new)
    stretch[0], stretch[1] = low, high
    return True


@within_kernels
def shift_fragment(x, place, cis_cost, heat, stream, new, stretch):
    """Shift and turn 4 … 20 residues as one; three residues at either side give way."""
    i = place.at
    end = i + SHORTEST_FRAGMENT - 1 + int(next_uniform(stream) * FRAGMENTS)
    if end > place.stop:
        return False
    low, high = max(place.begin, i - FRAGMENT_FLANK), min(place.stop, end + FRAGMENT_FLANK)
    axis = random_axis(stream)
    angle = FRAGMENT_ANGLE * heat * next_normal(stream)
    turned(x, low, high, centre_of(x, i, end), axis, angle, new)
    for k in range(3):
        shift = FRAGMENT_SHIFT * heat * next_normal(stream)
        for m in range(low, high + 1):
            share = flanked_share(m, i, end, FRAGMENT_FLANK)
            new[m, k] = x[m, k] + share * (new[m, k] + shift - x[m, k])
    mend_around(new, x, low, high, place, cis_cost)
    stretch[0], stretch[1] = low, high
    return True


@within_kernels
def slide(x, place, cis_cost, stream, new, stretch):
    """Put 4 … 25 residues one or two places further along the chain; flanks make up for it."""
    i = place.at
    end = i + SHORTEST_SLIDE - 1 + int(next_uniform(stream) * SLIDES)
    flank = SHORTEST_FLANK + int(next_uniform(stream) * FLANKS)
    if end > place.stop:
        return False
    step = 1.0 if next_uniform(stream) < FORWARD else -1.0
    if next_uniform(stream) < DOUBLE_STEP:
        step *= 2.0
    low, high = max(place.begin, i - flank), min(place.stop, end + flank)
    for m in range(low, high + 1):
        share = flanked_share(m, i, end, flank)
        for k in range(3):
            new[m, k] = along_chain(x, m + share * step, place.first, place.last, k)
    mend_around(new, x, low, high, place, cis_cost)
    stretch[0], stretch[1] = low, high
    return True


@within_kernels
def replace(x, place, cis_cost, starts, stream, new, stretch):
    """Put residues, four or up to all that may move, where one of the starts has them."""
    if starts.shape[0] == 0:
        return False
    i = place.at
    source = int(next_uniform(stream) * starts.shape[0])
    most = max(SHORTEST_REPLACED, place.stop - place.begin + 1.0)
    size = SHORTEST_REPLACED * (most / SHORTEST_REPLACED) ** next_uniform(stream)
    end = min(place.stop, i + int(size))
    low, high = max(place.begin, i - REPLACED_FLANK), min(place.stop, end + REPLACED_FLANK)
    for m in range(low, high + 1):
        share = flanked_share(m, i, end, REPLACED_FLANK)
        for k in range(3):
            new[m, k] = x[m, k] + share * (starts[source, m, k] - x[m, k])
    mend_around(new, x, low, high, place, cis_cost)
    stretch[0], stretch[1] = low, high
    return True


@within_kernels
def shift_chain(x, place, heat, stream, new, stretch):
    """Shift and turn a whole chain."""
    first, last = place.first, place.last
    axis = random_axis(stream)
    angle = CHAIN_ANGLE * heat * next_normal(stream)
    turned(x, first, last, centre_of(x, first, last), axis, angle, new)
    for k in range(3):
        shift = CHAIN_SHIFT * heat * next_normal(stream)
        for m in range(first, last + 1):
            new[m, k] += shift
    stretch[0], stretch[1] = first, last
    return True


@njit(cache=True)
def propose(kind, x, chains, starts, heat, stream, new, stretch):
    """A proposal of one kind at a random place.

    Parameters
    ----------
    kind : int
        `BEND` … `CHAIN`; chains of one or two residues only move as a whole.
    x : (L, 3) float64
        Positions now, Å.
    chains : Chains
    starts : (S, L, 3) float64
        Whole chains to take stretches from.
    heat : float
        Scale of rotations and shifts.
    stream : (2,) uint64
    new : (L, 3) float64
        Result, for the stretch only.
    stretch : (2,) int64
        Result: first and last residue that moves, of one chain and one run.

    Returns
    -------
    bool
        False where this kind of move cannot be made at the place that was drawn.
    """
    i = chains.moving[int(next_uniform(stream) * chains.moving.shape[0])]
    place = Place(i, chains.first[i], chains.last[i], chains.runs[i, 0], chains.runs[i, 1])
    if kind == CHAIN or place.last - place.first < SHORTEST_CHAIN - 1:
        if place.begin != place.first or place.stop != place.last:
            return False
        return shift_chain(x, place, heat, stream, new, stretch)
    if kind == BEND:
        return bend(x, place, heat, stream, new, stretch)
    if kind == END:
        return turn_end(x, place, heat, stream, new, stretch)
    # What follows moves residue i itself, which a bend that begins before a run does not.
    if i < place.begin:
        return False
    if kind == JITTER:
        return jitter(x, place, stream, new, stretch)
    if kind == FRAGMENT:
        return shift_fragment(x, place, chains.cis_cost, heat, stream, new, stretch)
    if kind == SLIDE:
        return slide(x, place, chains.cis_cost, stream, new, stretch)
    return replace(x, place, chains.cis_cost, starts, stream, new, stretch)
