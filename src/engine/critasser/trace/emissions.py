"""Judge how well each residue of the target suits each position."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from critasser.structure import CalphaSet, Target
from critasser.structure.sequence_profile import agreement, sequence_profile
from critasser.trace.burial import burial_log_odds, position_exposure
from critasser.trace.other_molecules import discount_log_odds
from critasser.trace.statistics import Statistics

__all__ = ["emissions", "position_evidence"]

AMINO_ACID_BOUND, STRUCTURE_BOUND = 4.0, 1.5
"""Bounds of log-odds by amino acid and by secondary structure: a network is never surer than that
of one residue. These and the numbers below were chosen by hand."""

LEAST_AMINO_ACID, LEAST_STRUCTURE = 1e-4, 0.02
"""Probability of an amino acid, and of a secondary structure, that is taken for less."""

SEQUENCE_WEIGHT, BURIAL_WEIGHT, BURIAL_BOUND = 0.5, 0.4, 2.5
"""Of the log-odds by secondary structure and by burial, and the bound of those by burial. They are
not independent of amino acids, of each other, nor from residue to residue: larger weights tell more
of a position, but traces and z-scores are worse by them (weights/sequence.md)."""

MAP_SHARE = 0.5
"""Of the mean over this map in the amino acids that are expected; the rest is their frequency in
proteins."""

PROBABILITY_WEIGHT, PROBABILITY_BOUND = 0.7, 1.5
"""Of the log-odds that a position is a Cα, and their bound."""
LEAST_PROBABILITY = 0.02
"""Probability of a Cα that is taken for less; one minus it, for more."""


def position_evidence(calpha: CalphaSet) -> NDArray[np.float64]:
    """Log-odds (n,) that a position is a Cα of the chain, for the worth of placing a residue."""
    probability = np.clip(calpha.probability, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    log_odds = PROBABILITY_WEIGHT * np.log(probability / (1 - probability))
    return np.clip(log_odds, -PROBABILITY_BOUND, PROBABILITY_BOUND)


def emissions(
    calpha: CalphaSet,
    target: Target,
    tables: Statistics,
    *,
    sharpness: float = 1.0,
    profile_weight: float = 1.0,
    others: float = 0.0,
    exposure: NDArray[np.float64] | None = None,
) -> NDArray[np.float32]:
    """Log-odds that a position is a certain residue rather than any.

    Parameters
    ----------
    calpha : CalphaSet
    target : Target
    tables : Statistics
    sharpness : float
        Multiplies the network's logarithms of amino-acid probabilities (an inverse temperature).
    profile_weight : float
        Multiplies the log-odds by the secondary structure and burial that the sequence tells.
    others : float
        Share of the positions that are of other molecules.
    exposure : ndarray (n, 2), optional
        What `position_exposure` gives, where it is known already.

    Returns
    -------
    ndarray (L, n) float32
    """
    # A network's own bias to some amino acids is divided out with its mean over this map.
    probability = np.clip(calpha.amino_acid, LEAST_AMINO_ACID, None) ** sharpness
    probability /= probability.sum(axis=1, keepdims=True)
    weights = np.maximum(calpha.probability, LEAST_PROBABILITY)
    seen = np.average(probability, axis=0, weights=weights)
    expected = (1 - MAP_SHARE) * tables.background + MAP_SHARE * seen
    odds = np.log(probability / expected)
    odds = np.clip(odds, -AMINO_ACID_BOUND, AMINO_ACID_BOUND).astype(np.float32)
    result = np.ascontiguousarray(odds[:, target.codes].T)
    # Of residues that nobody knows amino acids tell nothing, and they nothing of their neighbours.
    result[target.unknown] = 0.0
    known = np.where(target.unknown, -1, target.codes)

    if exposure is None:
        exposure = position_exposure(calpha)
    profile = sequence_profile(known, target.chain_index)
    by_map = np.clip(calpha.secondary_structure, LEAST_STRUCTURE, None)
    by_map = by_map / by_map.sum(axis=1, keepdims=True)
    for weight, log_odds, bound in (
        (SEQUENCE_WEIGHT, agreement(profile.structure, by_map), STRUCTURE_BOUND),
        (BURIAL_WEIGHT, burial_log_odds(exposure, profile), BURIAL_BOUND),
    ):
        result += profile_weight * weight * np.clip(log_odds, -bound, bound, out=log_odds)
    result += discount_log_odds(position_evidence(calpha), others).astype(np.float32)
    return result
