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
    """Where each turn of a graph has its weight.

    Attributes
    ----------
    after, before : ndarray (k,) int64
        Place of each turn in the tables of these names, one after the other.
    turned : ndarray (k,) bool
        Not straight back.
    row, parts, into, out_of : ndarray
        As in `Turns`.
    """

    after: NDArray[np.int64]
    before: NDArray[np.int64]
    turned: NDArray[np.bool_]
    row: NDArray[np.int64]
    parts: NDArray[np.int64]
    into: NDArray[np.int64]
    out_of: NDArray[np.int64]

    def filled(self, turn: NDArray[np.float32]) -> Turns:
        """With weights (k,) of the turns."""
        after, before = np.zeros((2, self.row[-1], WIDTH), dtype=np.float32)
        after.ravel()[self.after] = before.ravel()[self.before] = np.where(self.turned, turn, 0)
        return Turns(after, before, self.row, self.parts, self.into, self.out_of)


def turn_tables(graph: CandidateGraph) -> TurnTables:
    """Lay out the tables of a graph.

    Raises
    ------
    ValueError
        A position has more than sixteen edges.
    """
    degree = np.diff(graph.start).astype(np.int64)
    if degree.max(initial=0) > MOST_EDGES:
        raise ValueError(f"a position has {degree.max()} edges; {MOST_EDGES} are held at most")
    parts = -(-degree // WIDTH)
    row = np.concatenate([[0], np.cumsum(degree * parts)])
    target = np.repeat(np.arange(len(degree)), degree)
    into = np.arange(len(target)) - graph.start[target]
    out_of = into[graph.reverse]
    # All turns of an edge, by the edges that lead to its tail.
    tail = graph.source.astype(np.int64)
    edge = np.repeat(np.arange(len(tail)), degree[tail])
    led = np.arange(len(edge)) - graph.turn_start[edge]
    at, left = tail[edge], out_of[edge]
    after = (row[at] + led * parts[at]) * WIDTH + left
    before = (row[at] + left * parts[at]) * WIDTH + led
    return TurnTables(after, before, led != left, row, parts, into, out_of)
