"""The sequence walks over the candidate graph: sums over all walks.

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

from critasser.structure.compilation import borrowed, within_kernels
from critasser.trace.turn_kernels import MOST_EDGES, PARTS, WIDTH, Turns, leave, turn_back

__all__ = ["States", "Sums", "Weights", "add_by_position", "backward", "forward"]

NEGLIGIBLE = 1e-12
"""Share of a row below which a position's states are left out. A walk can always leave the graph
and come back at a cost of about 1e-4, so such a state never matters again."""

TINY = 1e-18
"""Share of a row below which an edge's state is 0."""


class Weights(NamedTuple):
    """Of all that a walk does; n positions, m directed edges, x places."""

    emission: np.ndarray  # (x,) float32, of each place, see `States`
    link: np.ndarray  # (m,) float32, of the edges, sorted by head
    turns: Turns
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


@within_kernels
def _room_to_leave(states):
    """Two rows for each place of the longest row, see `leave`."""
    most = 0
    for i in range(len(states.row) - 1):
        most = max(most, states.row[i + 1] - states.row[i])
    return np.zeros((PARTS * most, WIDTH), dtype=np.float32)


@njit(cache=True)
def forward(weights, states, sums):
    """Fill `Sums`."""
    weights, states, sums = borrowed(weights), borrowed(states), borrowed(sums)
    leaving = _room_to_leave(states)
    flat = leaving.reshape(-1)
    out_of = weights.turns.out_of
    total_before = 0.0
    for i in range(len(states.row) - 1):
        gap_before = 1.0 if i == 0 else sums.gaps[i - 1]
        joined = i > 0 and weights.bonded[i]
        if i > 0 and not weights.bonded[i]:
            gap_before += total_before
        enter = gap_before
        if joined:
            enter += weights.jump * total_before
            leave(weights, states, sums, i - 1, NEGLIGIBLE, leaving)
        total = 0.0
        row_before = states.row[max(i - 1, 0)]
        over_row = 1.0 / sums.scale[i - 1] if i > 1 else 0.0
        for x in range(states.row[i], states.row[i + 1]):
            w = weights.emission[x]
            over = 0.0
            for s in range(states.over[x], states.over[x + 1]):
                over += weights.skip[states.pair[s]] * sums.nodes[states.over_tail[s]]
            begin = w * (enter + over * over_row)
            sums.begins[x] = begin
            summed = begin
            for f in range(states.arrival[x], states.arrival[x + 1]):
                e = states.edge[f]
                from_place = MOST_EDGES * (states.tail[f] - row_before)
                value = flat[from_place + out_of[e]] * weights.link[e] * w
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


@within_kernels
def _go_over(weights, states, beyond, i, factor, here):
    """Add to the places of row i what goes on over a residue without position to row i + 2."""
    first, second = states.row[i], states.row[i + 2]
    for z in range(second, states.row[i + 3]):
        value = weights.emission[z] * beyond[z - second] * factor
        for s in range(states.over[z], states.over[z + 1]):
            here[states.over_tail[s] - first] += weights.skip[states.pair[s]] * value


@within_kernels
def _go_on(weights, states, beyond, i, inverse, here, leaving):
    """Add to the places of row i what goes on by edges to row i + 1, and note it by edge.

    leaving : as in `turn_back`, filled.
    """
    out_of = weights.turns.out_of
    first = states.row[i]
    leaving[: PARTS * (states.row[i + 1] - first)] = 0.0
    flat = leaving.reshape(-1)
    begin = states.arrival[states.row[i + 1]]
    for z in range(states.row[i + 1], states.row[i + 2]):
        w = weights.emission[z] * inverse
        for f in range(states.arrival[z], states.arrival[z + 1]):
            if beyond[f - begin] != 0.0:
                e, x = states.edge[f], states.tail[f] - first
                value = weights.link[e] * w * beyond[f - begin]
                here[x] += value
                flat[MOST_EDGES * x + out_of[e]] = value


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
    leaving = _room_to_leave(states)
    most = 0
    for i in range(L):
        most = max(most, states.arrival[states.row[i + 1]] - states.arrival[states.row[i]])
    # Weights of all walks that go on from the places of three rows, and from arrivals of two.
    places, arrivals = np.zeros((3, len(leaving) // PARTS)), np.zeros((2, most))
    gap_next = 0.0
    for i in range(L - 1, -1, -1):
        here, next_places = places[i % 3], places[(i + 1) % 3]
        came, next_came = arrivals[i % 2], arrivals[(i + 1) % 2]
        last = i == L - 1
        inverse = 1.0 if last else 1.0 / sums.scale[i + 1]
        first = states.row[i]
        enter_next = 0.0
        if not last:
            for z in range(states.row[i + 1], states.row[i + 2]):
                enter_next += weights.emission[z] * next_places[z - states.row[i + 1]]
        gap_now = 1.0 if last else (weights.gap_extend * gap_next + enter_next) * inverse
        shared = gap_now
        if not last and weights.bonded[i + 1]:
            away = weights.gap_extend * weights.gap_open * gap_next
            shared = (away + weights.jump * enter_next) * inverse
        here[: states.row[i + 1] - first] = shared
        if i + 2 < L:
            factor = inverse / sums.scale[i + 2]
            _go_over(weights, states, places[(i + 2) % 3], i, factor, here)
        begin = states.arrival[first]
        for x in range(first, states.row[i + 1]):
            for f in range(states.arrival[x], states.arrival[x + 1]):
                came[f - begin] = here[x - first] if sums.edges[f] != 0.0 else 0.0
        if not last:
            _go_on(weights, states, next_came, i, inverse, here, leaving)
            turn_back(weights, states, sums, came, i, leaving)
        # Rows of both passes are scaled alike, so this is a share of all walks as it stands.
        for x in range(first, states.row[i + 1]):
            summed = sums.begins[x] * here[x - first]
            for f in range(states.arrival[x], states.arrival[x + 1]):
                if sums.edges[f] != 0.0:
                    summed += sums.edges[f] * came[f - begin]
            marginal[x] = summed
        gap_next = gap_now


@njit(cache=True)
def add_by_position(position, values, total):
    """Add values (x,) of places to those of their positions (n,)."""
    for x in range(len(position)):
        total[position[x]] += values[x]
