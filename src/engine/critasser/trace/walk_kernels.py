"""Walks of the sequence over the candidate graph, drawn from the sums over all walks."""

from __future__ import annotations

import numpy as np
from numba import njit

from critasser.structure.compilation import borrowed, within_kernels
from critasser.trace.turn_kernels import WIDTH

__all__ = ["walk"]

ANYTHING, SOME_POSITION, NO_POSITION, AT_POSITION, AT_EDGE = range(5)
"""What is settled of a residue when a walk is drawn: nothing; that it has a position; that it has
none; which one; and by which edge it came there."""


@within_kernels
def _draw_place(states, sums, i, must, draw):
    """A place of residue i by its share of the row, −1 for none unless it must have one."""
    first, end = states.row[i], states.row[i + 1]
    total = 0.0
    for x in range(first, end):
        total += sums.nodes[x]
    if not must:
        total += sums.gaps[i]
    left = draw * total
    for x in range(first, end):
        left -= sums.nodes[x]
        if left < 0.0:
            return x
    return first + int(np.argmax(sums.nodes[first:end])) if must else -1


@within_kernels
def _draw_arrival(states, sums, x, draw):
    """The arrival by which a walk came to place x, −1 where a piece begins there."""
    left = draw * sums.nodes[x] - sums.begins[x]
    chosen = -1
    if left >= 0.0:
        for f in range(states.arrival[x], states.arrival[x + 1]):
            if sums.edges[f] > 0.0:
                chosen = f
                left -= sums.edges[f]
                if left < 0.0:
                    break
    return chosen


@within_kernels
def _turned(weights, states, sums, g, f):
    """Weight of the walks that come by arrival g and leave its place by arrival f."""
    turns, p = weights.turns, states.position[states.tail[f]]
    part, column = divmod(turns.out_of[states.edge[f]], WIDTH)
    row = turns.row[p] + turns.into[states.edge[g]] * turns.parts[p] + part
    return sums.edges[g] * turns.after[row, column]


@within_kernels
def _draw_arrival_before(weights, states, sums, f, draw):
    """The arrival by which a walk came to the place that it leaves by arrival f, or −1."""
    y = states.tail[f]
    total = np.float64(sums.begins[y])
    for g in range(states.arrival[y], states.arrival[y + 1]):
        total += _turned(weights, states, sums, g, f)
    left = draw * total - sums.begins[y]
    chosen = -1
    if left >= 0.0:
        for g in range(states.arrival[y], states.arrival[y + 1]):
            value = _turned(weights, states, sums, g, f)
            if value > 0.0:
                chosen = g
                left -= value
                if left < 0.0:
                    break
    return chosen


@within_kernels
def _draw_before_piece(weights, states, sums, i, x, draw):
    """Where the chain was before a piece that begins with residue i at place x.

    Returns how many residues before, what is settled of that one, and its place or −1.
    """
    gap_before = sums.gaps[i - 1]
    total_before = 1.0 - gap_before
    to_jump = weights.jump * total_before if weights.bonded[i] else total_before
    to_skip = 0.0
    for s in range(states.over[x], states.over[x + 1]):
        before = sums.nodes[states.over_tail[s]]
        to_skip += weights.skip[states.pair[s]] * before / sums.scale[i - 1]
    left = draw * (gap_before + to_jump + to_skip)
    if left < to_skip:
        chosen = -1
        for s in range(states.over[x], states.over[x + 1]):
            before = sums.nodes[states.over_tail[s]]
            value = weights.skip[states.pair[s]] * before / sums.scale[i - 1]
            if value > 0.0:
                chosen = s
                left -= value
                if left < 0.0:
                    break
        return 2, AT_POSITION, states.over_tail[chosen]
    if left < to_skip + to_jump:
        return 1, SOME_POSITION, -1
    return 1, NO_POSITION, -1


@within_kernels
def _draw_before_gap(weights, sums, i, draw):
    """What is settled of the residue before residue i, which has no position."""
    before = sums.gaps[i - 1]
    total_before = 1.0 - before
    leaving = total_before * (weights.gap_open if weights.bonded[i] else 1.0)
    left = draw * (before + leaving)
    return NO_POSITION if left < before or leaving <= 0.0 else SOME_POSITION


@njit(cache=True)
def walk(weights, states, sums, draws, node):
    """Draw one walk from the sums of `forward`, last residue first.

    Parameters
    ----------
    weights : Weights
    states : States
    sums : Sums
        Filled by `forward`.
    draws : ndarray (4 L + 4,)
        Uniform in 0…1.
    node : ndarray (L,) int32
        Filled: positions, −1 without.
    """
    weights, states, sums = borrowed(weights), borrowed(states), borrowed(sums)
    node[:] = -1
    used = 0
    i = len(node) - 1
    settled = ANYTHING
    x = -1
    arrival = -1
    while i >= 0:
        if settled in (ANYTHING, SOME_POSITION):
            x = _draw_place(states, sums, i, settled == SOME_POSITION, draws[used])
            used += 1
            settled = NO_POSITION if x < 0 else AT_POSITION
        if settled == NO_POSITION:
            if i == 0:
                break
            settled = _draw_before_gap(weights, sums, i, draws[used])
            used += 1
            i -= 1
            continue
        if settled == AT_POSITION:
            arrival = _draw_arrival(states, sums, x, draws[used])
            used += 1
        node[i] = states.position[x]
        if i == 0:
            break
        if arrival >= 0:
            x = states.tail[arrival]
            arrival = _draw_arrival_before(weights, states, sums, arrival, draws[used])
            used += 1
            i -= 1
            if arrival >= 0:
                settled = AT_EDGE
                continue
            node[i] = states.position[x]
            if i == 0:
                break
        back, settled, x = _draw_before_piece(weights, states, sums, i, x, draws[used])
        used += 1
        i -= back
