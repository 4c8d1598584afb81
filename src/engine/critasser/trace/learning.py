"""Learn the tables of `statistics` from structures and from maps.

`learn` reads structures alone (`critasser train statistics`); `learn_links` and `learn_confidence`
read what the networks and the search made of maps of held-out chains
(`benchmark/fitting/trace.py`).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import minimize
from scipy.spatial import cKDTree

from critasser.density import FeatureMaps
from critasser.structure import CalphaSet, ProteinChain
from critasser.structure.geometry import LONGEST_BOND
from critasser.trace.graph import LINK_REACH, TURN_BIN, link_features

__all__ = ["count_spans", "learn", "learn_confidence", "learn_links"]

LONGEST_SPAN, SPAN_BINS = 60, 120
"""Residues, and Å, that `Statistics.span` goes to."""
LEAST_SPAN = -10.0
"""Log-odds of what never occurs."""
POSITION_ERROR = 1.0
"""Å, standard deviation of distances between positions in maps."""
LEAST_SHARE = 1e-6
"""Of pairs, added to each bin of distances."""

LINK_PENALTY, CONFIDENCE_PENALTY = 1e-4, 1e-3
"""On the squares of the weights of each logistic regression."""

TURN_BINS = 50
LIKELY_LINK = -3.0
"""Log-odds of links whose turns are counted."""
FIRST_COUNT, PRIOR_COUNT = 0.5, 2.0
"""Turns that each bin begins with, and that are added before the ratio is taken."""
LEAST_TURN, MOST_TURN = -5.0, 1.5
"""Bounds of the log-odds of turns."""


def learn(chains: Iterable[ProteinChain]) -> dict[str, NDArray]:
    """How frequent amino acids are, and how far residues of a chain lie apart.

    Parameters
    ----------
    chains : iterable of ProteinChain
        Of the split train only.

    Returns
    -------
    dict of ndarray
        background (20,), span (61, 120).
    """
    counts = np.ones(20)
    spans = np.zeros((LONGEST_SPAN + 1, SPAN_BINS))
    for chain in chains:
        counts += np.bincount(chain.codes[chain.codes >= 0], minlength=20)
        spans += count_spans(chain.calpha)
    return {
        "background": counts / counts.sum(),
        "span": _span_worth(spans),
    }


def count_spans(calpha: NDArray[np.float64]) -> NDArray[np.float64]:
    """How often residues of a chain (L, 3) s apart lie d to d + 1 Å apart, without breaks."""
    counts = np.zeros((LONGEST_SPAN + 1, SPAN_BINS))
    broken = ~(np.linalg.norm(np.diff(calpha, axis=0), axis=1) < LONGEST_BOND)
    part = np.concatenate([[0], np.cumsum(broken)])
    for s in range(2, min(LONGEST_SPAN + 1, len(calpha))):
        apart = np.linalg.norm(calpha[s:] - calpha[:-s], axis=1)[part[s:] == part[:-s]]
        counts[s] = np.bincount(np.minimum(apart.astype(np.int64), SPAN_BINS - 1),
                                minlength=SPAN_BINS)  # fmt: skip
    return counts


def _span_worth(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """`Statistics.span` from `count_spans` of many chains."""
    worth = np.zeros_like(counts)
    middle = np.arange(SPAN_BINS) + 0.5
    for s, count in enumerate(counts):
        if not count.any():
            continue
        share = gaussian_filter1d(count / count.sum(), POSITION_ERROR) + LEAST_SHARE
        value = np.log(share) - 2 * np.log(middle)
        worth[s] = np.maximum(value - count @ value / count.sum(), LEAST_SPAN)
    return worth.astype(np.float32)


def learn_links(
    examples: Iterable[tuple[CalphaSet, FeatureMaps, NDArray[np.int64]]],
) -> dict[str, NDArray]:
    """Which pairs of positions are links, and which distances lie over one residue.

    Parameters
    ----------
    examples : iterable of (CalphaSet, FeatureMaps, ndarray (n,))
        Positions found in maps of known structures, with the residue index of each, −1 where it is
        no Cα. Indices that differ by one are bonded.

    Returns
    -------
    dict of ndarray
        link_weights (f,), turn (3, b).
    """
    inputs, answers, kept = [], [], []
    for calpha, features, residue in examples:
        tree = cKDTree(calpha.positions)
        pairs = tree.query_pairs(LINK_REACH, output_type="ndarray").reshape(-1, 2).astype(np.int64)
        inputs.append(link_features(calpha, features, pairs))
        real = (residue[pairs] >= 0).all(axis=1)
        answers.append(real & (np.abs(residue[pairs[:, 0]] - residue[pairs[:, 1]]) == 1))
        kept.append((calpha, residue, pairs))
    x = np.concatenate(inputs)
    y = np.concatenate(answers).astype(np.float64)
    spread = x.std(axis=0)
    spread[spread == 0] = 1.0

    weights = _logistic(x / spread, y, LINK_PENALTY) / spread

    true, false = np.full((2, 3, TURN_BINS), FIRST_COUNT)
    for (calpha, residue, pairs), features in zip(kept, inputs):
        odds = features @ weights
        likely = odds > LIKELY_LINK
        first, middle, last, prior = _triples(pairs[likely], odds[likely], len(calpha))
        apart = np.linalg.norm(calpha.positions[first] - calpha.positions[last], axis=1)
        bins = np.minimum((apart / TURN_BIN).astype(np.int64), TURN_BINS - 1)
        a, b, c = residue[first], residue[middle], residue[last]
        right = (a >= 0) & (b >= 0) & (c >= 0) & (np.abs(a - b) == 1) & (c - b == b - a)
        share = calpha.secondary_structure[middle]
        for k in range(3):
            true[k] += np.bincount(bins[right], weights=share[right, k], minlength=TURN_BINS)
            # What the links alone would have believed, so that the turn adds only its own news.
            false[k] += np.bincount(bins, weights=share[:, k] * prior, minlength=TURN_BINS)
    turn = np.log((true + PRIOR_COUNT) / (false + PRIOR_COUNT))
    return {"link_weights": weights, "turn": np.clip(turn, LEAST_TURN, MOST_TURN)}


def learn_confidence(
    features: NDArray[np.float64], right: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """`Statistics.confidence` from `registration.confidence_features` of residues (n, 4), and
    which of them are within 2 Å of where they belong (n,)."""
    return _logistic(features, right.astype(np.float64), CONFIDENCE_PENALTY)


def _logistic(x: NDArray, y: NDArray, penalty: float) -> NDArray[np.float64]:
    """Weights (f,) of a logistic regression of y (n,) on x (n, f)."""

    def loss(values: NDArray) -> tuple[float, NDArray]:
        logits = x @ values
        cost = np.logaddexp(0.0, logits) - y * logits
        slope = 1 / (1 + np.exp(-np.clip(logits, -50, 50))) - y
        return cost.mean() + 0.5 * penalty * (values**2).sum(), (
            x.T @ slope / len(y) + penalty * values
        )

    return minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B").x


def _triples(pairs: NDArray, odds: NDArray, n: int) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """All pairs of links that share a position: first, middle, last, probability of both."""
    probability = 1 / (1 + np.exp(-odds))
    around: list[list[tuple[int, float]]] = [[] for _ in range(n)]
    for (a, b), p in zip(pairs, probability):
        around[a].append((b, p))
        around[b].append((a, p))
    rows = [
        (a, middle, b, p * q)
        for middle, links in enumerate(around)
        for k, (a, p) in enumerate(links)
        for b, q in links[k + 1 :]
    ]
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return (
        table[:, 0].astype(np.int64),
        table[:, 1].astype(np.int64),
        table[:, 2].astype(np.int64),
        table[:, 3],
    )
