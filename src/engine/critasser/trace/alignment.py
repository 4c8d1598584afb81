"""Sum over all walks of the sequence on the graph: where each residue may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.trace.alignment_kernels import (
    States,
    Sums,
    Weights,
    add_by_position,
    backward,
    forward,
    walk,
)
from critasser.trace.graph import CandidateGraph
from critasser.trace.states import choose_positions, connect, every_position

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

MOST_POSITIONS = 1024
"""Positions in a map up to which each residue may be at all of them. Fewer places cost accuracy
where the map tells little (EMD-1461_VP6_box, 3.8 Å: TM-score 0.91 by all, 0.86 by 128), and
z-scores were calibrated with all; beyond this many, all of them take minutes."""

POSITIONS_A_RESIDUE = 128
"""Positions where each residue may be in larger maps, so that time goes with the residues alone.
On packed chains (`benchmark.trace_scaling`) of 400 residues 0.95 of them are in register by this
and by all positions; with amino acids that hardly tell (its knowledge 1) 0.92, and 0.95 by all."""

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
    states : States
        Where each residue may be.
    weights : Weights
        Of the last round.
    sums : Sums
        Of the last round.
    """

    marginal: NDArray[np.float32]
    sharpness: float
    penalty: NDArray[np.float64]
    states: States
    weights: Weights
    sums: Sums

    def draw(self, rng: np.random.Generator) -> NDArray[np.int32]:
        """One walk: the position (L,) of each residue or −1; positions may repeat."""
        L = len(self.marginal)
        node = np.empty(L, dtype=np.int32)
        walk(self.weights, self.states, self.sums, rng.random(DRAWS_A_RESIDUE * (L + 1)), node)
        return node


def align(
    emission: NDArray[np.float32],
    graph: CandidateGraph,
    bonded: NDArray[np.bool_],
    gaps: GapScores,
    *,
    rounds: int = 240,
    states: States | None = None,
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
    states : States, optional
        Where each residue may be, of another alignment; chosen anew without it.
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
    if states is None:
        states = _choose_states(emission, graph, joined)
    residue = np.repeat(np.arange(L), np.diff(states.row))
    own = emission[residue, states.position]
    sums = _new_sums(states)
    marginal = np.empty(len(own), dtype=np.float32)
    sharpness, step = FIRST_SHARPNESS, FIRST_STEP
    rise = (1.0 - FIRST_SHARPNESS) / (RISE * rounds)
    good = 0
    for this in range(rounds):
        weights = _weights(own - penalty[states.position], graph, joined, gaps, sharpness)
        forward(weights, states, sums)
        backward(weights, states, sums, marginal)
        use = np.zeros(n, dtype=np.float32)
        add_by_position(states.position, marginal, use)
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
    probability = np.zeros((L, n), dtype=np.float32)
    probability[residue, states.position] = marginal
    return Alignment(probability, sharpness, penalty, states, weights, sums)


def _choose_states(
    emission: NDArray[np.float32], graph: CandidateGraph, joined: NDArray[np.bool_]
) -> States:
    """All positions for each residue of a small map, the likeliest of a large one."""
    L, n = emission.shape
    if n <= MOST_POSITIONS:
        return connect(every_position(L, n), graph, joined)
    chosen = choose_positions(emission, graph, joined, POSITIONS_A_RESIDUE)
    return connect(chosen, graph, joined)


def _new_sums(states: States) -> Sums:
    """Room for the sums of all states."""
    L = len(states.row) - 1
    begins, nodes = np.empty((2, len(states.position)), dtype=np.float32)
    edges = np.empty(len(states.edge), dtype=np.float32)
    return Sums(edges, begins, nodes, np.empty(L), np.empty(L))


def _weights(
    emission: NDArray,
    graph: CandidateGraph,
    joined: NDArray[np.bool_],
    gaps: GapScores,
    sharpness: float,
) -> Weights:
    """Weights of walks from log-odds; `joined` (L,) is `Weights.bonded`."""
    n = len(graph.positions)

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
        weight(graph.skip + gaps.skip + gaps.missing),
        joined,
        np.exp(sharpness * gaps.opened) / n,
        np.exp(sharpness * gaps.missing),
        np.exp(sharpness * gaps.jump) / n,
    )
