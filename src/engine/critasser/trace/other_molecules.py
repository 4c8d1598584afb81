"""Discount log-odds where a map holds other molecules than the target."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from critasser.structure import CalphaSet

__all__ = ["discount_log_odds", "share_of_others"]

MOST_EXPECTED = 1.2
"""Expected Cα in the map over residues of the target, up to which all are taken for its own: as
many positions as the paper takes at most. Chosen by hand."""


def share_of_others(calpha: CalphaSet, length: int) -> float:
    """Share of the Cα in a map that likely belong to other molecules than the target.

    Parameters
    ----------
    calpha : CalphaSet
    length : int
        Residues of the target.

    Returns
    -------
    float
        0 to 1.
    """
    expected = float(calpha.probability.sum())
    return max(0.0, 1.0 - MOST_EXPECTED * length / max(expected, 1.0))


def discount_log_odds(log_odds: NDArray, share: float) -> NDArray:
    """Log-odds that something is of the target's chain, from those that it is of any chain.

    A good link speaks for a chain, but where a share s of what the map holds is of other molecules
    it does not speak for this chain. Against noise (1 − s) and others' chains (s) log-odds l become
    −ln(s + (1 − s) exp(−l)), which is l without others, and −ln s at most. Without this the
    sequence would be laid along whatever is clearest in the map.

    Parameters
    ----------
    log_odds : ndarray
        Of any shape.
    share : float
        See `share_of_others`.

    Returns
    -------
    ndarray
        Of the same shape.
    """
    return -np.log(share + (1.0 - share) * np.exp(-log_odds))
