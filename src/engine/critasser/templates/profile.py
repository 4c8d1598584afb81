"""What the map says of amino acids, as log-odds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from critasser.structure import CalphaSet

__all__ = ["PROFILE_LIMIT", "log_odds"]

PROFILE_LIMIT = 3.0
"""Nats; a network that is wholly sure may still be wrong."""

FLOOR = 1e-3
"""Added to probabilities of amino acids: no log-odds are infinite."""


def log_odds(calpha: CalphaSet) -> NDArray[np.float64]:
    """Log-odds (n, 20) of each amino acid at each position over its share of the whole set."""
    probability = calpha.amino_acid + FLOOR
    probability = probability / probability.sum(axis=1, keepdims=True)
    odds = np.log(probability / probability.mean(axis=0))
    return np.clip(odds, -PROFILE_LIMIT, PROFILE_LIMIT)
