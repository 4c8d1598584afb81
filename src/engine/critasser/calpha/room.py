"""Whether a map has room for its protein without a part of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from critasser.calpha.positions import find_calpha
from critasser.density import FeatureMaps

__all__ = ["leaves_room"]

ROOM = 0.8
"""Of the probability of the best positions, one for each residue, which must be left. In simulated
maps to 5 Å of chains of split val 0.85 or more is where nucleic acid lies beside them, but for one
where 0.4 is, and 0.15 to 0.7 where the protein is taken for it."""


def leaves_room(features: FeatureMaps, region: NDArray[np.bool_], length: int) -> bool:
    """Whether `length` residues find nearly as good positions outside of a region.

    What holds the best positions for a protein that is to be built is more likely protein than
    anything else.

    Parameters
    ----------
    features : FeatureMaps
        The network's probabilities.
    region : ndarray (nz, ny, nx) bool
        What is to be left out.
    length : int
        Residues that are to be built.
    """
    left, whole = (_best(one, length) for one in (features.without(region), features))
    return left >= ROOM * whole


def _best(features: FeatureMaps, length: int) -> float:
    """Probability of the best positions, summed."""
    return float(find_calpha(features, length).probability[:length].sum())
