"""Tables of the weights of two edges after each other, as `turn_kernels` reads them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.trace.graph import CandidateGraph
from critasser.trace.turn_kernels import MOST_EDGES, WIDTH, Turns

__all__ = ["TurnTables", "turn_tables"]


@dataclass(frozen=True, eq=False)
class TurnTables:
    """Where each turn of a graph has its weight; k turns, at the positions that are used alone.

    Attributes
    ----------
    turn : ndarray (k,) int64
        Which of `CandidateGraph.turn`; never one straight back.
    after, before : ndarray (k,) int64
        Place of each turn in the tables of these names, one after the other.
    row, parts, into, out_of : ndarray
        As in `Turns`.
    """

    turn: NDArray[np.int64]
    after: NDArray[np.int64]
    before: NDArray[np.int64]
    row: NDArray[np.int64]
    parts: NDArray[np.int64]
    into: NDArray[np.int64]
    out_of: NDArray[np.int64]

    def filled(self, weight: NDArray[np.float32]) -> Turns:
        """With weights (k,) of the turns."""
        after, before = np.zeros((2, self.row[-1], WIDTH), dtype=np.float32)
        after.ravel()[self.after] = before.ravel()[self.before] = weight
        return Turns(after, before, self.row, self.parts, self.into, self.out_of)


def turn_tables(graph: CandidateGraph, used: NDArray[np.bool_]) -> TurnTables:
    """Lay out the tables of a graph.

    Parameters
    ----------
    graph : CandidateGraph
    used : ndarray (n,) bool
        Positions that have tables: at the others no walk turns.

    Raises
    ------
    ValueError
        A position has more than sixteen edges.
    """
    degree = np.diff(graph.start).astype(np.int64)
    if degree.max(initial=0) > MOST_EDGES:
        raise ValueError(f"a position has {degree.max()} edges; {MOST_EDGES} are held at most")
    parts = -(-degree // WIDTH)
    row = np.concatenate([[0], np.cumsum(np.where(used, degree * parts, 0))])
    target = np.repeat(np.arange(len(degree)), degree)
    into = np.arange(len(target)) - graph.start[target]
    out_of = into[graph.reverse]
    # All turns of an edge, by the edges that lead to its tail.
    leaving = np.flatnonzero(used[graph.source])
    tail = graph.source[leaving].astype(np.int64)
    edge = np.repeat(leaving, degree[tail])
    led = np.arange(len(edge)) - np.repeat(np.cumsum(degree[tail]) - degree[tail], degree[tail])
    turned = led != out_of[edge]
    edge, led = edge[turned], led[turned]
    at, left = graph.source[edge], out_of[edge]
    after = (row[at] + led * parts[at]) * WIDTH + left
    before = (row[at] + left * parts[at]) * WIDTH + led
    return TurnTables(graph.turn_start[edge] + led, after, before, row, parts, into, out_of)
