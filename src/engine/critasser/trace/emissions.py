"""How well each residue of the target suits each position."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from critasser.structure import CalphaSet, Target
from critasser.trace.other_molecules import beside_others
from critasser.trace.statistics import Statistics, sequence_structure

__all__ = ["emissions", "position_evidence"]

# Log-odds of single residues are bounded: a network is never surer than that of one residue.
AMINO_ACID_BOUND = 4.0
STRUCTURE_BOUND = 1.5


def position_evidence(calpha: CalphaSet) -> NDArray[np.float64]:
    """Log-odds (n,) that a position is a Cα of the chain, for the worth of placing a residue."""
    probability = np.clip(calpha.probability, 0.02, 0.98)
    return np.clip(0.7 * np.log(probability / (1 - probability)), -1.5, 1.5)


def emissions(
    calpha: CalphaSet,
    target: Target,
    known: Statistics,
    *,
    sharpness: float = 1.0,
    structure_weight: float = 1.0,
    others: float = 0.0,
) -> NDArray[np.float32]:
    """Log-odds that a position is a certain residue rather than any.

    Parameters
    ----------
    calpha : CalphaSet
    target : Target
    known : Statistics
    sharpness : float
        Multiplies the network's logarithms of amino-acid probabilities (an inverse temperature).
    structure_weight : float
        Multiplies the log-odds from secondary structure.
    others : float
        Share of the positions that are of other molecules.

    Returns
    -------
    ndarray (L, n) float32
    """
    # A network's own bias to some amino acids is divided out with its mean over this map.
    probability = np.clip(calpha.amino_acid, 1e-4, None) ** sharpness
    probability /= probability.sum(axis=1, keepdims=True)
    expected = 0.5 * known.background + 0.5 * probability.mean(axis=0)
    odds = np.log(probability / expected)
    odds = np.clip(odds, -AMINO_ACID_BOUND, AMINO_ACID_BOUND)
    result = odds[:, target.codes].T

    by_sequence = sequence_structure(target.codes, target.chain_index, known)
    by_map = np.clip(calpha.secondary_structure, 0.02, None)
    by_map = by_map / by_map.sum(axis=1, keepdims=True)
    agree = by_sequence @ (by_map / known.structure_background).T
    result = result + structure_weight * np.clip(np.log(agree), -STRUCTURE_BOUND, STRUCTURE_BOUND)
    return (result + beside_others(position_evidence(calpha), others)).astype(np.float32)
