"""The sequence walks over the candidate graph: sums over all walks, and walks drawn from them.

A state is either "residue i is at the head of directed edge e, residue i−1 at its tail", or
"residue i begins a piece at position p", or "residue i has no position". Directed edges know their
predecessors, so that a walk never turns straight back and each turn has its own weight. All
weights are plain (not logarithms); every row is scaled to sum 1 and the scale kept. The recursions
are the forward–backward algorithm of hidden Markov models (Rabiner (1989) Proc. IEEE 77, 257), over
pairs of positions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

__all__ = ["Sums", "Weights", "backward", "forward", "walk"]

NEGLIGIBLE = 1e-12
"""Share of a row below which a position's states are left out. A walk can always leave the graph
and come back at a cost of about 1e-4, so such a state never matters again."""

TINY = 1e-18
"""Share of a row below which an edge's state is 0."""

ANYTHING, SOME_POSITION, NO_POSITION, AT_POSITION, AT_EDGE = range(5)
"""What is settled of a residue when a walk is drawn: nothing; that it has a position; that it has
none; which one; and by which edge it came there."""


class Weights(NamedTuple):
    """Of all that a walk does; L residues, n positions, m directed edges."""

    emission: np.ndarray  # (L, n) float32, of residue i at position p
    link: np.ndarray  # (m,) float32, of the edges, sorted by head
    turn: np.ndarray  # (k,) float32
    turn_start: np.ndarray  # (m,) int32; turn[turn_start[e] + j] is of edge e after the j-th edge
    # that leads to e's tail
    start: np.ndarray  # (n + 1,) int32; edges start[p]:start[p + 1] lead to p
    source: np.ndarray  # (m,) int32, tail of each edge
    reverse: np.ndarray  # (m,) int32, the same edge the other way round
    skip_start: np.ndarray  # (n + 1,) int32; pairs with one residue missing between, rows by head
    skip_source: np.ndarray  # (s,) int32; the pairs are symmetric
    skip: np.ndarray  # (s,) float32
    bonded: np.ndarray  # (L,) bool, residue i is bonded to residue i − 1
    gap_open: float  # to leave the graph
    gap_extend: float  # of each residue without position
    jump: float  # to go on anywhere at once


class Sums(NamedTuple):
    """Weights of all walks that end in each state, each row scaled to sum 1."""

    edges: np.ndarray  # (L, m) float32, residue i at the head of an edge
    begins: np.ndarray  # (L, n) float32, a piece begins at a position
    nodes: np.ndarray  # (L, n) float32, both: residue i at a position
    gaps: np.ndarray  # (L,) float64, residue i without position
    scale: np.ndarray  # (L,) float64, what each row was divided by


@njit(cache=True, forceinline=True)
def _into_edge(weights, sums, i, e):
    """Sum over all states of residue i before edge e, which goes on to residue i + 1."""
    q = weights.source[e]
    back = weights.reverse[e]
    offset = weights.turn_start[e] - weights.start[q]
    value = np.float64(sums.begins[i, q])
    for before in range(weights.start[q], weights.start[q + 1]):
        if before != back:
            value += sums.edges[i, before] * weights.turn[offset + before]
    return value


@njit(cache=True)
def forward(weights, sums):
    """Fill `Sums`."""
    L, n = weights.emission.shape
    m = weights.link.shape[0]
    total_before = 0.0
    for i in range(L):
        gap_before = 1.0 if i == 0 else sums.gaps[i - 1]
        joined = i > 0 and weights.bonded[i]
        if i > 0 and not weights.bonded[i]:
            gap_before += total_before
        enter = gap_before
        if joined:
            enter += weights.jump * total_before
        total = 0.0
        for p in range(n):
            w = weights.emission[i, p]
            begin = enter
            if i > 1 and joined and weights.bonded[i - 1]:
                for s in range(weights.skip_start[p], weights.skip_start[p + 1]):
                    before = sums.nodes[i - 2, weights.skip_source[s]]
                    begin += weights.skip[s] * before / sums.scale[i - 1]
            begin *= w
            sums.begins[i, p] = begin
            summed = begin
            for e in range(weights.start[p], weights.start[p + 1]):
                value = 0.0
                if joined and sums.nodes[i - 1, weights.source[e]] >= NEGLIGIBLE:
                    value = _into_edge(weights, sums, i - 1, e)
                    value *= weights.link[e] * w
                    summed += value
                sums.edges[i, e] = value
            sums.nodes[i, p] = summed
            total += summed
        gap = weights.gap_extend * gap_before
        if joined:
            gap += weights.gap_extend * weights.gap_open * total_before
        whole = total + gap
        sums.scale[i] = whole
        inverse = 1.0 / whole
        for e in range(m):
            value = sums.edges[i, e] * inverse
            sums.edges[i, e] = value if value > TINY else 0.0
        for p in range(n):
            sums.begins[i, p] = sums.begins[i, p] * inverse
            sums.nodes[i, p] = sums.nodes[i, p] * inverse
        sums.gaps[i] = gap * inverse
        total_before = total * inverse


@njit(cache=True)
def backward(weights, sums, marginal):
    """Probability that residue i is at position p, over all walks.

    Parameters
    ----------
    weights : Weights
    sums : Sums
        Filled by `forward`.
    marginal : ndarray (L, n) float32
        Filled.
    """
    L, n = weights.emission.shape
    m = weights.link.shape[0]
    edge_next = np.zeros(m)
    edge_now = np.zeros(m)
    begin_next = np.zeros(n)
    begin_after = np.zeros(n)
    begin_now = np.zeros(n)
    gap_next = 0.0
    for i in range(L - 1, -1, -1):
        last = i == L - 1
        joined = (not last) and weights.bonded[i + 1]
        inverse = 1.0 if last else 1.0 / sums.scale[i + 1]
        enter_next = 0.0
        if not last:
            for p in range(n):
                enter_next += weights.emission[i + 1, p] * begin_next[p]
        gap_now = 1.0 if last else (weights.gap_extend * gap_next + enter_next) * inverse
        shared = 1.0
        if joined:
            leave = weights.gap_extend * weights.gap_open * gap_next
            shared = (leave + weights.jump * enter_next) * inverse
        elif not last:
            shared = gap_now
        for p in range(n):
            common = shared
            if joined and i + 2 < L and weights.bonded[i + 2]:
                for s in range(weights.skip_start[p], weights.skip_start[p + 1]):
                    r = weights.skip_source[s]
                    onward = weights.skip[s] * weights.emission[i + 2, r] * begin_after[r]
                    common += onward * inverse / sums.scale[i + 2]
            whole = common
            if joined:
                for e_in in range(weights.start[p], weights.start[p + 1]):
                    out = weights.reverse[e_in]
                    onward = weights.link[out] * weights.emission[i + 1, weights.source[e_in]]
                    whole += onward * edge_next[out] * inverse
            begin_now[p] = whole
            summed = sums.begins[i, p] * whole
            for e in range(weights.start[p], weights.start[p + 1]):
                if sums.edges[i, e] == 0.0:
                    edge_now[e] = 0.0
                    continue
                value = common
                if joined:
                    for e_in in range(weights.start[p], weights.start[p + 1]):
                        if e_in == e:
                            continue
                        out = weights.reverse[e_in]
                        value += (
                            weights.link[out]
                            * weights.turn[weights.turn_start[out] + e - weights.start[p]]
                            * weights.emission[i + 1, weights.source[e_in]]
                            * edge_next[out]
                            * inverse
                        )
                edge_now[e] = value
                summed += sums.edges[i, e] * value
            # Rows of both passes are scaled alike, so this is a share of all walks as it stands.
            marginal[i, p] = summed
        for e in range(m):
            edge_next[e] = edge_now[e]
        for p in range(n):
            begin_after[p] = begin_next[p]
            begin_next[p] = begin_now[p]
        gap_next = gap_now


@njit(cache=True)
def _draw_position(sums, i, must, draw):
    """A position of residue i by its share of the row, −1 for none unless it must have one."""
    n = sums.nodes.shape[1]
    total = 0.0
    for p in range(n):
        total += sums.nodes[i, p]
    if not must:
        total += sums.gaps[i]
    left = draw * total
    for p in range(n):
        left -= sums.nodes[i, p]
        if left < 0.0:
            return p
    return int(np.argmax(sums.nodes[i])) if must else -1


@njit(cache=True)
def _draw_edge(weights, sums, i, p, draw):
    """The edge by which residue i came to position p, −1 where a piece begins there."""
    left = draw * sums.nodes[i, p] - sums.begins[i, p]
    edge = -1
    if left >= 0.0:
        for e in range(weights.start[p], weights.start[p + 1]):
            if sums.edges[i, e] > 0.0:
                edge = e
                left -= sums.edges[i, e]
                if left < 0.0:
                    break
    return edge


@njit(cache=True)
def _draw_edge_before(weights, sums, i, edge, draw):
    """The edge by which residue i came to the tail of the edge that it leaves by, or −1."""
    q = weights.source[edge]
    back = weights.reverse[edge]
    offset = weights.turn_start[edge] - weights.start[q]
    left = draw * _into_edge(weights, sums, i, edge) - sums.begins[i, q]
    chosen = -1
    if left >= 0.0:
        for before in range(weights.start[q], weights.start[q + 1]):
            if before != back and sums.edges[i, before] > 0.0:
                chosen = before
                left -= sums.edges[i, before] * weights.turn[offset + before]
                if left < 0.0:
                    break
    return chosen


@njit(cache=True)
def _draw_before_piece(weights, sums, i, at, draw):
    """Where the chain was before a piece that begins at residue i and position `at`.

    Returns how many residues before, what is settled of that one, and its position or −1.
    """
    gap_before = sums.gaps[i - 1]
    total_before = 1.0 - gap_before
    to_jump = weights.jump * total_before if weights.bonded[i] else total_before
    to_skip = 0.0
    if i > 1 and weights.bonded[i] and weights.bonded[i - 1]:
        for s in range(weights.skip_start[at], weights.skip_start[at + 1]):
            before = sums.nodes[i - 2, weights.skip_source[s]]
            to_skip += weights.skip[s] * before / sums.scale[i - 1]
    left = draw * (gap_before + to_jump + to_skip)
    if left < to_skip:
        chosen = -1
        for s in range(weights.skip_start[at], weights.skip_start[at + 1]):
            value = weights.skip[s] * sums.nodes[i - 2, weights.skip_source[s]] / sums.scale[i - 1]
            if value > 0.0:
                chosen = s
                left -= value
                if left < 0.0:
                    break
        return 2, AT_POSITION, weights.skip_source[chosen]
    if left < to_skip + to_jump:
        return 1, SOME_POSITION, -1
    return 1, NO_POSITION, -1


@njit(cache=True)
def _draw_before_gap(weights, sums, i, draw):
    """What is settled of the residue before residue i, which has no position."""
    before = sums.gaps[i - 1]
    total_before = 1.0 - before
    leaving = total_before * (weights.gap_open if weights.bonded[i] else 1.0)
    left = draw * (before + leaving)
    return NO_POSITION if left < before or leaving <= 0.0 else SOME_POSITION


@njit(cache=True)
def walk(weights, sums, draws, node):
    """Draw one walk from the sums of `forward`, last residue first.

    Parameters
    ----------
    weights : Weights
    sums : Sums
        Filled by `forward`.
    draws : ndarray (4 L + 4,)
        Uniform in 0…1.
    node : ndarray (L,) int32
        Filled: positions, −1 without.
    """
    node[:] = -1
    used = 0
    i = len(node) - 1
    settled = ANYTHING
    at = -1
    edge = -1
    while i >= 0:
        if settled in (ANYTHING, SOME_POSITION):
            at = _draw_position(sums, i, settled == SOME_POSITION, draws[used])
            used += 1
            settled = NO_POSITION if at < 0 else AT_POSITION
        if settled == NO_POSITION:
            if i == 0:
                break
            settled = _draw_before_gap(weights, sums, i, draws[used])
            used += 1
            i -= 1
            continue
        if settled == AT_POSITION:
            edge = _draw_edge(weights, sums, i, at, draws[used])
            used += 1
        node[i] = at
        if i == 0:
            break
        if edge >= 0:
            at = weights.source[edge]
            edge = _draw_edge_before(weights, sums, i - 1, edge, draws[used])
            used += 1
            i -= 1
            if edge >= 0:
                settled = AT_EDGE
                continue
            node[i] = at
            if i == 0:
                break
        back, settled, at = _draw_before_piece(weights, sums, i, at, draws[used])
        used += 1
        i -= back
