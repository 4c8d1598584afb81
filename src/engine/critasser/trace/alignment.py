"""Where each residue may be: probabilities over all walks of the sequence on the graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.trace.alignment_kernels import backward, forward, walk
from critasser.trace.graph import CandidateGraph

__all__ = ["Alignment", "GapScores", "align"]

FIRST_SHARPNESS = 0.2
FIRST_STEP = 0.15
LAST_STEP = 0.03
# Uses beyond the first, as a share of residues, up to which log-odds may become sharper.
MOST_EXCESS = 0.08
# Good rounds at full sharpness after which the ascent ends.
SETTLED = 12


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
    """

    marginal: NDArray[np.float32]
    sharpness: float
    penalty: NDArray[np.float64]
    _state: tuple
    _arguments: tuple

    def draw(self, rng: np.random.Generator) -> NDArray[np.int32]:
        """One walk: the position (L,) of each residue or −1; positions may repeat."""
        L = len(self.marginal)
        node = np.empty(L, dtype=np.int32)
        edges, begins, nodes, gaps, scale = self._state
        draws = rng.random(4 * L + 4)
        walk(*self._arguments, edges, begins, nodes, gaps, scale, draws, node)
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
    edges = np.empty((L, len(graph.source)), dtype=np.float32)
    begins = np.empty((L, n), dtype=np.float32)
    nodes = np.empty((L, n), dtype=np.float32)
    gap = np.empty(L)
    scale = np.empty(L)
    marginal = np.empty((L, n), dtype=np.float32)
    sharpness, step = FIRST_SHARPNESS, FIRST_STEP
    rise = (1.0 - FIRST_SHARPNESS) / (0.55 * rounds)
    settled = 0
    for this in range(rounds):
        arguments = _weights(emission - penalty, graph, joined, gaps, sharpness)
        forward(*arguments, edges, begins, nodes, gap, scale)
        backward(*arguments, edges, begins, scale, marginal)
        usage = marginal.sum(axis=0)
        excess = np.maximum(usage - 1, 0).sum() / min(L, n)
        if tick is not None:
            tick((this + 1) / rounds)
        if sharpness == 1.0 and excess < 0.04:
            settled += 1
        if this == rounds - 1 or settled == SETTLED:
            break
        change = step / sharpness * np.log(np.clip(usage, 0.05, 20.0))
        penalty = np.maximum(penalty + change, 0.0)
        if excess < MOST_EXCESS:
            sharpness = min(1.0, sharpness + rise)
        else:
            step = max(0.97 * step, LAST_STEP)
    return Alignment(marginal, sharpness, penalty, (edges, begins, nodes, gap, scale), arguments)


def _weights(
    emission: NDArray,
    graph: CandidateGraph,
    joined: NDArray[np.bool_],
    gaps: GapScores,
    sharpness: float,
) -> tuple:
    """Arguments of `forward`, up to `jump`."""
    n = emission.shape[1]

    def weight(log_odds: NDArray) -> NDArray[np.float32]:
        return np.exp(np.clip(sharpness * log_odds, -40, 40)).astype(np.float32)

    return (
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
