"""How far the torsions of a side chain are from the nearest rotamer of known structures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from .learnt_tables import table

__all__ = ["OUTLIER", "deviation"]

OUTLIER = 3.0
"""Spreads of a torsion from its rotamer's mean from which on a side chain is an outlier: beyond
them are 0.3 % of a normal distribution, the share that Hintze et al. 2016, Proteins 84, 1177, call
outliers."""

_LEAST_SPREAD = 8.0
"""Degrees; the spread of a narrow rotamer is not more exact than structures are."""

_SYMMETRIC = {("F", 1), ("Y", 1), ("D", 1), ("E", 2)}
"""Torsions that repeat after half a turn, by letter and index."""

_LETTERS = {
    "ARG": "R", "ASN": "N", "ASP": "D", "CYS": "C", "GLN": "Q", "GLU": "E", "HIS": "H", "ILE": "I",
    "LEU": "L", "LYS": "K", "MET": "M", "PHE": "F", "PRO": "P", "SER": "S", "THR": "T", "TRP": "W",
    "TYR": "Y", "VAL": "V",
}  # fmt: skip
"""Of amino acids whose side chains turn."""


@cache
def _rotamers(letter: str) -> tuple[np.ndarray, np.ndarray]:
    """Means and spreads (rotamers, torsions), degrees."""
    content = table("rotamers.npz")
    spread = np.degrees(content[f"{letter}_spread"])
    return np.degrees(content[f"{letter}_chi"]), np.maximum(spread, _LEAST_SPREAD)


def deviation(name: str, torsions: Sequence[float | None]) -> float | None:
    """Spreads by which the worst torsion is off in the rotamer that suits best.

    Parameters
    ----------
    name : str
        Of the residue, three letters.
    torsions : sequence of float or None
        chi 1 to 4, degrees; those that the residue has not are left out.

    Returns
    -------
    float or None
        None for a side chain that does not turn, or lacks atoms.
    """
    letter = _LETTERS.get(name)
    if letter is None:
        return None
    means, spreads = _rotamers(letter)
    count = means.shape[1]
    known = list(torsions)[:count]
    if len(known) < count or any(one is None for one in known):
        return None
    away = np.asarray(known, dtype=np.float64) - means
    for index in range(count):
        turn = 180.0 if (letter, index) in _SYMMETRIC else 360.0
        away[:, index] -= turn * np.round(away[:, index] / turn)
    return float((np.abs(away) / spreads).max(axis=1).min())
