"""Numba kernels of the moves: new positions for a stretch of one chain."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from critasser.assembly.energy_kernels import BOND_LENGTH, distance_between
from critasser.assembly.geometry_kernels import next_normal, next_uniform, rotation_about

__all__ = [
    "MOVES", "BEND", "CHAIN", "END", "FRAGMENT", "JITTER", "REPLACE", "SLIDE",
    "mend_bonds", "propose",
]  # fmt: skip

BEND, JITTER, END, FRAGMENT, SLIDE, REPLACE, CHAIN = range(7)
MOVES = 7


@njit(cache=True)
def mend_bonds(positions, low, high, first, last, rounds, slack):
    """Bring bonds of residues low … high within `slack` Å of 3.8 Å, in place; others stay.

    Parameters
    ----------
    positions : (L, 3) float64
    low, high : int
        Residues that may move, of the chain first … last.
    first, last : int
    rounds : int
        Passes at most.
    slack : float
        Å.
    """
    for _ in range(rounds):
        worst = 0.0
        for i in range(max(first, low - 1), min(last, high + 1)):
            d = distance_between(positions, i, i + 1)
            off = d - BOND_LENGTH
            if abs(off) <= slack:
                continue
            worst = max(worst, abs(off))
            move_left = low <= i <= high
            move_right = low <= i + 1 <= high
            share = 0.5 if move_left and move_right else 1.0
            scale = share * off / max(d, 1e-3)
            for k in range(3):
                step = scale * (positions[i + 1, k] - positions[i, k])
                if move_left:
                    positions[i, k] += step
                if move_right:
                    positions[i + 1, k] -= step
        if worst <= slack:
            break


@njit(cache=True)
def random_axis(stream, axis):
    """A random direction into `axis` (3,)."""
    z = 2.0 * next_uniform(stream) - 1.0
    angle = 2.0 * math.pi * next_uniform(stream)
    r = math.sqrt(max(0.0, 1.0 - z * z))
    axis[0], axis[1], axis[2] = r * math.cos(angle), r * math.sin(angle), z


@njit(cache=True)
def along_chain(x, at, first, last, k):
    """Coordinate k of the chain as a line at a fractional residue; straight on beyond its ends."""
    i = min(max(math.floor(at), first), last - 1)
    return x[i, k] + (at - i) * (x[i + 1, k] - x[i, k])


@njit(cache=True)
def mend_bonds_local(new, x, low, high, first, last):
    """`mend_bonds` where the residues beside the stretch are still in `x`."""
    if low > first:
        new[low - 1] = x[low - 1]
    if high < last:
        new[high + 1] = x[high + 1]
    mend_bonds(new, low, high, first, last, 25, 0.12)


@njit(cache=True)
def turned(x, low, high, pivot, axis, angle, new):
    """Residues low … high of `x` turned about an axis through a point, into `new`."""
    rotation = np.empty((3, 3))
    rotation_about(axis, angle, rotation)
    for i in range(low, high + 1):
        a, b, c = x[i, 0] - pivot[0], x[i, 1] - pivot[1], x[i, 2] - pivot[2]
        for k in range(3):
            new[i, k] = pivot[k] + rotation[k, 0] * a + rotation[k, 1] * b + rotation[k, 2] * c


@njit(cache=True)
def centre_of(x, low, high):
    """Mean of residues low … high."""
    centre = np.zeros(3)
    for i in range(low, high + 1):
        for k in range(3):
            centre[k] += x[i, k]
    for k in range(3):
        centre[k] /= high - low + 1
    return centre


@njit(cache=True)
def bend(x, i, last, heat, stream, new, stretch):
    """Turn what lies between two residues 2 … 6 bonds apart about the line through them."""
    j = i + 2 + int(next_uniform(stream) * 5)
    if j > last:
        return False
    size = distance_between(x, i, j)
    if size < 1e-3:
        return False
    axis = np.empty(3)
    for k in range(3):
        axis[k] = (x[j, k] - x[i, k]) / size
    turned(x, i + 1, j - 1, x[i], axis, 0.4 * heat * next_normal(stream), new)
    stretch[0], stretch[1] = i + 1, j - 1
    return True


@njit(cache=True)
def jitter(x, i, last, stream, new, stretch):
    """Shift one to three residues, each by itself."""
    high = min(last, i + int(next_uniform(stream) * 3))
    size = (0.1, 0.25, 0.6)[int(next_uniform(stream) * 3)]
    for m in range(i, high + 1):
        for k in range(3):
            new[m, k] = x[m, k] + size * next_normal(stream)
    stretch[0], stretch[1] = i, high
    return True


@njit(cache=True)
def turn_end(x, first, last, begin, end, heat, stream, new, stretch):
    """Turn up to twelve residues at an end about the next one, where the end is free to move."""
    size = 1 + int(next_uniform(stream) * min(12, last - first, end - begin + 1))
    axis = np.empty(3)
    random_axis(stream, axis)
    angle = 0.5 * heat * next_normal(stream)
    at_first = next_uniform(stream) < 0.5
    if (at_first and begin != first) or (not at_first and end != last):
        return False
    if at_first:
        low, high, pivot = first, first + size - 1, first + size
    else:
        low, high, pivot = last - size + 1, last, last - size
    turned(x, low, high, x[pivot], axis, angle, new)
    stretch[0], stretch[1] = low, high
    return True


@njit(cache=True)
def shift_fragment(x, i, first, last, begin, stop, heat, stream, new, stretch):
    """Shift and turn 4 … 20 residues as one; three residues at either side give way."""
    end = i + 3 + int(next_uniform(stream) * 17)
    flank = 3
    if end > stop:
        return False
    low, high = max(begin, i - flank), min(stop, end + flank)
    axis = np.empty(3)
    random_axis(stream, axis)
    turned(x, low, high, centre_of(x, i, end), axis, 0.15 * heat * next_normal(stream), new)
    for k in range(3):
        shift = 0.5 * heat * next_normal(stream)
        for m in range(low, high + 1):
            share = 1.0 - max(i - m, m - end, 0) / (flank + 1.0)
            new[m, k] = x[m, k] + share * (new[m, k] + shift - x[m, k])
    mend_bonds_local(new, x, low, high, first, last)
    stretch[0], stretch[1] = low, high
    return True


@njit(cache=True)
def slide(x, i, first, last, begin, stop, stream, new, stretch):
    """Put 4 … 25 residues one or two places further along the chain; flanks make up for it."""
    end = i + 3 + int(next_uniform(stream) * 22)
    flank = 3 + int(next_uniform(stream) * 6)
    if end > stop:
        return False
    step = 1.0 if next_uniform(stream) < 0.5 else -1.0
    if next_uniform(stream) < 0.2:
        step *= 2.0
    low, high = max(begin, i - flank), min(stop, end + flank)
    for m in range(low, high + 1):
        share = 1.0 - max(i - m, m - end, 0) / (flank + 1.0)
        for k in range(3):
            new[m, k] = along_chain(x, m + share * step, first, last, k)
    mend_bonds_local(new, x, low, high, first, last)
    stretch[0], stretch[1] = low, high
    return True


@njit(cache=True)
def replace(x, i, first, last, begin, stop, starts, stream, new, stretch):
    """Put residues, four or up to all that may move, where one of the starts has them."""
    if starts.shape[0] == 0:
        return False
    source = int(next_uniform(stream) * starts.shape[0])
    # Short stretches as often as long ones, by ratio.
    size = 4.0 * (max(4.0, stop - begin + 1.0) / 4.0) ** next_uniform(stream)
    end = min(stop, i + int(size))
    flank = 2
    low, high = max(begin, i - flank), min(stop, end + flank)
    for m in range(low, high + 1):
        share = 1.0 - max(i - m, m - end, 0) / (flank + 1.0)
        for k in range(3):
            new[m, k] = x[m, k] + share * (starts[source, m, k] - x[m, k])
    mend_bonds_local(new, x, low, high, first, last)
    stretch[0], stretch[1] = low, high
    return True


@njit(cache=True)
def shift_chain(x, first, last, heat, stream, new, stretch):
    """Shift and turn a whole chain."""
    axis = np.empty(3)
    random_axis(stream, axis)
    angle = 0.03 * heat * next_normal(stream)
    turned(x, first, last, centre_of(x, first, last), axis, angle, new)
    for k in range(3):
        shift = 0.3 * heat * next_normal(stream)
        for m in range(first, last + 1):
            new[m, k] += shift
    stretch[0], stretch[1] = first, last
    return True


@njit(cache=True)
def propose(kind, x, firsts, lasts, runs, moving, starts, heat, stream, new, stretch):
    """A proposal of one kind at a random place.

    Parameters
    ----------
    kind : int
        `BEND` … `CHAIN`; chains of one or two residues only move as a whole.
    x : (L, 3) float64
        Positions now.
    firsts, lasts : (L,) int64
        Ends of each residue's chain.
    runs : (L, 2) int64
        First and last residue around each that may move with it.
    moving : (m,) int64
        Residues at which moves begin.
    starts : (S, L, 3) float64
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
    i = moving[int(next_uniform(stream) * moving.shape[0])]
    first, last = firsts[i], lasts[i]
    begin, stop = runs[i, 0], runs[i, 1]
    if kind == CHAIN or last - first < 2:
        if begin != first or stop != last:
            return False
        return shift_chain(x, first, last, heat, stream, new, stretch)
    if kind == BEND:
        return bend(x, i, min(stop + 1, last), heat, stream, new, stretch)
    if kind == END:
        return turn_end(x, first, last, begin, stop, heat, stream, new, stretch)
    if i < begin:
        return False
    if kind == JITTER:
        return jitter(x, i, stop, stream, new, stretch)
    if kind == FRAGMENT:
        return shift_fragment(x, i, first, last, begin, stop, heat, stream, new, stretch)
    if kind == SLIDE:
        return slide(x, i, first, last, begin, stop, stream, new, stretch)
    return replace(x, i, first, last, begin, stop, starts, stream, new, stretch)
