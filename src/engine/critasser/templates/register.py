"""Tell whether the side chains that the map shows along a structure suit its letters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["register_z_score"]

MOST_SHIFT = 20
"""Residues to either side by which the letters are moved along the chain for comparison."""

MOST_ODDS = 3.0
"""Nats, either way, that one side chain may say."""

LEAST_DEVIATION = 0.2
"""Of the mean log-odds of a residue in other registers, times the root of their number: what is
believed where the letters are much the same all along."""

FEWEST_TOLD = 40
"""Residues that must be read, but for those of the commonest amino acid: fewer tell too little, and
a chain built as alanine tells nothing. Chains of 59 residues and more were looked at."""


def register_z_score(odds: NDArray[np.float64], letters: NDArray[np.int8]) -> float:
    """How far the letters of a placed structure stand out from other registers.

    Parameters
    ----------
    odds : ndarray (n, 20)
        Log-odds of amino acids where its residues lie; NaN where they are not read.
    letters : ndarray (n,)
        What it has there, as indices into `AMINO_ACIDS`; -1 for what nobody knows.

    Returns
    -------
    float
        Deviations above the registers up to `MOST_SHIFT` residues off; NaN where fewer than
        `FEWEST_TOLD` residues tell it.
    """
    read = np.isfinite(odds).all(axis=1)
    told = letters[read & (letters >= 0)]
    if not len(told) or len(told) - np.bincount(told).max() < FEWEST_TOLD:
        return float("nan")
    # Of what nobody knows (-1) the last column, which is 0.
    known = np.pad(np.clip(odds[read], -MOST_ODDS, MOST_ODDS), ((0, 0), (0, 1)))
    rows = np.arange(len(known))

    def suits(shift: int) -> float:
        return float(known[rows, np.roll(letters, shift)[read].astype(int)].mean())

    others = np.array([suits(s) for s in range(-MOST_SHIFT, MOST_SHIFT + 1) if s])
    least = LEAST_DEVIATION / np.sqrt(len(known))
    return float((suits(0) - others.mean()) / max(others.std(ddof=1), least))
