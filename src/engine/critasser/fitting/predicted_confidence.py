"""Tell predicted structures by their B-factors, and which of their residues can be trusted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from critasser.structure import ProteinChain

__all__ = ["LEAST_CONFIDENCE", "predicted_confidence", "trusted_residues"]

LEAST_CONFIDENCE = 70.0
"""pLDDT below which residues take no part in a fit: AlphaFold's own limit of confident."""

HIGHEST_CONFIDENCE = 100.0

USUAL_CONFIDENCE = 50.0
"""pLDDT that more than half of the residues of a useful prediction exceed; B-factors of crystal
structures that are given by residue are mostly lower."""

EQUAL = 0.011
"""B-factors of one residue that differ by no more are equal: files have two decimals."""


def predicted_confidence(chain: ProteinChain) -> NDArray[np.float64] | None:
    """pLDDT of each residue, 0 to 100; None for a chain that does not look predicted.

    Predicting programs give all atoms of a residue its pLDDT as B-factor, of 0 to 100 or 0 to 1.
    Crystal and cryo-EM structures have B-factors that differ within residues.

    Parameters
    ----------
    chain : ProteinChain
        n residues.

    Returns
    -------
    ndarray (n,) or None
    """
    if not len(chain.b_factor):
        return None
    highest, lowest = np.full(len(chain), -np.inf), np.full(len(chain), np.inf)
    np.maximum.at(highest, chain.residue, chain.b_factor)
    np.minimum.at(lowest, chain.residue, chain.b_factor)
    if not np.isfinite(highest).all() or len(chain.b_factor) < 2 * len(chain):
        return None
    scale = HIGHEST_CONFIDENCE if highest.max() <= 1.0 else 1.0
    confidence = scale * highest
    if np.any(highest - lowest > EQUAL) or lowest.min() < 0 or np.ptp(highest) == 0:
        return None
    if confidence.max() > HIGHEST_CONFIDENCE or np.median(confidence) < USUAL_CONFIDENCE:
        return None
    return confidence


def trusted_residues(chain: ProteinChain) -> NDArray[np.bool_]:
    """Residues (n,) that take part in a fit: all, or of a predicted chain those with pLDDT ≥ 70."""
    confidence = predicted_confidence(chain)
    return np.ones(len(chain), bool) if confidence is None else confidence >= LEAST_CONFIDENCE
