"""The sequence walks over the candidate graph: sums over all walks, and walks drawn from them.

A state is either "residue i is at the head of a directed edge, residue i−1 at its tail", or
"residue i begins a piece at position p", or "residue i has no position". Directed edges know their
predecessors, so that a walk never turns straight back and each turn has its own weight. A residue
is only at positions that are chosen for it, see `states`. All weights are plain (not logarithms);
every row is scaled to sum 1 and the scale kept. The recursions are the forward–backward algorithm
of hidden Markov models (Rabiner (1989) Proc. IEEE 77, 257), over pairs of positions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from critasser.structure.compilation import borrowed, inlined, within_kernels

__all__ = ["States", "Sums", "Weights", "add_by_position", "backward", "forward", "walk"]

NEGLIGIBLE = 1e-12
"""Share of a row below which a position's states are left out. A walk can always leave the graph
and come back at a cost of about 1e-4, so such a state never matters again."""

TINY = 1e-18
"""Share of a row below which an edge's state is 0."""

ANYTHING, SOME_POSITION, NO_POSITION, AT_POSITION, AT_EDGE = range(5)
"""What is settled of a residue when a walk is drawn: nothing; that it has a position; that it has
none; which one; and by which edge it came there."""


class Weights(NamedTuple):
    """Of all that a walk does; n positions, m directed edges, x places."""

    emission: np.ndarray  # (x,) float32, of each place, see `States`
    link: np.ndarray  # (m,) float32, of the edges, sorted by head
    turn: np.ndarray  # (k,) float32
    turn_start: np.ndarray  # (m,) int32; turn[turn_start[e] + j] is of edge e after the j-th edge
    # that leads to e's tail
    start: np.ndarray  # (n + 1,) int32; edges start[p]:start[p + 1] lead to p
    source: np.ndarray  # (m,) int32, tail of each edge
    reverse: np.ndarray  # (m,) int32, the same edge the other way round
    skip: np.ndarray  # (s,) float32, of pairs with one residue missing between
    bonded: np.ndarray  # (L,) bool, residue i is bonded to residue i − 1
    gap_open: float  # to leave the graph
    gap_extend: float  # of each residue without position
    jump: float  # to go on anywhere at once


class States(NamedTuple):
    """Places (a residue at a position), and arrivals there; L residues, x places, a arrivals."""

    row: np.ndarray  # (L + 1,) int64; places row[i]:row[i + 1] are of residue i
    position: np.ndarray  # (x,) int32, ascending within a row
    arrival: np.ndarray  # (x + 1,) int64; arrivals arrival[x]:arrival[x + 1] lead to place x
    edge: np.ndarray  # (a,) int32, the edge of each arrival, ascending at a place
    tail: np.ndarray  # (a,) int32, the place that it comes from, in the row before
    over: np.ndarray  # (x + 1,) int64; as `arrival`, over one residue without position
    pair: np.ndarray  # (b,) int32, which of `Weights.skip`
    over_tail: np.ndarray  # (b,) int32, the place that it comes from, two rows before


class Sums(NamedTuple):
    """Weights of all walks that end in each state, each row scaled to sum 1."""

    edges: np.ndarray  # (a,) float32, by an arrival
    begins: np.ndarray  # (x,) float32, a piece begins at a place
    nodes: np.ndarray  # (x,) float32, both: at a place
    gaps: np.ndarray  # (L,) float64, residue i without position
    scale: np.ndarray  # (L,) float64, what each row was divided by


@inlined
def _into_edge(weights, states, sums, e, y):
    """Sum over all states of place y, the tail of edge e, before that edge."""
    back = weights.reverse[e]
    offset = weights.turn_start[e] - weights.start[weights.source[e]]
    value = np.float64(sums.begins[y])
    for g in range(states.arrival[y], states.arrival[y + 1]):
        if states.edge[g] != back:
            value += sums.edges[g] * weights.turn[offset + states.edge[g]]
    return value


@njit(cache=True)
def forward(weights, states, sums):
    """Fill `Sums`."""
    weights, states, sums = borrowed(weights), borrowed(states), borrowed(sums)
    total_before = 0.0
    for i in range(len(states.row) - 1):
        gap_before = 1.0 if i == 0 else sums.gaps[i - 1]
        joined = i > 0 and weights.bonded[i]
        if i > 0 and not weights.bonded[i]:
            gap_before += total_before
        enter = gap_before
        if joined:
            enter += weights.jump * total_before
        total = 0.0
        for x in range(states.row[i], states.row[i + 1]):
            w = weights.emission[x]
            begin = enter
            for s in range(states.over[x], states.over[x + 1]):
                before = sums.nodes[states.over_tail[s]]
                begin += weights.skip[states.pair[s]] * before / sums.scale[i - 1]
            begin *= w
            sums.begins[x] = begin
            summed = begin
            for f in range(states.arrival[x], states.arrival[x + 1]):
                value = 0.0
                if sums.nodes[states.tail[f]] >= NEGLIGIBLE:
                    e = states.edge[f]
                    value = _into_edge(weights, states, sums, e, states.tail[f])
                    value *= weights.link[e] * w
                    summed += value
                sums.edges[f] = value
            sums.nodes[x] = summed
            total += summed
        gap = weights.gap_extend * gap_before
        if joined:
            gap += weights.gap_extend * weights.gap_open * total_before
        whole = total + gap
        sums.scale[i] = whole
        inverse = 1.0 / whole
        for f in range(states.arrival[states.row[i]], states.arrival[states.row[i + 1]]):
            value = sums.edges[f] * inverse
            sums.edges[f] = value if value > TINY else 0.0
        for x in range(states.row[i], states.row[i + 1]):
            sums.begins[x] = sums.begins[x] * inverse
            sums.nodes[x] = sums.nodes[x] * inverse
        sums.gaps[i] = gap * inverse
        total_before = total * inverse


class Onward(NamedTuple):
    """Weights of all walks that go on from the states of a row, in room for the longest one."""

    places: np.ndarray  # (most places of a row,) float64
    arrivals: np.ndarray  # (most arrivals of a row,) float64


@inlined
def _row_arrivals(states, i):
    """First arrival of row i and the first after it."""
    return states.arrival[states.row[i]], states.arrival[states.row[i + 1]]


@within_kernels
def _go_over(weights, states, onward, after, i, factor):
    """Add to the places of row i what goes on over a residue without position."""
    first, second = states.row[i], states.row[i + 2]
    for z in range(second, states.row[i + 3]):
        for s in range(states.over[z], states.over[z + 1]):
            value = weights.skip[states.pair[s]] * weights.emission[z] * after.places[z - second]
            onward.places[states.over_tail[s] - first] += value * factor[0] / factor[1]


@within_kernels
def _go_on(weights, states, sums, onward, following, i, inverse):
    """Add to the states of row i what goes on by edges to row i + 1."""
    first, first_arrival = states.row[i], states.arrival[states.row[i]]
    begin, end = _row_arrivals(states, i + 1)
    z = states.row[i + 1]
    for f in range(begin, end):
        while states.arrival[z + 1] <= f:
            z += 1
        beyond = following.arrivals[f - begin]
        if beyond == 0.0:
            continue
        e = states.edge[f]
        x = states.tail[f]
        w = weights.emission[z]
        onward.places[x - first] += weights.link[e] * w * beyond * inverse
        back = weights.reverse[e]
        offset = weights.turn_start[e] - weights.start[weights.source[e]]
        for g in range(states.arrival[x], states.arrival[x + 1]):
            if sums.edges[g] != 0.0 and states.edge[g] != back:
                turn = weights.turn[offset + states.edge[g]]
                onward.arrivals[g - first_arrival] += weights.link[e] * turn * w * beyond * inverse


@njit(cache=True)
def backward(weights, states, sums, marginal):
    """Probability of each place, over all walks.

    Parameters
    ----------
    weights : Weights
    states : States
    sums : Sums
        Filled by `forward`.
    marginal : ndarray (x,) float32
        Filled.
    """
    weights, states, sums = borrowed(weights), borrowed(states), borrowed(sums)
    L = len(states.row) - 1
    most_places, most_arrivals = 0, 0
    for i in range(L):
        begin, end = _row_arrivals(states, i)
        most_places = max(most_places, states.row[i + 1] - states.row[i])
        most_arrivals = max(most_arrivals, end - begin)
    onward = Onward(np.zeros(most_places), np.zeros(most_arrivals))
    following = Onward(np.zeros(most_places), np.zeros(most_arrivals))
    after = Onward(np.zeros(most_places), np.zeros(most_arrivals))
    gap_next = 0.0
    for i in range(L - 1, -1, -1):
        last = i == L - 1
        inverse = 1.0 if last else 1.0 / sums.scale[i + 1]
        first = states.row[i]
        enter_next = 0.0
        if not last:
            for z in range(states.row[i + 1], states.row[i + 2]):
                enter_next += weights.emission[z] * following.places[z - states.row[i + 1]]
        gap_now = 1.0 if last else (weights.gap_extend * gap_next + enter_next) * inverse
        shared = gap_now
        if not last and weights.bonded[i + 1]:
            leave = weights.gap_extend * weights.gap_open * gap_next
            shared = (leave + weights.jump * enter_next) * inverse
        for x in range(first, states.row[i + 1]):
            onward.places[x - first] = shared
        if i + 2 < L:
            _go_over(weights, states, onward, after, i, (inverse, sums.scale[i + 2]))
        begin, _ = _row_arrivals(states, i)
        for x in range(first, states.row[i + 1]):
            for f in range(states.arrival[x], states.arrival[x + 1]):
                some = sums.edges[f] != 0.0
                onward.arrivals[f - begin] = onward.places[x - first] if some else 0.0
        if not last:
            _go_on(weights, states, sums, onward, following, i, inverse)
        # Rows of both passes are scaled alike, so this is a share of all walks as it stands.
        for x in range(first, states.row[i + 1]):
            summed = sums.begins[x] * onward.places[x - first]
            for f in range(states.arrival[x], states.arrival[x + 1]):
                if sums.edges[f] != 0.0:
                    summed += sums.edges[f] * onward.arrivals[f - begin]
            marginal[x] = summed
        onward, following, after = after, onward, following
        gap_next = gap_now


@njit(cache=True)
def add_by_position(position, values, total):
    """Add values (x,) of places to those of their positions (n,)."""
    for x in range(len(position)):
        total[position[x]] += values[x]


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
def _draw_arrival_before(weights, states, sums, f, draw):
    """The arrival by which a walk came to the place that it leaves by arrival f, or −1."""
    e, y = states.edge[f], states.tail[f]
    back = weights.reverse[e]
    offset = weights.turn_start[e] - weights.start[weights.source[e]]
    left = draw * _into_edge(weights, states, sums, e, y) - sums.begins[y]
    chosen = -1
    if left >= 0.0:
        for g in range(states.arrival[y], states.arrival[y + 1]):
            if states.edge[g] != back and sums.edges[g] > 0.0:
                chosen = g
                left -= sums.edges[g] * weights.turn[offset + states.edge[g]]
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
