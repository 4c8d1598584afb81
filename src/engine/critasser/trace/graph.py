"""Make the graph of Cα positions: which may be neighbours in the chain, and how likely."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.density import FeatureMaps, sample
from critasser.structure import CalphaSet, CalphaTriples
from critasser.structure.geometry import CALPHA_BOND
from critasser.trace.other_molecules import discount_log_odds

__all__ = ["CandidateGraph", "LinkModel", "candidate_graph", "link_features"]

LINK_REACH, SKIP_REACH = 6.2, 8.2
"""Å between consecutive Cα at most, and between two with one between, once positions are 1 Å off.
These and the numbers below were chosen by hand; what was learnt is in `Statistics`."""

SHORTEST_SKIP, LONGEST_SKIP = 4.4, 7.4
"""Å; nearer positions have none between them, and the farther ones cost `SKIP_COST` an Å."""
SKIP_COST = 3.0

TURN_BIN = 0.25
"""Å of the distance over a turn."""

STEPS = np.linspace(0.15, 0.85, 6)
"""Where along a pair the backbone probability is looked at."""
DISTANCE_WEIGHT = 1.5
"""Of an Å away from a bond's length beside a unit of log-odds, where neighbours are ranked."""
LAST_RANK, FIRST_RANKS = 6, 2
"""Rank from which neighbours are all alike, and how many a residue has in its chain."""

LEAST_LINK, MOST_LINK = -7.0, 4.0
"""Bounds of the log-odds of links."""
WORST_LINK = -6.5
"""Log-odds at which a pair is no edge."""

TRIPLE_WEIGHT, TRIPLE_BOUND = 0.5, 6.0
"""Weight and bound of the log-odds that the chain runs through three positions in order: the
network that says so has seen the same density as those that say the rest."""
UNREAD_TRIPLE = -3.0
"""Log-odds of three positions that were not read, since there were likelier ones."""

LEAST_STRUCTURE = 0.02
"""Added to the probability of each secondary structure."""


@dataclass(frozen=True, eq=False)
class LinkModel:
    """What makes two positions consecutive residues, learnt by `learning.learn_links`.

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
        the distance it spans and, where the residue network has read it, by what that says.
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

    def discounted(self, share: float) -> CandidateGraph:
        """The graph where a share of the positions is of other molecules, see `discount_log_odds`;
        itself where there are none."""
        if not share:
            return self
        link, turn = (discount_log_odds(odds, share) for odds in (self.link, self.turn))
        return replace(self, link=link.astype(np.float32), turn=turn.astype(np.float32))


def link_features(
    calpha: CalphaSet, features: FeatureMaps, pairs: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Features by which pairs of positions are judged.

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
    along = np.stack([sample(grid, a + t * (b - a)) for t in STEPS], axis=1)
    least, mean = along.min(axis=1), along.mean(axis=1)
    logit_least = _logit(least)
    logit_mean = _logit(mean)
    x = distance - CALPHA_BOND
    n = len(calpha.positions)
    # How many others are better neighbours, judged by what tells most: the pair's rank.
    quality = logit_least - DISTANCE_WEIGHT * np.abs(x)
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
            np.minimum(worse, LAST_RANK),
            np.minimum(better, LAST_RANK),
            worse < FIRST_RANKS,
            better < FIRST_RANKS,
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
    """The graph of positions that may follow each other.

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
    logit = np.clip(link_features(calpha, features, pairs) @ model.weights, LEAST_LINK, MOST_LINK)
    kept = (_ranks(pairs, logit, n) < most).all(axis=1) & (logit > WORST_LINK)
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
    far, distance = far[distance > SHORTEST_SKIP], distance[distance > SHORTEST_SKIP]
    skip = -np.maximum(distance - LONGEST_SKIP, 0.0) * SKIP_COST
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
    share = (share + LEAST_STRUCTURE) / (share + LEAST_STRUCTURE).sum(axis=1, keepdims=True)
    odds = (share * np.exp(model.turn[:, bins]).T).sum(axis=1)
    worth = np.log(odds)
    if calpha.triples is not None and len(calpha.triples.triple):
        asked = np.column_stack([first, middle, last])
        worth = worth + TRIPLE_WEIGHT * _triple_log_odds(calpha.triples, asked)
    return turn_start, worth.astype(np.float32)


def _triple_log_odds(triples: CalphaTriples, asked: NDArray[np.int64]) -> NDArray[np.float64]:
    """Bounded log-odds (k,) of triples (k, 3); 0 where none with the middle one was read."""
    count = 1 + max(int(triples.triple.max()), int(asked.max(initial=0)))

    def key(rows: NDArray) -> NDArray[np.int64]:
        return (rows[:, 0].astype(np.int64) * count + rows[:, 1]) * count + rows[:, 2]

    read, wanted = key(triples.triple), key(asked)
    order = np.argsort(read)
    row = order[np.minimum(np.searchsorted(read, wanted, sorter=order), len(read) - 1)]
    middle_read = np.isin(np.arange(count), triples.triple[:, 1])[asked[:, 1]]
    log_odds = np.clip(triples.log_odds[row], -TRIPLE_BOUND, TRIPLE_BOUND)
    return np.where(read[row] == wanted, log_odds, np.where(middle_read, UNREAD_TRIPLE, 0.0))
