"""What is known of chains in general, learnt from structures: `weights/trace.npz`.

`learn` reads structures alone (`critasser train statistics`); `learn_links` and `learn_confidence`
read what the networks and the search made of maps of held-out chains (`benchmark/trace_learning`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import minimize
from scipy.spatial import cKDTree

from critasser.density import FeatureMaps
from critasser.shipped import shipped
from critasser.structure import CalphaSet, ProteinChain, assign_secondary_structure
from critasser.trace.graph import LINK_REACH, TURN_BIN, LinkModel, link_features

__all__ = ["Statistics", "learn", "learn_confidence", "learn_links", "sequence_structure",
           "statistics"]  # fmt: skip

# Residues to either side that tell of a residue's secondary structure.
HALF_WINDOW = 8
TURN_BINS = 50
LONGEST_SPAN, SPAN_BINS = 60, 120
"""Residues, and Å, that `Statistics.span` goes to."""
LEAST_SPAN_WORTH = -10.0
LONGEST_BOND = 4.3
"""Å between neighbours of a chain without a break."""


@dataclass(frozen=True, eq=False)
class Statistics:
    """Learnt numbers.

    Attributes
    ----------
    background : ndarray (20,)
        Frequencies of the amino acids.
    structure_background : ndarray (3,)
        Frequencies of helix, strand and coil.
    window : ndarray (17, 20, 3)
        Log-odds of the secondary structure in the middle for each residue around it.
    window_bias : ndarray (3,)
    link : LinkModel
    span : ndarray (s, d)
        Log-odds that residues s apart in a chain are d to d + 1 Å apart, against positions spread
        evenly in space; 0 for the average pair of residues.
    confidence : ndarray (4,)
        Logistic regression of "within 2 Å of the right residue" on
        `registration.confidence_features`.
    """

    background: NDArray[np.float64]
    structure_background: NDArray[np.float64]
    window: NDArray[np.float64]
    window_bias: NDArray[np.float64]
    link: LinkModel
    span: NDArray[np.float32]
    confidence: NDArray[np.float64]


@cache
def statistics() -> Statistics:
    """The numbers that ship with Critasser."""
    with np.load(shipped("trace.npz")) as stored:
        return Statistics(
            stored["background"],
            stored["structure_background"],
            stored["window"],
            stored["window_bias"],
            LinkModel(stored["link_weights"], stored["turn"]),
            stored["span"],
            stored["confidence"],
        )


def _windows(codes: NDArray) -> NDArray[np.int64]:
    """Columns (L, 17) of the one-hot window around each residue; 17 · 20 beyond the ends."""
    L = len(codes)
    size = 2 * HALF_WINDOW + 1
    at = np.arange(L)[:, None] + np.arange(-HALF_WINDOW, HALF_WINDOW + 1)
    inside = (at >= 0) & (at < L)
    code = np.asarray(codes, dtype=np.int64)[np.clip(at, 0, L - 1)]
    return np.where(inside & (code >= 0), np.arange(size) * 20 + code, size * 20)


def sequence_structure(
    codes: NDArray[np.int8], chain_index: NDArray[np.int64], known: Statistics
) -> NDArray[np.float64]:
    """Probability of helix, strand and coil of every residue, from the sequence alone.

    Parameters
    ----------
    codes, chain_index : ndarray (L,)
        As in `Target`.
    known : Statistics

    Returns
    -------
    ndarray (L, 3)
    """
    table = np.vstack([known.window.reshape(-1, 3), np.zeros(3)])
    result = np.empty((len(codes), 3))
    for chain in np.unique(chain_index):
        chosen = chain_index == chain
        logits = table[_windows(codes[chosen])].sum(axis=1) + known.window_bias
        result[chosen] = np.exp(logits - logits.max(axis=1, keepdims=True))
    return result / result.sum(axis=1, keepdims=True)


def learn(chains: Iterable[ProteinChain]) -> dict[str, NDArray]:
    """Backgrounds, and secondary structure from the residues around (after GOR, by logistic
    regression on the window's residues).

    Parameters
    ----------
    chains : iterable of ProteinChain
        Of the split train only.

    Returns
    -------
    dict of ndarray
        background (20,), structure_background (3,), window (17, 20, 3), window_bias (3,), span
        (61, 120).
    """
    columns, labels, counts = [], [], np.ones(20)
    spans = np.zeros((LONGEST_SPAN + 1, SPAN_BINS))
    for chain in chains:
        calpha = chain.calpha
        known = np.isfinite(calpha).all(axis=1)
        columns.append(_windows(chain.codes)[known])
        labels.append(assign_secondary_structure(calpha)[known])
        counts += np.bincount(chain.codes[chain.codes >= 0], minlength=20)
        spans += _spans(calpha)
    column = np.concatenate(columns)
    label = np.concatenate(labels).astype(np.int64)
    size = (2 * HALF_WINDOW + 1) * 20
    one_hot = np.eye(3)[label]
    flat = column.ravel()

    def loss(values: NDArray) -> tuple[float, NDArray]:
        table = np.vstack([values[:-3].reshape(size, 3), np.zeros(3)])
        logits = table[column].sum(axis=1) + values[-3:]
        logits -= logits.max(axis=1, keepdims=True)
        probability = np.exp(logits)
        probability /= probability.sum(axis=1, keepdims=True)
        wrong = (probability - one_hot) / len(label)
        gradient = np.empty_like(values)
        repeated = np.repeat(wrong, column.shape[1], axis=0)
        for k in range(3):
            summed = np.bincount(flat, weights=repeated[:, k], minlength=size + 1)[:size]
            gradient[k:-3:3] = summed
        gradient[-3:] = wrong.sum(axis=0)
        gradient[:-3] += 1e-4 * values[:-3]
        entropy = -np.log(probability[np.arange(len(label)), label] + 1e-12).mean()
        return entropy + 0.5e-4 * (values[:-3] ** 2).sum(), gradient

    first = np.zeros(size * 3 + 3)
    fit = minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": 60})
    return {
        "background": counts / counts.sum(),
        "structure_background": np.bincount(label, minlength=3) / len(label),
        "window": fit.x[:-3].reshape(2 * HALF_WINDOW + 1, 20, 3),
        "window_bias": fit.x[-3:],
        "span": _span_worth(spans),
    }


def _spans(calpha: NDArray[np.float64]) -> NDArray[np.float64]:
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
    """`Statistics.span` from `_spans` of many chains."""
    worth = np.zeros_like(counts)
    middle = np.arange(SPAN_BINS) + 0.5
    for s, count in enumerate(counts):
        if not count.any():
            continue
        # Positions in maps are off by about 1 Å.
        share = gaussian_filter1d(count / count.sum(), 1.0) + 1e-6
        value = np.log(share) - 2 * np.log(middle)
        worth[s] = np.maximum(value - count @ value / count.sum(), LEAST_SPAN_WORTH)
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

    weights = _logistic(x / spread, y, 1e-4) / spread

    true, false = np.full((3, TURN_BINS), 0.5), np.full((3, TURN_BINS), 0.5)
    for (calpha, residue, pairs), features in zip(kept, inputs):
        odds = features @ weights
        likely = odds > -3.0
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
    turn = np.log((true + 2.0) / (false + 2.0))
    return {"link_weights": weights, "turn": np.clip(turn, -5.0, 1.5)}


def learn_confidence(
    features: NDArray[np.float64], right: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """`Statistics.confidence` from `registration.confidence_features` of residues (n, 4), and
    which of them are within 2 Å of where they belong (n,)."""
    return _logistic(features, right.astype(np.float64), 1e-3)


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
        for middle, found in enumerate(around)
        for k, (a, p) in enumerate(found)
        for b, q in found[k + 1 :]
    ]
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return (
        table[:, 0].astype(np.int64),
        table[:, 1].astype(np.int64),
        table[:, 2].astype(np.int64),
        table[:, 3],
    )
