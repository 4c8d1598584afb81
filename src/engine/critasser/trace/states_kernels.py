"""Choose where each residue may be, and connect these places."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from critasser.structure.compilation import within_kernels

__all__ = ["Links", "connect_places", "likeliest_paths", "likeliest_turns", "path_scores"]


class Links(NamedTuple):
    """The graph's links and turns as log-odds, as in `CandidateGraph`."""

    start: np.ndarray
    source: np.ndarray
    target: np.ndarray
    reverse: np.ndarray
    link: np.ndarray
    turn_start: np.ndarray
    turn: np.ndarray


@njit(cache=True)
def likeliest_turns(links, following, preceding):
    """The likeliest edge after and before each edge by link and turn, −1 without any.

    Parameters
    ----------
    links : Links
    following, preceding : ndarray (m,) int64
        Filled.
    """
    m = len(links.source)
    following[:] = -1
    preceding[:] = -1
    best_following = np.full(m, -np.inf)
    best_preceding = np.full(m, -np.inf)
    for p in range(len(links.start) - 1):
        for e in range(links.start[p], links.start[p + 1]):
            for back in range(links.start[p], links.start[p + 1]):
                if back == e:
                    continue
                after = links.reverse[back]
                turn = links.turn[links.turn_start[after] + e - links.start[p]]
                if links.link[after] + turn > best_following[e]:
                    best_following[e] = links.link[after] + turn
                    following[e] = after
                if links.link[e] + turn > best_preceding[after]:
                    best_preceding[after] = links.link[e] + turn
                    preceding[after] = e


@njit(cache=True)
def likeliest_paths(links, following, preceding, paths):
    """The likeliest ways on which the chain may run through each position.

    Each begins with one of the likeliest turns at the position, in either direction, and goes on by
    the likeliest edge after each edge.

    Parameters
    ----------
    links : Links
    following, preceding : ndarray (m,) int64
        Of `likeliest_turns`.
    paths : ndarray (n, t, 2 w + 1) int32
        Filled: t paths through each position, which is in the middle; −1 beyond their ends.
    """
    count, half = paths.shape[1], paths.shape[2] // 2
    worth = np.empty(count)
    into, onward = np.empty(count, np.int64), np.empty(count, np.int64)
    paths[:] = -1
    for p in range(len(links.start) - 1):
        worth[:] = -np.inf
        into[:] = -1
        onward[:] = -1
        for e in range(links.start[p], links.start[p + 1]):
            for back in range(links.start[p], links.start[p + 1]):
                if back == e:
                    continue
                after = links.reverse[back]
                turn = links.turn[links.turn_start[after] + e - links.start[p]]
                value = links.link[e] + links.link[after] + turn
                worst = np.argmin(worth)
                if value > worth[worst]:
                    worth[worst] = value
                    into[worst] = e
                    onward[worst] = after
        for t in range(count):
            paths[p, t, half] = p
            e = onward[t]
            for k in range(1, half + 1):
                if e < 0:
                    break
                paths[p, t, half + k] = links.target[e]
                e = following[e]
            e = into[t]
            for k in range(1, half + 1):
                if e < 0:
                    break
                paths[p, t, half - k] = links.source[e]
                e = preceding[e]


@within_kernels
def _along(emission, path, i, step, last):
    """Sum of emissions of the residues after (step 1) or before (−1) residue i along a path."""
    half = len(path) // 2
    total = 0.0
    for k in range(1, last + 1):
        q = path[half + step * k]
        if q < 0:
            break
        total += emission[i + step * k, q]
    return total


@njit(cache=True)
def path_scores(emission, bonded, paths, scores):
    """Score of residue i at position p, with its neighbours along the best path through p.

    A side of the path that speaks against it is left out, since the path may be wrong there.

    Parameters
    ----------
    emission : ndarray (L, n) float32
        Log-odds.
    bonded : ndarray (L,) bool
        Residue i is bonded to residue i − 1.
    paths : ndarray (n, t, 2 w + 1) int32
        Of `likeliest_paths`.
    scores : ndarray (L, n) float32
        Filled.
    """
    L, n = emission.shape
    half = paths.shape[2] // 2
    for i in range(L):
        before, after = 0, 0
        while before < half and i - before > 0 and bonded[i - before]:
            before += 1
        while after < half and i + after + 1 < L and bonded[i + after + 1]:
            after += 1
        for p in range(n):
            best = -np.inf
            for t in range(paths.shape[1]):
                forth = _along(emission, paths[p, t], i, 1, after)
                back = _along(emission, paths[p, t], i, -1, before)
                best = max(best, max(forth + back, max(forth, back)))
            scores[i, p] = emission[i, p] + best


@within_kernels
def _mark(states, i, place_of, marked):
    """Note the places of row i by position, or take them away again."""
    if i >= 0:
        for x in range(states.row[i], states.row[i + 1]):
            place_of[states.position[x]] = x if marked else -1


@njit(cache=True)
def connect_places(graph, bonded, states, fill):
    """Count the arrivals at each place, or fill them in once they are counted.

    Parameters
    ----------
    graph : tuple of ndarray
        start, source, skip_start, skip_source as in `CandidateGraph`.
    bonded : ndarray (L,) bool
        Residue i is bonded to residue i − 1.
    states : States
        Rows and positions are read; the rest is written.
    fill : bool
        Whether to fill in; else `arrival` and `over` are written.
    """
    start, source, skip_start, skip_source = graph
    before = np.full(len(start) - 1, -1, np.int64)
    two_before = np.full(len(start) - 1, -1, np.int64)
    arrivals, overs = 0, 0
    for i in range(len(states.row) - 1):
        joined = i > 0 and bonded[i]
        over = i > 1 and joined and bonded[i - 1]
        for x in range(states.row[i], states.row[i + 1]):
            p = states.position[x]
            if not fill:
                states.arrival[x] = arrivals
                states.over[x] = overs
            if joined:
                for e in range(start[p], start[p + 1]):
                    if before[source[e]] >= 0:
                        if fill:
                            states.edge[arrivals] = e
                            states.tail[arrivals] = before[source[e]]
                        arrivals += 1
            if over:
                for s in range(skip_start[p], skip_start[p + 1]):
                    if two_before[skip_source[s]] >= 0:
                        if fill:
                            states.pair[overs] = s
                            states.over_tail[overs] = two_before[skip_source[s]]
                        overs += 1
        _mark(states, i - 2, two_before, False)
        _mark(states, i - 1, two_before, True)
        _mark(states, i - 1, before, False)
        _mark(states, i, before, True)
    if not fill:
        states.arrival[-1] = arrivals
        states.over[-1] = overs
