"""Monte Carlo over which residue sits at which position."""

from __future__ import annotations

# ruff: noqa: NPY002 — compiled code knows only this generator; its seed comes from the caller's.
import math
from typing import NamedTuple

import numpy as np
from numba import njit

from critasser.structure.compilation import borrowed, inlined
from critasser.trace.piece_kernels import (
    ENDS,
    INSIDE,
    NOTHING,
    bring_piece,
    exchange_distant,
    place_residue,
    reverse_piece,
    shift_piece,
)
from critasser.trace.placement_kernels import cuts_score, span_score

__all__ = ["Schedule", "anneal", "score_change"]

PLACE, DROP, REVERSE, BRING, SHIFT = 0.36, 0.40, 0.55, 0.72, 0.92
"""Shares of the moves, each the upper bound of where its uniform number falls; what is left are
exchanges. Chosen by hand, as are the other odds below."""

IMPROVED = 1e-6
"""By which a score must be better to be the best; less may be a rounding error."""


class Schedule(NamedTuple):
    """Of the annealing."""

    steps: int  # moves
    hot: float  # temperature at the first, in units of log-odds, geometric to
    cold: float  # that after the last
    seed: int


@njit(cache=True, forceinline=True, error_model="numpy")
def score_change(scoring, search, ranges, links):
    """Change of the score by the move in `Search.trial`."""
    inside = links == INSIDE
    delta = 0.0
    for r in range(ranges):
        for k in range(search.low[r], search.high[r] + 1):
            p = search.trial[k]
            q = search.node[k]
            if p != q:
                delta += scoring.missing if p < 0 else scoring.emission[k, p]
                delta -= scoring.missing if q < 0 else scoring.emission[k, q]
        # Links inside a piece that moves over a chain's end are not the same ones.
        if scoring.chain[search.low[r]] != scoring.chain[search.high[r]]:
            inside = True
    if inside:
        delta += span_score(scoring, search.trial, search.low[0], search.high[ranges - 1])
        delta -= span_score(scoring, search.node, search.low[0], search.high[ranges - 1])
        return delta
    count = 3
    if links == ENDS:
        count = 0
        for r in range(ranges):
            search.old_cuts[count] = search.low[r] - 1
            search.old_cuts[count + 1] = search.high[r]
            count += 2
        for k in range(count):
            search.new_cuts[k] = search.old_cuts[k]
    delta += cuts_score(scoring, search.trial, search.new_cuts, count)
    delta -= cuts_score(scoring, search.node, search.old_cuts, count)
    return delta


@inlined
def _accept(search, ranges):
    """Make the move that was tried."""
    for r in range(ranges):
        for k in range(search.low[r], search.high[r] + 1):
            if search.node[k] >= 0:
                search.where[search.node[k]] = -1
    for r in range(ranges):
        for k in range(search.low[r], search.high[r] + 1):
            search.node[k] = search.trial[k]
            if search.node[k] >= 0:
                search.where[search.node[k]] = k


@inlined
def _take_back(search, ranges):
    """Forget the move that was tried."""
    for r in range(ranges):
        for k in range(search.low[r], search.high[r] + 1):
            search.trial[k] = search.node[k]


@njit(cache=True, error_model="numpy")
def anneal(scoring, next_copy, search, schedule, score, best_score):
    """Anneal a placement.

    Parameters
    ----------
    scoring : Scoring
    next_copy : ndarray (L,)
        See `chain_copies.next_copies`.
    search : Search
        Changed in place.
    schedule : Schedule
    score, best_score : float
        Of `Search.node` and `Search.best`.

    Returns
    -------
    score, best_score : float
    """
    scoring, search = borrowed(scoring), borrowed(search)
    np.random.seed(schedule.seed)
    cooling = (schedule.cold / schedule.hot) ** (1.0 / max(schedule.steps, 1))
    temperature = schedule.hot
    for _ in range(schedule.steps):
        temperature *= cooling
        kind = np.random.random()
        i = int(np.random.random() * len(search.node))
        if kind < DROP:
            ranges, links = place_residue(scoring, search, i, kind >= PLACE)
        elif kind < REVERSE:
            ranges, links = reverse_piece(scoring, search, i)
        elif kind < BRING:
            ranges, links = bring_piece(scoring, search, i)
        elif kind < SHIFT:
            ranges, links = shift_piece(scoring, search, i)
        else:
            ranges, links = exchange_distant(scoring, search, next_copy, i)
        if ranges == NOTHING:
            continue
        delta = score_change(scoring, search, ranges, links)
        if delta >= 0.0 or np.random.random() < math.exp(delta / temperature):
            _accept(search, ranges)
            score += delta
            if score > best_score + IMPROVED:
                best_score = score
                # One by one: a whole array at once takes seconds to compile.
                for k in range(len(search.node)):
                    search.best[k] = search.node[k]
        else:
            _take_back(search, ranges)
    return score, best_score
