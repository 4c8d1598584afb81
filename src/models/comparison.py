"""Measure how far two sets of Cα positions are apart, by residue and as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Run", "best_tm", "differing_runs", "pair_chains", "tm_scale", "tm_sum"]

_SMALLEST_SCALE = 0.5
_ROUNDS = 20


@dataclass(frozen=True)
class Run:
    """Residues in a row that lie apart in two models.

    Attributes
    ----------
    chain, other_chain : str
    first, last, other_first, other_last : int
        Residue numbers in the first model and in the other.
    mean, most : float
        Å.
    """

    chain: str
    first: int
    last: int
    other_chain: str
    other_first: int
    other_last: int
    mean: float
    most: float


def tm_scale(length: int) -> float:
    """The distance ``1.24 (L − 15)^(1/3) − 1.8`` in Å, at least 0.5, at which half counts."""
    if length <= 15:
        return _SMALLEST_SCALE
    return max(_SMALLEST_SCALE, 1.24 * float(length - 15) ** (1.0 / 3.0) - 1.8)


def tm_sum(distances: np.ndarray, length: int) -> float:
    """TM-score of pairs that lie so far apart, of a model of so many residues.

    Zhang Y, Skolnick J (2004) Proteins 57, 702.
    """
    return float((1.0 / (1.0 + (distances / tm_scale(length)) ** 2)).sum() / length)


def best_tm(first: np.ndarray, second: np.ndarray, length: int, superpose) -> float:
    """TM-score over superpositions of paired positions.

    Superpositions are grown from fragments of L, L/2, L/4 … residues: those pairs that lie near
    after one make the next, until they are the same.

    Parameters
    ----------
    first, second : ndarray (n, 3)
        Å; row i of one is the residue of row i of the other.
    length : int
        Residues of the model that the score is of.
    superpose : callable
        ``superpose(points, onto)`` gives an object that moves points when multiplied by them.

    Returns
    -------
    float
        0 … 1.
    """
    n = len(first)
    if n < 3:
        return 0.0
    scale = tm_scale(length)
    best, size = 0.0, n
    while True:
        for start in range(0, n - size + 1, max(size // 2, 1)):
            near = np.zeros(n, dtype=bool)
            near[start : start + size] = True
            for _ in range(_ROUNDS):
                moved = superpose(first[near], second[near]) * first
                distances = np.linalg.norm(moved - second, axis=1)
                best = max(best, tm_sum(distances, length))
                # As many as keep the superposition defined, in the worst case.
                cutoff = max(scale, 1.0)
                while (closer := distances <= cutoff).sum() < 3:
                    cutoff += 0.5
                if (closer == near).all():
                    break
                near = closer
        if size <= max(4, n // 16):
            return best
        size = max(size // 2, 4)


def pair_chains(identity: np.ndarray, apart: np.ndarray, least: float = 0.3) -> list[tuple]:
    """Which chain is which: alike in sequence first of all, then near each other.

    Parameters
    ----------
    identity : ndarray (m, n)
        Share of residues that are the same in chain i of one model and j of the other.
    apart : ndarray (m, n)
        Å, between the chains.
    least : float
        Chains less alike than this are not paired.

    Returns
    -------
    list of (int, int)
    """
    from scipy.optimize import linear_sum_assignment

    # Copies of one chain differ by the distance alone; that never outweighs the sequence.
    cost = -np.round(identity, 2) * 1000.0 + np.minimum(apart, 1000.0) / 200.0
    rows, columns = linear_sum_assignment(cost)
    return [(int(i), int(j)) for i, j in zip(rows, columns) if identity[i, j] >= least]


def differing_runs(
    residues: Sequence[tuple[str, int]],
    others: Sequence[tuple[str, int]],
    distances: np.ndarray,
    above: float,
) -> list[Run]:
    """Runs of pairs that lie further apart than something, the furthest first.

    Parameters
    ----------
    residues, others : sequence of (str, int)
        Chain and number of both residues of each pair, in the order of the first model.
    distances : ndarray (n,)
        Å.
    above : float
        Å.
    """
    runs: list[list[int]] = []
    for index in np.flatnonzero(np.asarray(distances) > above).tolist():
        last = runs[-1][-1] if runs else None
        if last is not None and _follows(residues, last, index) and _follows(others, last, index):
            runs[-1].append(index)
        else:
            runs.append([index])
    found = []
    for run in runs:
        a, b, values = run[0], run[-1], np.asarray(distances)[run]
        found.append(
            Run(*residues[a], residues[b][1], *others[a], others[b][1],
                float(values.mean()), float(values.max()))
        )  # fmt: skip
    return sorted(found, key=lambda run: -run.most)


def _follows(residues: Sequence[tuple[str, int]], before: int, after: int) -> bool:
    chain, number = residues[before]
    return residues[after] == (chain, number + 1)
