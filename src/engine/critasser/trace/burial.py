"""Judge how well residues suit positions by how buried both are.

The map shows how many other Cα lie on the side chain's side of a position, even where it shows no
side chain; the sequence says how many are expected there (`sequence_profile`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from critasser.structure import CalphaSet
from critasser.structure.exposure import BACK_EDGES, SIDE_EDGES, half_sphere_exposure
from critasser.structure.fold_classes import SequenceProfile
from critasser.structure.sequence_profile import agreement

__all__ = ["burial_log_odds", "position_exposure"]

COUNT_ERROR = 4.0
"""Cα, standard deviation of the exposure that a map shows: positions are missing, or wrong. In
lifelike maps of validation chains (3.8–6.5 Å) it was 4 to 6."""

LEAST_BIN = 1e-3
"""Probability added to each bin."""


def position_exposure(calpha: CalphaSet) -> NDArray[np.float64]:
    """Half-sphere exposure (n, 2) of positions, along the likeliest way of the chain through each.

    NaN where no way was read.
    """
    result = np.full((len(calpha), 2), np.nan)
    if calpha.triples is None or not len(calpha.triples.triple):
        return result
    order = np.argsort(calpha.triples.log_odds, kind="stable")
    best = np.full(len(calpha), -1)
    best[calpha.triples.triple[order, 1]] = order
    read = np.flatnonzero(best >= 0)
    # A Cα that is there counts one on average, however many unlikely positions are beside them.
    weights = calpha.probability * calpha.probability.sum() / (calpha.probability**2).sum()
    result[read] = half_sphere_exposure(
        calpha.positions, weights, calpha.triples.triple[best[read]]
    )
    return result


def burial_log_odds(
    exposure: NDArray[np.float64], profile: SequenceProfile
) -> NDArray[np.float32]:
    """Log-odds (L, n) of residues at positions by exposure; 0 where a position's is not known.

    exposure : ndarray (n, 2) from `position_exposure`.
    """
    known = np.isfinite(exposure).all(axis=1)
    result = np.zeros((len(profile.side), len(exposure)), dtype=np.float32)
    for edges, seen, told in zip(
        (SIDE_EDGES, BACK_EDGES), exposure[known].T, (profile.side, profile.back)
    ):
        result[:, known] += agreement(told, _bins(seen, edges))
    return result


def _bins(seen: NDArray[np.float64], edges: tuple[int, ...]) -> NDArray[np.float64]:
    """Probabilities (n, b) of the bins of true counts, of counts seen (n,)."""
    # Counts are whole: those below an edge end half a count before it.
    below = ndtr((np.array(edges) - 0.5 - seen[:, None]) / COUNT_ERROR)
    bounds = np.pad(below, ((0, 0), (1, 1)), constant_values=((0, 0), (0, 1)))
    share = np.diff(bounds, axis=1) + LEAST_BIN
    return share / share.sum(axis=1, keepdims=True)
