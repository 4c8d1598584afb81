"""Read what traces know of protein chains in general: `weights/trace.npz`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from critasser.shipped import shipped
from critasser.trace.graph import LinkModel

__all__ = ["Statistics", "statistics"]


@dataclass(frozen=True, eq=False)
class Statistics:
    """Tables that `learning` makes; weights/trace.md says from what.

    Attributes
    ----------
    background : ndarray (20,)
        Frequencies of the amino acids.
    link : LinkModel
    span : ndarray (s, d)
        Log-odds that residues s apart in a chain are d to d + 1 Å apart, against positions spread
        evenly in space; 0 for the average pair of residues.
    confidence : ndarray (4,)
        Logistic regression of "within 2 Å of the right residue" on
        `registration.confidence_features`.
    """

    background: NDArray[np.float64]
    link: LinkModel
    span: NDArray[np.float32]
    confidence: NDArray[np.float64]


@cache
def statistics() -> Statistics:
    """The tables that ship with Critasser."""
    with np.load(shipped("trace.npz")) as stored:
        return Statistics(
            stored["background"],
            LinkModel(stored["link_weights"], stored["turn"]),
            stored["span"],
            stored["confidence"],
        )
