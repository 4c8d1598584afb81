"""Positions that are of other molecules than the target: what lies beside it in the map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from critasser.structure import CalphaSet

__all__ = ["beside_others", "share_of_others"]

MOST_EXPECTED = 1.2
"""Expected Cα in the map over residues of the target, up to which all are taken for its own."""


def share_of_others(calpha: CalphaSet, length: int) -> float:
    """Share of the Cα that are likely not the target's, 0 to 1; `length` is its residues."""
    expected = float(calpha.probability.sum())
    return max(0.0, 1.0 - MOST_EXPECTED * length / max(expected, 1.0))


def beside_others(log_odds: NDArray, share: float) -> NDArray:
    """What log-odds that something is of a chain are worth for its being of the target's.

    A good link speaks for a chain, but where a share s of what the map holds is of others it does
    not speak for this one: against noise (1 − s) and others' chains (s) log-odds l become
    −ln(s + (1 − s) exp(−l)), which is l without others, and −ln s at most. Else the sequence would
    be laid along whatever is clearest in the map.
    """
    return -np.log(share + (1.0 - share) * np.exp(-log_odds))
