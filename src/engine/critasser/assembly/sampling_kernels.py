"""Numba kernels of the Monte Carlo: moves of one replica at one temperature."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from critasser.assembly.energy_kernels import (
    BOND_LENGTH,
    BURIAL,
    GYRATION,
    TERMS,
    add_moment,
    burial_change,
    distance_between,
    gyration_energy,
    refresh_frames,
    stretch_energy,
)
from critasser.assembly.geometry_kernels import next_normal, next_uniform, rotation_about

__all__ = [
    "MOVES", "BEND", "CHAIN", "END", "FRAGMENT", "JITTER", "REPLACE", "SLIDE",
    "attempt", "mend_bonds", "sweep",
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
def turn_about(new, low, high, pivot, rotation):
    """Rotate rows low … high about a point, in place."""
    for i in range(low, high + 1):
        x, y, z = new[i, 0] - pivot[0], new[i, 1] - pivot[1], new[i, 2] - pivot[2]
        for k in range(3):
            new[i, k] = (
                pivot[k] + rotation[k, 0] * x + rotation[k, 1] * y + rotation[k, 2] * z
            )


@njit(cache=True)
def along_chain(x, at, first, last, k):
    """Coordinate k of the chain as a line at a fractional residue; straight on beyond its ends."""
    i = min(max(int(math.floor(at)), first), last - 1)
    return x[i, k] + (at - i) * (x[i + 1, k] - x[i, k])


@njit(cache=True)
def propose(model, state, kind, starts, stream, new, stretch, axis, rotation, heat):
    """New positions of a stretch of one chain, into `new`; the stretch into `stretch`.

    Returns
    -------
    bool
        Whether there is a proposal (short chains cannot make every move).
    """
    x = state.calpha
    n = x.shape[0]
    i = int(next_uniform(stream) * n)
    first, last = model.first[i], model.last[i]
    length = last - first + 1
    if length < 3:
        kind = CHAIN
    if kind == BEND:
        bonds = 2 + int(next_uniform(stream) * 5)
        j = i + bonds
        if j > last:
            return False
        low, high = i + 1, j - 1
        size = distance_between(x, i, j)
        if size < 1e-3:
            return False
        for k in range(3):
            axis[k] = (x[j, k] - x[i, k]) / size
        rotation_about(axis, 0.4 * heat * next_normal(stream), rotation)
        new[low : high + 1] = x[low : high + 1]
        turn_about(new, low, high, x[i], rotation)
    elif kind == JITTER:
        low = i
        high = min(last, i + int(next_uniform(stream) * 3))
        size = (0.1, 0.25, 0.6)[int(next_uniform(stream) * 3)]
        for m in range(low, high + 1):
            for k in range(3):
                new[m, k] = x[m, k] + size * next_normal(stream)
    elif kind == END:
        size = 1 + int(next_uniform(stream) * min(12, length - 1))
        random_axis(stream, axis)
        rotation_about(axis, 0.5 * heat * next_normal(stream), rotation)
        if next_uniform(stream) < 0.5:
            low, high, pivot = first, first + size - 1, first + size
        else:
            low, high, pivot = last - size + 1, last, last - size
        new[low : high + 1] = x[low : high + 1]
        turn_about(new, low, high, x[pivot], rotation)
    elif kind == FRAGMENT:
        size = 4 + int(next_uniform(stream) * 17)
        flank = 3
        if i + size - 1 > last:
            return False
        low, high = max(first, i - flank), min(last, i + size - 1 + flank)
        centre = np.zeros(3)
        for m in range(i, i + size):
            for k in range(3):
                centre[k] += x[m, k] / size
        random_axis(stream, axis)
        rotation_about(axis, 0.15 * heat * next_normal(stream), rotation)
        new[low : high + 1] = x[low : high + 1]
        turn_about(new, low, high, centre, rotation)
        for k in range(3):
            axis[k] = 0.5 * heat * next_normal(stream)
        for m in range(low, high + 1):
            off = max(i - m, m - (i + size - 1), 0)
            share = 1.0 - off / (flank + 1.0)
            for k in range(3):
                new[m, k] = x[m, k] + share * (new[m, k] + axis[k] - x[m, k])
        mend_bonds_local(new, x, low, high, first, last)
    elif kind == SLIDE:
        size = 4 + int(next_uniform(stream) * 22)
        flank = 3 + int(next_uniform(stream) * 6)
        if i + size - 1 > last:
            return False
        step = 1.0 if next_uniform(stream) < 0.5 else -1.0
        if next_uniform(stream) < 0.2:
            step *= 2.0
        low, high = max(first, i - flank), min(last, i + size - 1 + flank)
        for m in range(low, high + 1):
            off = max(i - m, m - (i + size - 1), 0)
            share = 1.0 - off / (flank + 1.0)
            for k in range(3):
                new[m, k] = along_chain(x, m + share * step, first, last, k)
        mend_bonds_local(new, x, low, high, first, last)
    elif kind == REPLACE:
        if starts.shape[0] == 0:
            return False
        source = starts[int(next_uniform(stream) * starts.shape[0])]
        size = 4 + int(next_uniform(stream) * 32)
        flank = 2
        high = min(last, i + size - 1)
        low, high = max(first, i - flank), min(last, high + flank)
        for m in range(low, high + 1):
            off = max(i - m, m - (i + size - 1), 0)
            share = 1.0 - off / (flank + 1.0)
            for k in range(3):
                new[m, k] = x[m, k] + share * (source[m, k] - x[m, k])
        mend_bonds_local(new, x, low, high, first, last)
    else:
        low, high = first, last
        centre = np.zeros(3)
        for m in range(low, high + 1):
            for k in range(3):
                centre[k] += x[m, k] / length
        random_axis(stream, axis)
        rotation_about(axis, 0.03 * heat * next_normal(stream), rotation)
        new[low : high + 1] = x[low : high + 1]
        turn_about(new, low, high, centre, rotation)
        for k in range(3):
            shift = 0.3 * heat * next_normal(stream)
            for m in range(low, high + 1):
                new[m, k] += shift
    stretch[0], stretch[1] = low, high
    return True


@njit(cache=True)
def mend_bonds_local(new, x, low, high, first, last):
    """`mend_bonds` where the residues beside the stretch are still in `x`."""
    if low > first:
        new[low - 1] = x[low - 1]
    if high < last:
        new[high + 1] = x[high + 1]
    mend_bonds(new, low, high, first, last, 25, 0.12)


@njit(cache=True)
def attempt(model, state, low, high, new, old, temperature, stream, parts):
    """Metropolis: put residues low … high where `new` says, or leave them.

    Parameters
    ----------
    model, state : Model, State
    low, high : int
        Residues of one chain.
    new, old : (L, 3) float64
        Proposed positions; scratch.
    temperature : float
    stream : (2,) uint64
    parts : (TERMS,) float64
        Scratch.

    Returns
    -------
    energy : float
        Change of energy; 0 where refused.
    accepted : bool
    """
    chain = model.chain[low]
    parts[:] = 0.0
    # The frame at a chain's end looks two residues inwards.
    wide_low = max(model.first[low], low - 2)
    wide_high = min(model.last[high], high + 2)
    before = gyration_energy(model, state, chain)
    stretch_energy(model, state, low, high, -1.0, parts)
    for i in range(low, high + 1):
        add_moment(model, state, i, -1.0)
        for k in range(3):
            old[i, k] = state.calpha[i, k]
            state.calpha[i, k] = new[i, k]
        add_moment(model, state, i, 1.0)
    refresh_frames(model, state, wide_low, wide_high)
    stretch_energy(model, state, low, high, 1.0, parts)
    parts[BURIAL] = burial_change(model, state)
    parts[GYRATION] = gyration_energy(model, state, chain) - before
    energy = 0.0
    for k in range(TERMS):
        energy += model.weights[k] * parts[k]
    accepted = energy <= 0.0 or next_uniform(stream) < math.exp(-energy / temperature)
    if accepted:
        for t in range(state.touched[0]):
            i = state.touched[t + 1]
            state.count[i] += state.change[i]
    else:
        energy = 0.0
        for i in range(low, high + 1):
            add_moment(model, state, i, -1.0)
            for k in range(3):
                state.calpha[i, k] = old[i, k]
            add_moment(model, state, i, 1.0)
        refresh_frames(model, state, wide_low, wide_high)
    for t in range(state.touched[0]):
        state.change[state.touched[t + 1]] = 0.0
    state.touched[0] = 0
    return energy, accepted


@njit(cache=True, nogil=True)
def sweep(model, state, temperature, heat, moves, mix, starts, stream, tally):
    """Make moves at one temperature.

    Parameters
    ----------
    model : Model
    state : State
        Filled, see `fill_state`; goes on.
    temperature : float
    heat : float
        Scale of the moves' sizes, about 1.
    moves : int
        Proposals.
    mix : (MOVES,) float64
        Cumulative shares of the kinds of moves.
    starts : (S, L, 3) float64
        Chains to take stretches from.
    stream : (2,) uint64
        Random numbers; goes on.
    tally : (MOVES, 2) int64
        Proposals and acceptances by kind; added to.

    Returns
    -------
    float
        Sum of the changes of energy.
    """
    n = state.calpha.shape[0]
    new, old = np.empty((n, 3)), np.empty((n, 3))
    stretch = np.zeros(2, dtype=np.int64)
    axis, rotation = np.empty(3), np.empty((3, 3))
    parts = np.zeros(TERMS)
    total = 0.0
    for _ in range(moves):
        pick = next_uniform(stream)
        kind = 0
        while kind < MOVES - 1 and pick >= mix[kind]:
            kind += 1
        if not propose(model, state, kind, starts, stream, new, stretch, axis, rotation, heat):
            continue
        energy, accepted = attempt(
            model, state, stretch[0], stretch[1], new, old, temperature, stream, parts
        )
        tally[kind, 0] += 1
        tally[kind, 1] += accepted
        total += energy
    return total
