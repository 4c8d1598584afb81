"""Score of a placement, whole or across cuts.

A placement is ``node`` (L,): the position of each residue or −1, no position twice. Its score is

    sum of emissions + sum of `pair_score` over consecutive placed residues
    + sum of turns over bonded triples,

where each residue without position has a score of its own instead of an emission.
"""

from __future__ import annotations

import math

from numba import njit

__all__ = ["cuts_score", "pair_score", "placement_score", "span_score"]


@njit(cache=True, inline="always")
def _edge(start, source, p, q):
    """Index of the edge q → p, −1 without."""
    for e in range(start[p], start[p + 1]):
        if source[e] == q:
            return e
    return -1


@njit(cache=True)
def pair_score(positions, start, source, link, costs, i, p, j, q):
    """Score of residue i at p and j > i at q, none placed between them, in one chain.

    `costs`: gap opened, slope (per Å too far), most for too far, jump, skip, clash; and
    `Statistics.span` for gaps.
    """
    costs, span = costs
    apart = j - i
    if apart == 1:
        e = _edge(start, source, q, p)
        if e >= 0:
            return link[e]
    dx = positions[p, 0] - positions[q, 0]
    dy = positions[p, 1] - positions[q, 1]
    dz = positions[p, 2] - positions[q, 2]
    distance = math.sqrt(dx * dx + dy * dy + dz * dz)
    too_far = min(max(costs[1] * (distance - 3.8 * apart - 0.8), 0.0), costs[2])
    if apart == 1:
        # Too close for a bond is a clash; farther than any edge may be a break of the sequence.
        value = -costs[3] - too_far
        return value - costs[5] if distance < 3.0 else value
    longest = len(span) - 1
    if apart > longest:
        distance *= math.sqrt(longest / apart)
        apart = longest
    worth = span[apart, min(int(distance), span.shape[1] - 1)]
    if too_far > 0.0:
        worth = min(worth, -too_far)
    return worth - (costs[4] if apart == 2 else costs[0])


@njit(cache=True)
def _turn(start, source, turn, turn_start, p, q, r):
    """Score of the turn p → q → r; 0 unless both are edges."""
    first = _edge(start, source, q, p)
    if first < 0:
        return 0.0
    second = _edge(start, source, r, q)
    if second < 0:
        return 0.0
    return turn[turn_start[second] + first - start[q]]


@njit(cache=True)
def placement_score(emission, gap, positions, chain, graph, costs, node):
    """Score of a whole placement, from nothing but its definition.

    Parameters
    ----------
    emission : ndarray (L, n) float32
        Log-odds of residue i at position p.
    gap : float
        Score of each residue without position.
    positions : ndarray (n, 3)
        Å.
    chain : ndarray (L,)
        Chain of each residue.
    graph : tuple of ndarray
        start, source, link, turn, turn_start as in `CandidateGraph`.
    costs : tuple of ndarray (6,) and ndarray (s, d)
        See `pair_score`.
    node : ndarray (L,) int32
    """
    start, source, link, turn, turn_start = graph
    L = len(node)
    total = 0.0
    last = -1
    for i in range(L):
        p = node[i]
        if p < 0:
            total += gap
            continue
        total += emission[i, p]
        if last >= 0 and chain[last] == chain[i]:
            total += pair_score(positions, start, source, link, costs, last, node[last], i, p)
            if last == i - 1 and i > 1 and node[i - 2] >= 0 and chain[i - 2] == chain[i]:
                total += _turn(start, source, turn, turn_start, node[i - 2], node[i - 1], p)
        last = i
    return total


@njit(cache=True)
def cuts_score(positions, chain, graph, costs, node, cuts, count):
    """Score of the links and turns across cuts (cut c lies between residues c and c + 1)."""
    start, source, link, turn, turn_start = graph
    L = len(node)
    total = 0.0
    before = -5
    for k in range(count):
        cut = cuts[k]
        if cut < 0 or cut >= L - 1 or cut == before:
            continue
        left = cut
        while left >= 0 and node[left] < 0:
            left -= 1
        right = cut + 1
        while right < L and node[right] < 0:
            right += 1
        if left >= 0 and right < L and left > before and chain[left] == chain[right]:
            p = node[left]
            q = node[right]
            total += pair_score(positions, start, source, link, costs, left, p, right, q)
            if right == left + 1:
                if (
                    before != left - 1
                    and left > 0
                    and node[left - 1] >= 0
                    and chain[left - 1] == chain[left]
                ):
                    total += _turn(start, source, turn, turn_start, node[left - 1], p, q)
                if right + 1 < L and node[right + 1] >= 0 and chain[right + 1] == chain[right]:
                    total += _turn(start, source, turn, turn_start, p, q, node[right + 1])
        before = cut
    return total


@njit(cache=True)
def span_score(positions, chain, graph, costs, node, low, high):
    """Score of all links and turns that touch residues low … high."""
    start, source, link, turn, turn_start = graph
    L = len(node)
    begin = low - 1
    while begin > 0 and node[begin] < 0:
        begin -= 1
    begin = max(begin - 1, 0)
    end = high + 1
    while end < L and node[end] < 0:
        end += 1
    end = min(end + 1, L - 1)
    total = 0.0
    last = -1
    for i in range(begin, end + 1):
        p = node[i]
        if p < 0:
            continue
        if last >= 0 and chain[last] == chain[i]:
            total += pair_score(positions, start, source, link, costs, last, node[last], i, p)
            if last == i - 1 and i - 2 >= begin and node[i - 2] >= 0 and chain[i - 2] == chain[i]:
                total += _turn(start, source, turn, turn_start, node[i - 2], node[i - 1], p)
        last = i
    return total
