"""Sums over pairs of edges that follow each other, a table of weights for each position.

Nearly all the time of the sums over walks goes into these pairs. A position has ten edges at most,
so that all edges that leave it are dealt with at once, in a vector or two.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from critasser.structure.compilation import within_kernels

__all__ = ["MOST_EDGES", "PARTS", "WIDTH", "Turns", "leave", "turn_back"]

WIDTH, PARTS = 8, 2
"""Columns of a table, as many as a vector register holds in float32, and rows that an edge takes
at most. Kernels name each column, so that they become one instruction."""

MOST_EDGES = PARTS * WIDTH
"""Of a position."""


class Turns(NamedTuple):
    """Weights of two edges after each other; n positions, m directed edges.

    The j-th edge that leads to a position leads away from it too, the other way round. The columns
    of an edge begin in its row and go on in the next, where there are more than eight. Straight
    back is 0.
    """

    after: np.ndarray  # (r, 8) float32; row: the edge that leads here, column: the one that leaves
    before: np.ndarray  # (r, 8) float32; row: the edge that leaves, column: the one that leads here
    row: np.ndarray  # (n + 1,) int64; rows row[p]:row[p + 1] are of position p
    parts: np.ndarray  # (n,) int64, rows of each edge of a position
    into: np.ndarray  # (m,) int64, which of the edges that lead to its head an edge is
    out_of: np.ndarray  # (m,) int64, which of the edges that leave its tail it is


@within_kernels
def leave(weights, states, sums, i, least, leaving):
    """Sum over the states of each place of row i before each edge that may leave it.

    Parameters
    ----------
    weights : Weights
    states : States
    sums : Sums
        Row i is done.
    i : int
        Residue.
    least : float
        Share of the row below which a place is left out.
    leaving : ndarray (2 x, 8) float32
        Filled: two rows for each place of row i, columns as in `Turns`.
    """
    after, into = weights.turns.after, weights.turns.into
    for y in range(states.row[i], states.row[i + 1]):
        into_row = PARTS * (y - states.row[i])
        p = states.position[y]
        parts = weights.turns.parts[p]
        if sums.nodes[y] < least:
            leaving[into_row : into_row + parts] = 0.0
            continue
        for part in range(parts):
            first = weights.turns.row[p] + part
            s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = sums.begins[y]
            for g in range(states.arrival[y], states.arrival[y + 1]):
                value = sums.edges[g]
                r = first + parts * into[states.edge[g]]
                s0 += value * after[r, 0]
                s1 += value * after[r, 1]
                s2 += value * after[r, 2]
                s3 += value * after[r, 3]
                s4 += value * after[r, 4]
                s5 += value * after[r, 5]
                s6 += value * after[r, 6]
                s7 += value * after[r, 7]
            r = into_row + part
            leaving[r, 0] = s0
            leaving[r, 1] = s1
            leaving[r, 2] = s2
            leaving[r, 3] = s3
            leaving[r, 4] = s4
            leaving[r, 5] = s5
            leaving[r, 6] = s6
            leaving[r, 7] = s7


@within_kernels
def turn_back(weights, states, sums, arrivals, i, leaving):
    """Add to the arrivals of row i what goes on by the edges that leave its places.

    Parameters
    ----------
    weights : Weights
    states : States
    sums : Sums
        Arrivals of which no walk comes are left out.
    arrivals : ndarray (a,) float64
        Of row i; added to.
    i : int
        Residue.
    leaving : ndarray (2 x, 8) float32
        Weight of all walks that go on by each edge, two rows for each place of row i.
    """
    before, into = weights.turns.before, weights.turns.into
    flat = leaving.reshape(-1)
    turned = np.empty((PARTS, WIDTH), dtype=np.float32)
    turned_flat = turned.reshape(-1)
    begin = states.arrival[states.row[i]]
    for x in range(states.row[i], states.row[i + 1]):
        if states.arrival[x] == states.arrival[x + 1]:
            continue
        p = states.position[x]
        parts = weights.turns.parts[p]
        first, end = weights.turns.row[p], weights.turns.row[p + 1]
        for part in range(parts):
            s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = np.float32(0.0)
            at = MOST_EDGES * (x - states.row[i])
            for r in range(first + part, end, parts):
                value = flat[at]
                at += 1
                if value == 0.0:
                    continue
                s0 += value * before[r, 0]
                s1 += value * before[r, 1]
                s2 += value * before[r, 2]
                s3 += value * before[r, 3]
                s4 += value * before[r, 4]
                s5 += value * before[r, 5]
                s6 += value * before[r, 6]
                s7 += value * before[r, 7]
            turned[part, 0] = s0
            turned[part, 1] = s1
            turned[part, 2] = s2
            turned[part, 3] = s3
            turned[part, 4] = s4
            turned[part, 5] = s5
            turned[part, 6] = s6
            turned[part, 7] = s7
        for g in range(states.arrival[x], states.arrival[x + 1]):
            if sums.edges[g] != 0.0:
                arrivals[g - begin] += turned_flat[into[states.edge[g]]]
