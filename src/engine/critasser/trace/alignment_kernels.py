"""The sequence walks over the candidate graph: sums over all walks, and walks drawn from them.

A state is either "residue i is at the head of directed edge e, residue i−1 at its tail", or
"residue i begins a piece at node p", or "residue i has no position". Directed edges know their
predecessors, so that a walk never turns straight back and each turn has its own weight. All
weights are plain (not logarithms); every row is scaled to sum 1 and the scale kept.
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["backward", "forward", "walk"]

# A walk can always leave the graph and come back at a cost of about 1e-4, so states that hold so
# small a share of a row never matter again.
NEGLIGIBLE = 1e-12


@njit(cache=True)
def forward(
    weight,
    link,
    turn,
    turn_start,
    start,
    source,
    reverse,
    skip_start,
    skip_source,
    skip,
    bonded,
    gap_open,
    gap_extend,
    jump,
    edges,
    begins,
    nodes,
    gaps,
    scale,
):
    """Weights of all walks that end in each state.

    Parameters
    ----------
    weight : ndarray (L, n) float32
        Of residue i at node p.
    link : ndarray (m,) float32
        Of the directed edges, sorted by head; edges ``start[p]:start[p + 1]`` lead to p.
    turn : ndarray (k,) float32
        ``turn[turn_start[e] + j]`` for edge e after the j-th edge that leads to e's tail.
    source, reverse : ndarray (m,) int32
        Tail of each edge; the same edge the other way round.
    skip_start, skip_source, skip : ndarray
        Pairs of nodes with one residue missing between, as compressed rows by head.
    bonded : ndarray (L,) bool
        Residue i is bonded to residue i − 1.
    gap_open, gap_extend, jump : float
        Weight to leave the graph, of each residue without position, and to go on anywhere at once.
    edges, begins, nodes, gaps, scale : ndarray (L, m), (L, n), (L, n), (L,), (L,)
        Filled: the states' weights, their sums by node, of no position, and each row's scale.
    """
    L, n = weight.shape
    m = link.shape[0]
    total_before = 0.0
    for i in range(L):
        gap_before = 1.0 if i == 0 else gaps[i - 1]
        joined = i > 0 and bonded[i]
        if i > 0 and not bonded[i]:
            gap_before += total_before
        enter = gap_before
        if joined:
            enter += jump * total_before
        total = 0.0
        for p in range(n):
            w = weight[i, p]
            begin = enter
            if i > 1 and joined and bonded[i - 1]:
                for s in range(skip_start[p], skip_start[p + 1]):
                    begin += skip[s] * nodes[i - 2, skip_source[s]] / scale[i - 1]
            begin *= w
            begins[i, p] = begin
            summed = begin
            for e in range(start[p], start[p + 1]):
                value = 0.0
                if joined:
                    q = source[e]
                    if nodes[i - 1, q] < NEGLIGIBLE:
                        edges[i, e] = 0.0
                        continue
                    back = reverse[e]
                    offset = turn_start[e] - start[q]
                    value = np.float64(begins[i - 1, q])
                    for before in range(start[q], start[q + 1]):
                        if before != back:
                            value += edges[i - 1, before] * turn[offset + before]
                    value *= link[e] * w
                    summed += value
                edges[i, e] = value
            nodes[i, p] = summed
            total += summed
        gap = gap_extend * gap_before
        if joined:
            gap += gap_extend * gap_open * total_before
        whole = total + gap
        scale[i] = whole
        inverse = 1.0 / whole
        for e in range(m):
            value = edges[i, e] * inverse
            edges[i, e] = value if value > NEGLIGIBLE * 1e-6 else 0.0
        for p in range(n):
            begins[i, p] = begins[i, p] * inverse
            nodes[i, p] = nodes[i, p] * inverse
        gaps[i] = gap * inverse
        total_before = total * inverse


@njit(cache=True)
def backward(
    weight,
    link,
    turn,
    turn_start,
    start,
    source,
    reverse,
    skip_start,
    skip_source,
    skip,
    bonded,
    gap_open,
    gap_extend,
    jump,
    edges,
    begins,
    scale,
    marginal,
):
    """Probability that residue i is at node p, over all walks.

    Parameters as `forward`, with its results; `marginal` (L, n) is filled. The skip lists must be
    symmetric.
    """
    L, n = weight.shape
    m = link.shape[0]
    edge_next = np.zeros(m)
    edge_now = np.zeros(m)
    begin_next = np.zeros(n)
    begin_after = np.zeros(n)
    begin_now = np.zeros(n)
    gap_next = 0.0
    for i in range(L - 1, -1, -1):
        last = i == L - 1
        joined = (not last) and bonded[i + 1]
        inverse = 1.0 if last else 1.0 / scale[i + 1]
        enter_next = 0.0
        if not last:
            for p in range(n):
                enter_next += weight[i + 1, p] * begin_next[p]
        gap_now = 1.0 if last else (gap_extend * gap_next + enter_next) * inverse
        shared = 1.0
        if joined:
            shared = (gap_extend * gap_open * gap_next + jump * enter_next) * inverse
        elif not last:
            shared = gap_now
        for p in range(n):
            common = shared
            if joined and i + 2 < L and bonded[i + 2]:
                for s in range(skip_start[p], skip_start[p + 1]):
                    r = skip_source[s]
                    common += skip[s] * weight[i + 2, r] * begin_after[r] * inverse / scale[i + 2]
            whole = common
            if joined:
                for e_in in range(start[p], start[p + 1]):
                    out = reverse[e_in]
                    whole += link[out] * weight[i + 1, source[e_in]] * edge_next[out] * inverse
            begin_now[p] = whole
            summed = begins[i, p] * whole
            for e in range(start[p], start[p + 1]):
                if edges[i, e] == 0.0:
                    edge_now[e] = 0.0
                    continue
                value = common
                if joined:
                    for e_in in range(start[p], start[p + 1]):
                        if e_in == e:
                            continue
                        out = reverse[e_in]
                        value += (
                            link[out]
                            * turn[turn_start[out] + e - start[p]]
                            * weight[i + 1, source[e_in]]
                            * edge_next[out]
                            * inverse
                        )
                edge_now[e] = value
                summed += edges[i, e] * value
            # Rows of both passes are scaled alike, so this is a share of all walks as it stands.
            marginal[i, p] = summed
        for e in range(m):
            edge_next[e] = edge_now[e]
        for p in range(n):
            begin_after[p] = begin_next[p]
            begin_next[p] = begin_now[p]
        gap_next = gap_now


@njit(cache=True)
def walk(
    weight,
    link,
    turn,
    turn_start,
    start,
    source,
    reverse,
    skip_start,
    skip_source,
    skip,
    bonded,
    gap_open,
    gap_extend,
    jump,
    edges,
    begins,
    nodes,
    gaps,
    scale,
    draws,
    node,
):
    """Draw one walk from the sums of `forward`, last residue first.

    `draws` (2 L + 2,) are uniform in 0…1; `node` (L,) int32 is filled, −1 without position.
    """
    L, n = weight.shape
    node[:] = -1
    used = 0
    i = L - 1
    # What residue i may be is told by `mode`: anything (0), a piece's last node of any kind (1),
    # no position (2), at given node in any way (3), at head of a given edge (4).
    mode = 0
    at = -1
    edge = -1
    while i >= 0:
        if mode == 0 or mode == 1:
            total = 0.0
            for p in range(n):
                total += nodes[i, p]
            if mode == 0:
                total += gaps[i]
            left = draws[used] * total
            used += 1
            at = -1
            for p in range(n):
                left -= nodes[i, p]
                if left < 0.0:
                    at = p
                    break
            if at < 0 and mode == 1:
                at = int(np.argmax(nodes[i]))
            mode = 2 if at < 0 else 3
        if mode == 2:
            if i == 0:
                break
            before = gaps[i - 1]
            total_before = 1.0 - before
            ways = total_before * (gap_open if bonded[i] else 1.0)
            left = draws[used] * (before + ways)
            used += 1
            mode = 2 if left < before or ways <= 0.0 else 1
            i -= 1
            continue
        begins_here = False
        if mode == 3:
            left = draws[used] * nodes[i, at] - begins[i, at]
            used += 1
            edge = -1
            if left >= 0.0:
                for e in range(start[at], start[at + 1]):
                    if edges[i, e] > 0.0:
                        edge = e
                        left -= edges[i, e]
                        if left < 0.0:
                            break
            begins_here = edge < 0
        node[i] = at
        if i == 0:
            break
        if not begins_here:
            q = source[edge]
            back = reverse[edge]
            offset = turn_start[edge] - start[q]
            total = np.float64(begins[i - 1, q])
            for before_edge in range(start[q], start[q + 1]):
                if before_edge != back:
                    total += edges[i - 1, before_edge] * turn[offset + before_edge]
            left = draws[used] * total - begins[i - 1, q]
            used += 1
            chosen = -1
            if left >= 0.0:
                for before_edge in range(start[q], start[q + 1]):
                    if before_edge != back and edges[i - 1, before_edge] > 0.0:
                        chosen = before_edge
                        left -= edges[i - 1, before_edge] * turn[offset + before_edge]
                        if left < 0.0:
                            break
            i -= 1
            at = q
            edge = chosen
            if chosen < 0:
                # The piece begins at q: take that state as it is.
                mode = 5
            else:
                mode = 4
            if mode == 4:
                continue
            node[i] = at
            if i == 0:
                break
        # Residue i begins a piece at `at`: where was the chain before?
        gap_before = gaps[i - 1]
        total_before = 1.0 - gap_before
        to_jump = 0.0
        if bonded[i]:
            to_jump = jump * total_before
        else:
            to_jump = total_before
        to_skip = 0.0
        if i > 1 and bonded[i] and bonded[i - 1]:
            for s in range(skip_start[at], skip_start[at + 1]):
                to_skip += skip[s] * nodes[i - 2, skip_source[s]] / scale[i - 1]
        left = draws[used] * (gap_before + to_jump + to_skip)
        used += 1
        if left < to_skip:
            for s in range(skip_start[at], skip_start[at + 1]):
                value = skip[s] * nodes[i - 2, skip_source[s]] / scale[i - 1]
                if value > 0.0:
                    edge = s
                    left -= value
                    if left < 0.0:
                        break
            at = skip_source[edge]
            i -= 2
            mode = 3
        elif left < to_skip + to_jump:
            i -= 1
            mode = 1
        else:
            i -= 1
            mode = 2
