"""How likely peptides are cis, by the distance of their Cα, and how accurate Cα are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from critasser.structure.geometry import CALPHA_BOND, CIS_BOND, CIS_LIMIT, SHORTEST_BOND

__all__ = ["cis_log_odds", "estimated_noise", "short_enough"]

LEAST_SPREAD = 0.08
"""Å by which the Cα–Cα distances of cis peptides differ in deposited structures."""

SPREAD_OF_MEDIAN = 1.4826
"""Standard deviation over median absolute deviation of a normal distribution."""


def estimated_noise(calpha: NDArray[np.float64], bonded: NDArray[np.bool_]) -> float:
    """Error (Å, RMSD in space) of Cα as the lengths of their bonds tell it.

    Taken from the median, so that a few breaks in a good chain do not count.

    Parameters
    ----------
    calpha : ndarray (L, 3)
        Å; NaN where there is none.
    bonded : ndarray (L - 1,) bool
    """
    length = np.linalg.norm(np.diff(calpha, axis=0), axis=1)[bonded]
    length = length[np.isfinite(length)]
    if length.size == 0:
        return 0.0
    # A bond's length feels the error of two atoms, in one of three directions.
    off = float(np.median(np.abs(length - CALPHA_BOND)))
    return SPREAD_OF_MEDIAN * off * np.sqrt(3.0 / 2.0)


def cis_log_odds(
    length: NDArray[np.float64], noise: float, share: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    """Logarithm of the odds (n,) that peptides are cis, by Bayes' rule.

    Parameters
    ----------
    length : ndarray (n,)
        Distance of their Cα, Å.
    noise : float
        Error of the Cα, see `estimated_noise`.
    share : ndarray (n,) or float
        Of such peptides that are cis, whatever their length.
    """
    spread = max(LEAST_SPREAD, noise * np.sqrt(2.0 / 3.0))
    odds = (length - CALPHA_BOND) ** 2 - (length - CIS_BOND) ** 2
    return np.log(share / (1.0 - share)) + odds / (2.0 * spread**2)


def short_enough(length: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether Cα (n,) are as near to each other as those of a cis peptide."""
    return (length >= SHORTEST_BOND) & (length <= CIS_LIMIT)
