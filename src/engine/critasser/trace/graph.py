"""The graph of Cα positions: which may be neighbours in the chain, and how likely that is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.density import FeatureMaps, sample
from critasser.structure import CalphaSet, CalphaTriples
from critasser.trace.other_molecules import beside_others

__all__ = ["CandidateGraph", "LinkModel", "candidate_graph", "link_features"]

# No two consecutive Cα are farther apart, nor two with one between, once positions are 1 Å off.
LINK_REACH = 6.2
SKIP_REACH = 8.2
TURN_BIN = 0.25

# Of the log-odds that the chain runs through a triple this way, and what they are bounded by: the
# networks that say so have seen the same density as those that say the rest.
WAY_WEIGHT, WAY_BOUND = 0.5, 6.0
# Of triples that were not read, since better neighbours were.
WAY_UNREAD = -3.0


@dataclass(frozen=True, eq=False)
class LinkModel:
    """What makes two positions consecutive residues, learnt by `statistics.learn_links`.

    Attributes
    ----------
    weights : ndarray (f,)
        Logistic regression on `link_features`.
    turn : ndarray (3, b)
        Log-odds of the distance between the residues before and after one in helix, strand or
        coil, in bins of 0.25 Å.
    """

    weights: NDArray[np.float64]
    turn: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CandidateGraph:
    """Directed edges between positions, as compressed rows by head.

    Attributes
    ----------
    positions : ndarray (n, 3) float64
        Å.
    start : ndarray (n + 1,) int32
        Edges ``start[p]:start[p + 1]`` lead to p.
    source, target, reverse : ndarray (m,) int32
        Tail, head, and the same edge the other way round.
    link : ndarray (m,) float32
        Log-odds that tail and head are consecutive residues.
    turn_start, turn : ndarray (m,) int32, (k,) float32
        ``turn[turn_start[e] + j]`` is the log-odds of edge e after the j-th edge to e's tail, by
        the distance it spans and, where the residue network has read it, by its way.
    skip_start, skip_source, skip : ndarray
        Pairs with one residue between that has no position: rows by head, log-odds float32.
    """

    positions: NDArray[np.float64]
    start: NDArray[np.int32]
    source: NDArray[np.int32]
    target: NDArray[np.int32]
    reverse: NDArray[np.int32]
    link: NDArray[np.float32]
    turn_start: NDArray[np.int32]
    turn: NDArray[np.float32]
    skip_start: NDArray[np.int32]
    skip_source: NDArray[np.int32]
    skip: NDArray[np.float32]

    def beside_others(self, share: float) -> CandidateGraph:
        """What links and turns are worth where a share of the positions is of other molecules."""
        if not share:
            return self
        link, turn = (beside_others(odds, share) for odds in (self.link, self.turn))
        return replace(self, link=link.astype(np.float32), turn=turn.astype(np.float32))

    @property
    def kernel_arrays(self) -> tuple[NDArray, ...]:
        """start, source, link, turn, turn_start, as the annealing kernels take them."""
        return self.start, self.source, self.link, self.turn, self.turn_start


def link_features(
    calpha: CalphaSet, features: FeatureMaps, pairs: NDArray[np.int64]
) -> NDArray[np.float64]:
    """What is known of pairs of positions.

    Parameters
    ----------
    calpha : CalphaSet
    features : FeatureMaps
    pairs : ndarray (k, 2)
        Every pair within `LINK_REACH`, each once.

    Returns
    -------
    ndarray (k, 11) float64
    """
    a = calpha.positions[pairs[:, 0]]
    b = calpha.positions[pairs[:, 1]]
    distance = np.linalg.norm(a - b, axis=1)
    grid = features.backbone_grid
    steps = np.linspace(0.15, 0.85, 6)
    along = np.stack([sample(grid, a + t * (b - a)) for t in steps], axis=1)
    least, mean = along.min(axis=1), along.mean(axis=1)
    logit_least = _logit(least)
    logit_mean = _logit(mean)
    x = distance - 3.8
    n = len(calpha.positions)
    # How many others are better neighbours, judged by what tells most: the pair's rank.
    quality = logit_least - 1.5 * np.abs(x)
    rank = _ranks(pairs, quality, n)
    worse, better = rank.max(axis=1), rank.min(axis=1)
    return np.column_stack(
        [
            np.ones(len(pairs)),
            x,
            np.abs(x),
            x * x,
            logit_least,
            logit_mean,
            logit_least * np.abs(x),
            np.minimum(worse, 6),
            np.minimum(better, 6),
            worse < 2,
            better < 2,
        ]
    )


def _logit(probability: NDArray) -> NDArray[np.float64]:
    clipped = np.clip(probability, 0.01, 0.99)
    return np.log(clipped / (1 - clipped))


def _ranks(pairs: NDArray, quality: NDArray, n: int) -> NDArray[np.int64]:
    """Rank (k, 2) of each pair among those of its first and of its second position."""
    heads = np.concatenate([pairs[:, 0], pairs[:, 1]])
    order = np.lexsort((-np.concatenate([quality, quality]), heads))
    first = np.searchsorted(heads[order], np.arange(n))
    rank = np.empty(len(heads), dtype=np.int64)
    rank[order] = np.arange(len(heads)) - first[heads[order]]
    return rank.reshape(2, -1).T


def candidate_graph(
    calpha: CalphaSet, features: FeatureMaps, model: LinkModel, *, most: int = 10
) -> CandidateGraph:
    """Which positions may follow each other.

    Parameters
    ----------
    calpha : CalphaSet
    features : FeatureMaps
        For the backbone probability between positions.
    model : LinkModel
    most : int
        Edges of each position that are kept for sure, best first.

    Returns
    -------
    CandidateGraph
    """
    positions = np.ascontiguousarray(calpha.positions, dtype=np.float64)
    n = len(positions)
    tree = cKDTree(positions)
    pairs = tree.query_pairs(LINK_REACH, output_type="ndarray").reshape(-1, 2).astype(np.int64)
    logit = np.clip(link_features(calpha, features, pairs) @ model.weights, -7.0, 4.0)
    kept = (_ranks(pairs, logit, n) < most).all(axis=1) & (logit > -6.5)
    pairs, logit = pairs[kept], logit[kept]
    order, start, source, target = _compressed(pairs, n)
    m = len(source)
    reverse = np.empty(m, dtype=np.int32)
    place = np.empty(m, dtype=np.int64)
    place[order] = np.arange(m)
    half = m // 2
    reverse[place[:half]] = place[half:]
    reverse[place[half:]] = place[:half]
    link = np.concatenate([logit, logit])[order].astype(np.float32)
    turn_start, turn = _turns(calpha, start, source, target, model)

    far = tree.query_pairs(SKIP_REACH, output_type="ndarray").reshape(-1, 2).astype(np.int64)
    distance = np.linalg.norm(positions[far[:, 0]] - positions[far[:, 1]], axis=1)
    far, distance = far[distance > 4.4], distance[distance > 4.4]
    skip = -np.maximum(distance - 7.4, 0.0) * 3.0
    skip_order, skip_start, skip_source, _ = _compressed(far, n)
    return CandidateGraph(
        positions,
        start,
        source,
        target,
        reverse,
        link,
        turn_start,
        turn,
        skip_start,
        skip_source,
        np.concatenate([skip, skip])[skip_order].astype(np.float32),
    )


def _compressed(pairs: NDArray, n: int) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Both directions of pairs sorted by head: order, start, source, target."""
    source = np.concatenate([pairs[:, 0], pairs[:, 1]])
    target = np.concatenate([pairs[:, 1], pairs[:, 0]])
    order = np.lexsort((source, target))
    source, target = source[order].astype(np.int32), target[order].astype(np.int32)
    start = np.searchsorted(target, np.arange(n + 1)).astype(np.int32)
    return order, start, source, target


def _turns(
    calpha: CalphaSet,
    start: NDArray,
    source: NDArray,
    target: NDArray,
    model: LinkModel,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Log-odds of every edge after every edge that leads to its tail."""
    degree = np.diff(start)[source]
    turn_start = np.concatenate([[0], np.cumsum(degree)])[:-1].astype(np.int32)
    edge = np.repeat(np.arange(len(source)), degree)
    before = np.arange(degree.sum()) - turn_start[edge] + start[source[edge]]
    middle = source[edge]
    first, last = source[before], target[edge]
    apart = np.linalg.norm(calpha.positions[last] - calpha.positions[first], axis=1)
    bins = np.minimum((apart / TURN_BIN).astype(np.int64), model.turn.shape[1] - 1)
    share = calpha.secondary_structure[middle]
    share = (share + 0.02) / (share + 0.02).sum(axis=1, keepdims=True)
    odds = (share * np.exp(model.turn[:, bins]).T).sum(axis=1)
    worth = np.log(odds)
    if calpha.triples is not None and len(calpha.triples.triple):
        worth = worth + WAY_WEIGHT * _ways(calpha.triples, np.column_stack([first, middle, last]))
    return turn_start, worth.astype(np.float32)


def _ways(triples: CalphaTriples, triple: NDArray[np.int64]) -> NDArray[np.float64]:
    """Bounded log-odds (k,) of triples (k, 3); 0 where nothing is known of the middle one."""
    count = 1 + max(int(triples.triple.max()), int(triple.max(initial=0)))

    def key(rows: NDArray) -> NDArray[np.int64]:
        return (rows[:, 0].astype(np.int64) * count + rows[:, 1]) * count + rows[:, 2]

    known = key(triples.triple)
    order = np.argsort(known)
    asked = key(triple)
    place = order[np.minimum(np.searchsorted(known, asked, sorter=order), len(known) - 1)]
    read = np.isin(np.arange(count), triples.triple[:, 1])[triple[:, 1]]
    odds = np.clip(triples.log_odds[place], -WAY_BOUND, WAY_BOUND)
    return np.where(known[place] == asked, odds, np.where(read, WAY_UNREAD, 0.0))
