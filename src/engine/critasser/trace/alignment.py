"""Sum over all walks of the sequence on the graph: where each residue may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.trace.alignment_kernels import Sums, Weights, backward, forward, walk
from critasser.trace.graph import CandidateGraph

__all__ = ["Alignment", "GapScores", "align"]

FIRST_SHARPNESS = 0.2
"""Of log-odds at the beginning; 1 at the end."""
RISE = 0.55
"""Share of the rounds over which it rises to 1, where nothing holds it up."""

FIRST_STEP, LAST_STEP, STEP_DECAY = 0.15, 0.03, 0.97
"""Steps of the ascent, in log-odds per factor e of use, and by what they become smaller."""
LEAST_USE, MOST_USE = 0.05, 20.0
"""Uses of a position that a step takes note of."""

MOST_EXCESS = 0.08
"""Uses beyond the first, as a share of residues, up to which log-odds may become sharper."""
GOOD_EXCESS, GOOD_ROUNDS = 0.04, 12
"""The ascent ends after so many rounds at full sharpness with less. All of these were chosen by
hand."""

MOST_LOG_WEIGHT = 40.0
"""Bound of exponents, so that float32 holds weights."""

DRAWS_A_RESIDUE = 4
"""Random numbers that a walk needs at most."""


@dataclass(frozen=True)
class GapScores:
    """Log-odds of what a chain does beside following links.

    Attributes
    ----------
    missing : float
        Of each residue without position.
    opened : float
        Of leaving the graph, to go on at any position.
    jump : float
        Of going on at any position without a residue missing (a break in the sequence).
    skip : float
        Of one missing residue between positions that are in reach.
    """

    missing: float = -1.0
    opened: float = -2.0
    jump: float = -5.0
    skip: float = -3.0


@dataclass(frozen=True, eq=False)
class Alignment:
    """Sums over all walks.

    Attributes
    ----------
    marginal : ndarray (L, n) float32
        Probability that residue i is at position p.
    sharpness : float
        Reached at the end: below 1 the evidence does not suffice to use each position once.
    penalty : ndarray (n,) float64
        Logarithm by which each position was made dearer so that it is used once.
    weights : Weights
        Of the last round.
    sums : Sums
        Of the last round.
    """

    marginal: NDArray[np.float32]
    sharpness: float
    penalty: NDArray[np.float64]
    weights: Weights
    sums: Sums

    def draw(self, rng: np.random.Generator) -> NDArray[np.int32]:
        """One walk: the position (L,) of each residue or −1; positions may repeat."""
        L = len(self.marginal)
        node = np.empty(L, dtype=np.int32)
        walk(self.weights, self.sums, rng.random(DRAWS_A_RESIDUE * (L + 1)), node)
        return node


def align(
    emission: NDArray[np.float32],
    graph: CandidateGraph,
    bonded: NDArray[np.bool_],
    gaps: GapScores,
    *,
    rounds: int = 240,
    tick: Callable[[float], None] | None = None,
) -> Alignment:
    """Sum over all walks, with each position used about once.

    Ascent of the dual of "each position at most once": a position that walks use more than once
    becomes dearer. All log-odds are multiplied by a sharpness that rises from 0.2 to 1 only while
    the uses stay near one, since at once at 1 the ascent swings between solutions in which many
    copies of one stretch follow each other.

    Parameters
    ----------
    emission : ndarray (L, n) float32
        Log-odds of residue i at position p.
    graph : CandidateGraph
    bonded : ndarray (L − 1,) bool
        As in `Target`.
    gaps : GapScores
    rounds : int
        Most rounds of the ascent.
    tick : callable, optional
        Told the fraction done.

    Returns
    -------
    Alignment
    """
    L, n = emission.shape
    # Where there are more residues than positions all of these are wanted too often.
    penalty = np.full(n, np.log(max(1.0, L / n)) / FIRST_SHARPNESS)
    joined = np.concatenate([[False], bonded])
    sums = _new_sums(L, n, len(graph.source))
    marginal = np.empty((L, n), dtype=np.float32)
    sharpness, step = FIRST_SHARPNESS, FIRST_STEP
    rise = (1.0 - FIRST_SHARPNESS) / (RISE * rounds)
    good = 0
    for this in range(rounds):
        weights = _weights(emission - penalty, graph, joined, gaps, sharpness)
        forward(weights, sums)
        backward(weights, sums, marginal)
        use = marginal.sum(axis=0)
        excess = np.maximum(use - 1, 0).sum() / min(L, n)
        if tick is not None:
            tick((this + 1) / rounds)
        if sharpness == 1.0 and excess < GOOD_EXCESS:
            good += 1
        if this == rounds - 1 or good == GOOD_ROUNDS:
            break
        change = step / sharpness * np.log(np.clip(use, LEAST_USE, MOST_USE))
        penalty = np.maximum(penalty + change, 0.0)
        if excess < MOST_EXCESS:
            sharpness = min(1.0, sharpness + rise)
        else:
            step = max(STEP_DECAY * step, LAST_STEP)
    return Alignment(marginal, sharpness, penalty, weights, sums)


def _new_sums(L: int, n: int, m: int) -> Sums:
    """Room for the sums of L residues, n positions and m edges."""
    edges = np.empty((L, m), dtype=np.float32)
    begins, nodes = np.empty((2, L, n), dtype=np.float32)
    return Sums(edges, begins, nodes, np.empty(L), np.empty(L))


def _weights(
    emission: NDArray,
    graph: CandidateGraph,
    joined: NDArray[np.bool_],
    gaps: GapScores,
    sharpness: float,
) -> Weights:
    """Weights of walks from log-odds; `joined` (L,) is `Weights.bonded`."""
    n = emission.shape[1]

    def weight(log_odds: NDArray) -> NDArray[np.float32]:
        bounded = np.clip(sharpness * log_odds, -MOST_LOG_WEIGHT, MOST_LOG_WEIGHT)
        return np.exp(bounded).astype(np.float32)

    return Weights(
        weight(emission),
        weight(graph.link),
        weight(graph.turn),
        graph.turn_start,
        graph.start,
        graph.source,
        graph.reverse,
        graph.skip_start,
        graph.skip_source,
        weight(graph.skip + gaps.skip + gaps.missing),
        joined,
        np.exp(sharpness * gaps.opened) / n,
        np.exp(sharpness * gaps.missing),
        np.exp(sharpness * gaps.jump) / n,
    )
