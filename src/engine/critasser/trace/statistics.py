"""Read what traces know of protein chains in general: `weights/trace.npz`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from critasser.shipped import shipped
from critasser.trace.graph import LinkModel

__all__ = ["HALF_WINDOW", "Statistics", "sequence_structure", "sequence_windows", "statistics"]

HALF_WINDOW = 8
"""Residues to either side that tell of a residue's secondary structure."""


@dataclass(frozen=True, eq=False)
class Statistics:
    """Tables that `learning` makes; weights/trace.md says from what.

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
    """The tables that ship with Critasser."""
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


def sequence_windows(codes: NDArray) -> NDArray[np.int64]:
    """Columns (L, 17) of the one-hot window around each residue; 17 · 20 beyond the ends."""
    L = len(codes)
    size = 2 * HALF_WINDOW + 1
    at = np.arange(L)[:, None] + np.arange(-HALF_WINDOW, HALF_WINDOW + 1)
    inside = (at >= 0) & (at < L)
    code = np.asarray(codes, dtype=np.int64)[np.clip(at, 0, L - 1)]
    return np.where(inside & (code >= 0), np.arange(size) * 20 + code, size * 20)


def sequence_structure(
    codes: NDArray[np.int8], chain_index: NDArray[np.int64], tables: Statistics
) -> NDArray[np.float64]:
    """Probability of helix, strand and coil of every residue, from the sequence alone.

    Parameters
    ----------
    codes, chain_index : ndarray (L,)
        As in `Target`.
    tables : Statistics

    Returns
    -------
    ndarray (L, 3)
    """
    weights = np.vstack([tables.window.reshape(-1, 3), np.zeros(3)])
    result = np.empty((len(codes), 3))
    for chain in np.unique(chain_index):
        chosen = chain_index == chain
        logits = weights[sequence_windows(codes[chosen])].sum(axis=1) + tables.window_bias
        result[chosen] = np.exp(logits - logits.max(axis=1, keepdims=True))
    return result / result.sum(axis=1, keepdims=True)
