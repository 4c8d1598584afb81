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
)
from critasser.trace.graph import CandidateGraph
from critasser.trace.states import choose_positions, connect, every_position
from critasser.trace.turns import TurnTables, turn_tables
from critasser.trace.walk_kernels import walk

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

MOST_POSITIONS, FIRST_POSITIONS = 1024, 384
"""Positions in a map up to which each residue may be at all of them at first, and where it may be
at first in larger maps: those that it and its neighbours suit best (`states.choose_positions`), so
that time goes with the residues alone."""

POSITIONS_A_RESIDUE, NARROWED_AFTER = 128, 0.25
"""Places that are left of each residue, those where most walks have it, after this share of the
rounds. Windows along the chain do not know the right place where amino acids tell little (of
EMD-1461_VP6_box, 3.8 Å, TM-score 0.91 by all places and 0.86 by so few from the beginning), but
sums over whole walks soon do: of the places where residues are in the end 0.985 to 1.00 are among
those that are left, after a tenth of the rounds 0.86 to 0.98 would be."""

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
    first_states : States
        Where each residue might be at first.
    """

    marginal: NDArray[np.float32]
    sharpness: float
    penalty: NDArray[np.float64]
    states: States
    weights: Weights
    sums: Sums
    first_states: States

    @property
    def log_likelihood(self) -> float:
        """Logarithm of the sum over all walks that use each position at most once, a bound of it:
        that of all walks at the penalties, and the sum of these (Lagrange's dual)."""
        return float(np.log(self.sums.scale).sum()) / self.sharpness + float(self.penalty.sum())

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
        Where each residue may be at first, of another alignment; chosen anew without it.
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
    first_states = states
    residue, own, sums, marginal = _prepared(emission, states)
    narrowed = round(NARROWED_AFTER * rounds) if len(own) > POSITIONS_A_RESIDUE * L else -1
    sharpness, step = FIRST_SHARPNESS, FIRST_STEP
    rise = (1.0 - FIRST_SHARPNESS) / (RISE * rounds)
    good, weights, weighed = 0, None, 0.0
    tables = turn_tables(graph, _used(states, n))
    for this in range(rounds):
        log_odds = own - penalty[states.position]
        if weights is None or sharpness != weighed:
            weights = _weights(log_odds, graph, tables, joined, gaps, sharpness)
            weighed = sharpness
        else:
            weights = weights._replace(emission=_weight(log_odds, sharpness))
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
        if this == narrowed:
            states = connect(_likeliest(states, marginal), graph, joined)
            residue, own, sums, marginal = _prepared(emission, states)
            tables, weights = turn_tables(graph, _used(states, n)), None
        change = step / sharpness * np.log(np.clip(use, LEAST_USE, MOST_USE))
        penalty = np.maximum(penalty + change, 0.0)
        if excess < MOST_EXCESS:
            sharpness = min(1.0, sharpness + rise)
        else:
            step = max(STEP_DECAY * step, LAST_STEP)
    probability = np.zeros((L, n), dtype=np.float32)
    probability[residue, states.position] = marginal
    return Alignment(probability, sharpness, penalty, states, weights, sums, first_states)


def _choose_states(
    emission: NDArray[np.float32], graph: CandidateGraph, joined: NDArray[np.bool_]
) -> States:
    """All positions for each residue of a small map, the likeliest of a large one."""
    L, n = emission.shape
    if n <= MOST_POSITIONS:
        return connect(every_position(L, n), graph, joined)
    chosen = choose_positions(emission, graph, joined, FIRST_POSITIONS)
    return connect(chosen, graph, joined)


def _used(states: States, count: int) -> NDArray[np.bool_]:
    """Which of so many positions are some residue's."""
    used = np.zeros(count, dtype=bool)
    used[states.position] = True
    return used


def _likeliest(states: States, marginal: NDArray[np.float32]) -> NDArray[np.int32]:
    """The positions (L, k), ascending, where most walks have each residue."""
    L = len(states.row) - 1
    position, share = states.position.reshape(L, -1), marginal.reshape(L, -1)
    others = share.shape[1] - POSITIONS_A_RESIDUE
    best = np.argpartition(share, others, axis=1)[:, others:]
    return np.sort(np.take_along_axis(position, best, axis=1), axis=1)


def _prepared(
    emission: NDArray[np.float32], states: States
) -> tuple[NDArray[np.int64], NDArray[np.float32], Sums, NDArray[np.float32]]:
    """Residue and log-odds of each place, and room for sums and probabilities."""
    residue = np.repeat(np.arange(len(emission)), np.diff(states.row))
    own = emission[residue, states.position]
    return residue, own, _new_sums(states), np.empty(len(own), dtype=np.float32)


def _new_sums(states: States) -> Sums:
    """Room for the sums of all states."""
    L = len(states.row) - 1
    begins, nodes = np.empty((2, len(states.position)), dtype=np.float32)
    edges = np.empty(len(states.edge), dtype=np.float32)
    return Sums(edges, begins, nodes, np.empty(L), np.empty(L))


def _weight(log_odds: NDArray, sharpness: float) -> NDArray[np.float32]:
    bounded = np.clip(sharpness * log_odds, -MOST_LOG_WEIGHT, MOST_LOG_WEIGHT)
    return np.exp(bounded).astype(np.float32)


def _weights(
    emission: NDArray,
    graph: CandidateGraph,
    tables: TurnTables,
    joined: NDArray[np.bool_],
    gaps: GapScores,
    sharpness: float,
) -> Weights:
    """Weights of walks from log-odds; `joined` (L,) is `Weights.bonded`."""
    n = len(graph.positions)
    return Weights(
        _weight(emission, sharpness),
        _weight(graph.link, sharpness),
        tables.filled(_weight(graph.turn[tables.turn], sharpness)),
        _weight(graph.skip + gaps.skip + gaps.missing, sharpness),
        joined,
        np.exp(sharpness * gaps.opened) / n,
        np.exp(sharpness * gaps.missing),
        np.exp(sharpness * gaps.jump) / n,
    )
