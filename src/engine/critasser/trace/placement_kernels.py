"""Score of a placement, whole or across cuts.

A placement is ``node`` (L,): the position of each residue or −1, no position twice. Its score is

    sum of emissions + sum of `pair_score` over consecutive placed residues
    + sum of turns over bonded triples,

where each residue without position has a score of its own instead of an emission.

Arrays of `Scoring` are read where they stand, not by names of their own: these would be counted as
references at each call.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from critasser.structure.compilation import inlined
from critasser.structure.geometry import CALPHA_BOND, CLASH

__all__ = ["Scoring", "cuts_score", "pair_score", "pair_scores", "placement_score", "span_score"]

POSITION_ERROR = 0.8
"""Å by which a stretched chain may seem too long, since the positions at its ends are off."""

NO_CUT = -5
"""Stands for no cut before: no residue lies beside it."""


class Scoring(NamedTuple):
    """All that scores a placement; L residues, n positions, m directed edges."""

    emission: np.ndarray  # (L, n) float32, log-odds of residue i at position p
    missing: float  # score of each residue without position
    chain: np.ndarray  # (L,) int64, chain of each residue
    positions: np.ndarray  # (n, 3) float64, Å
    start: np.ndarray  # (n + 1,) int32, as in `CandidateGraph`, like the next four
    source: np.ndarray  # (m,) int32
    link: np.ndarray  # (m,) float32
    turn_start: np.ndarray  # (m,) int32
    turn: np.ndarray  # (k,) float32
    span: np.ndarray  # (s, d) float32, `Statistics.span`
    gap: float  # cost of a gap of two residues or more
    skip: float  # cost of a gap of one residue
    jump: float  # cost of bonded residues at positions that are no edge
    too_far: float  # cost of each Å that a pair is farther apart than the chain reaches
    most_too_far: float  # and at most
    clash: float  # cost of bonded residues that lie too close


@inlined
def _edge(scoring, p, q):
    """Index of the edge q → p, −1 without."""
    for e in range(scoring.start[p], scoring.start[p + 1]):
        if scoring.source[e] == q:
            return e
    return -1


@njit(cache=True, forceinline=True, error_model="numpy")
def pair_score(scoring, i, p, j, q):
    """Score of residue i at p and j > i at q, none placed between them, in one chain."""
    apart = j - i
    if apart == 1:
        e = _edge(scoring, q, p)
        if e >= 0:
            return scoring.link[e]
    dx = scoring.positions[p, 0] - scoring.positions[q, 0]
    dy = scoring.positions[p, 1] - scoring.positions[q, 1]
    dz = scoring.positions[p, 2] - scoring.positions[q, 2]
    distance = math.sqrt(dx * dx + dy * dy + dz * dz)
    beyond = distance - CALPHA_BOND * apart - POSITION_ERROR
    too_far = min(max(scoring.too_far * beyond, 0.0), scoring.most_too_far)
    if apart == 1:
        # Farther apart than any edge may be a break of the sequence.
        value = -scoring.jump - too_far
        return value - scoring.clash if distance < CLASH else value
    longest = len(scoring.span) - 1
    if apart > longest:
        distance *= math.sqrt(longest / apart)
        apart = longest
    worth = scoring.span[apart, min(int(distance), scoring.span.shape[1] - 1)]
    if too_far > 0.0:
        worth = min(worth, -too_far)
    return worth - (scoring.skip if apart == 2 else scoring.gap)


@njit(cache=True, error_model="numpy")
def pair_scores(scoring, pairs, result):
    """`pair_score` of rows i, p, j, q of pairs (k, 4) int64, into result (k,)."""
    for k in range(len(pairs)):
        result[k] = pair_score(scoring, pairs[k, 0], pairs[k, 1], pairs[k, 2], pairs[k, 3])


@inlined
def _turn(scoring, p, q, r):
    """Score of the turn p → q → r; 0 unless both are edges."""
    first = _edge(scoring, q, p)
    if first < 0:
        return 0.0
    second = _edge(scoring, r, q)
    if second < 0:
        return 0.0
    return scoring.turn[scoring.turn_start[second] + first - scoring.start[q]]


@inlined
def _placed(scoring, node, i, j):
    """Residue i has a position and is of the chain of residue j."""
    return node[i] >= 0 and scoring.chain[i] == scoring.chain[j]


@njit(cache=True, error_model="numpy")
def placement_score(scoring, node):
    """Score of a whole placement (L,) int32, from nothing but its definition."""
    total = 0.0
    last = -1
    for i in range(len(node)):
        p = node[i]
        if p < 0:
            total += scoring.missing
            continue
        total += scoring.emission[i, p]
        if last >= 0 and scoring.chain[last] == scoring.chain[i]:
            total += pair_score(scoring, last, node[last], i, p)
            if last == i - 1 and i > 1 and _placed(scoring, node, i - 2, i):
                total += _turn(scoring, node[i - 2], node[i - 1], p)
        last = i
    return total


@njit(cache=True, forceinline=True, error_model="numpy")
def cuts_score(scoring, node, cuts, count):
    """Score of the links and turns across cuts (cut c lies between residues c and c + 1)."""
    L = len(node)
    total = 0.0
    before = NO_CUT
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
        within = left >= 0 and right < L and left > before
        if within and scoring.chain[left] == scoring.chain[right]:
            p = node[left]
            q = node[right]
            total += pair_score(scoring, left, p, right, q)
            if right == left + 1:
                if before != left - 1 and left > 0 and _placed(scoring, node, left - 1, left):
                    total += _turn(scoring, node[left - 1], p, q)
                if right + 1 < L and _placed(scoring, node, right + 1, right):
                    total += _turn(scoring, p, q, node[right + 1])
        before = cut
    return total


@njit(cache=True, forceinline=True, error_model="numpy")
def span_score(scoring, node, low, high):
    """Score of all links and turns that touch residues low … high."""
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
        if last >= 0 and scoring.chain[last] == scoring.chain[i]:
            total += pair_score(scoring, last, node[last], i, p)
            if last == i - 1 and i - 2 >= begin and _placed(scoring, node, i - 2, i):
                total += _turn(scoring, node[i - 2], node[i - 1], p)
        last = i
    return total
