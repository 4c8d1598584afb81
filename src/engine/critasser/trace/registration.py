"""Our own way from positions to traces: the sequence itself finds its way through the graph.

1. Probabilities over all walks of the sequence through the candidate graph (`alignment`): where
   amino acids tell anything this alone is nearly the answer.
2. Starts: walks drawn from those probabilities, and ways through the positions by links alone,
   which are all there is where amino acids tell nothing.
3. Each start is annealed under the full score, no position twice (`placement`).
4. The best pieces of all are united by an integer programme, and polished.
5. Confidence: how probable a residue's position is over all walks, and how many of the best
   placements agree.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from critasser.density import FeatureMaps, Grid
from critasser.structure import CalphaSet, Target, Trace
from critasser.trace.alignment import Alignment, GapScores, align
from critasser.trace.graph import candidate_graph
from critasser.trace.placement import Placement, Problem, cover, improve, unite, without_repeats
from critasser.trace.profiles import emissions
from critasser.trace.statistics import statistics

__all__ = ["registration"]

STARTS = 24
MOVES_PER_RESIDUE = 2000


def registration(
    calpha: CalphaSet,
    features: FeatureMaps,
    density: Grid,
    target: Target,
    resolution: float,
    *,
    rng: np.random.Generator,
    count: int = 40,
    contacts: NDArray[np.float64] | None = None,
    joinings: int = 100_000,
    progress: Callable[[float, str], None] | None = None,
) -> tuple[Trace, ...]:
    """Traces by registering the sequence on the graph of positions.

    Parameters and result as `build_traces`; `joinings` has no part in this strategy.
    """
    report = progress or (lambda fraction, message: None)
    known = statistics()
    report(0.0, "graph of Cα positions")
    graph = candidate_graph(calpha, features, known.link)
    emission = emissions(calpha, target, known)
    gaps = GapScores()
    report(0.02, "probabilities over all walks")
    alignment = align(emission, graph, target.bonded, gaps)
    problem = Problem(emission, graph, target.chain_index, gaps)
    found = _search(problem, alignment, rng, report)
    report(0.85, "uniting fragments")
    found.sort(key=lambda placement: -placement.score)
    united = unite(problem, found[:12])
    found.append(united)
    found.append(
        improve(problem, united.node, rng, steps=300 * len(target), hot=0.5)
    )
    found.sort(key=lambda placement: -placement.score)
    found = _distinct(found, count)
    confidence = _confidence(found, alignment)
    report(1.0, f"{len(found)} traces")
    return tuple(
        Trace(
            np.where((p.node >= 0)[:, None], calpha.positions[p.node], np.nan),
            np.where(p.node >= 0, c, 0.0),
            p.score,
            "registration",
        )
        for p, c in zip(found, confidence)
    )


def _search(
    problem: Problem,
    alignment: Alignment,
    rng: np.random.Generator,
    report: Callable[[float, str], None],
) -> list[Placement]:
    L = len(problem.chain)
    found = []
    steps = MOVES_PER_RESIDUE * L
    for k in range(STARTS):
        if k % 2 == 0:
            start = without_repeats(alignment.draw(rng), alignment.marginal)
            hot = 1.0
        else:
            start = cover(problem.graph, L, rng)
            hot = 2.5

        def tick(done: float, k: int = k) -> None:
            report(0.1 + 0.75 * (k + done) / STARTS, f"search {k + 1} of {STARTS}")

        found.append(improve(problem, start, rng, steps=steps, hot=hot, tick=tick))
    return found


def _distinct(placements: list[Placement], count: int) -> list[Placement]:
    """The best that differ from all better ones in more than a twentieth of their residues."""
    chosen: list[Placement] = []
    for placement in placements:
        if all(np.mean(placement.node != other.node) > 0.05 for other in chosen):
            chosen.append(placement)
        if len(chosen) == count:
            break
    return chosen


def _confidence(placements: list[Placement], alignment: Alignment) -> list[NDArray[np.float64]]:
    nodes = np.array([placement.node for placement in placements])
    result = []
    for node in nodes:
        at = np.maximum(node, 0)
        marginal = alignment.marginal[np.arange(len(node)), at]
        agree = (nodes == node).mean(axis=0)
        result.append(np.clip(0.5 * marginal + 0.5 * agree, 0.0, 1.0))
    return result
