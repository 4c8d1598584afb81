"""How common the backbone torsions of a residue are among those of known structures.

Contours are those of Lovell et al. 2003, Proteins 50, 437, but of the distributions in
`weights/backbone.npz`, whose structures were not chosen by resolution.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from .learnt_tables import table

__all__ = ["FAVOURED", "OUTLIER", "kind_of", "rarity"]

FAVOURED = 2.0
"""Percent of residues of known structures that are rarer than one that is just favoured."""

OUTLIER = 0.2
"""Percent, below which a residue is an outlier."""

_SMOOTHING = 1.0
"""Bins of 5°; counts of single bins are too few."""

GENERAL, GLYCINE, PROLINE, BEFORE_PROLINE, BETA_BRANCHED = range(5)
"""Rows of the table."""


def kind_of(name: str, following: str) -> int:
    """Which distribution a residue belongs to, by its name and that of the next in the chain."""
    if name == "GLY":
        return GLYCINE
    if name == "PRO":
        return PROLINE
    if following == "PRO":
        return BEFORE_PROLINE
    return BETA_BRANCHED if name in ("ILE", "VAL") else GENERAL


@cache
def _ranks() -> np.ndarray:
    """For each kind (5, 72, 72), percent of residues whose torsions are as rare or rarer."""
    from scipy import ndimage  # takes longer than a window may wait when it opens

    counts = np.asarray(table("backbone.npz")["phi_psi_counts"], dtype=np.float64)
    ranks = np.empty_like(counts)
    for kind, one in enumerate(counts):
        smooth = ndimage.gaussian_filter(one, _SMOOTHING, mode="wrap")
        order = np.argsort(smooth, axis=None, kind="stable")
        rising = np.cumsum(smooth.ravel()[order])
        ranks[kind].ravel()[order] = 100.0 * rising / rising[-1]
    return ranks


def rarity(kind: int, phi: float, psi: float) -> float:
    """Percent of residues of known structures whose torsions are as rare or rarer.

    Parameters
    ----------
    kind : int
        Of `kind_of`.
    phi, psi : float
        Degrees.
    """
    ranks = _ranks()[kind]
    bins = ranks.shape[0]
    row, column = (int(np.floor((angle + 180.0) / 360.0 * bins)) % bins for angle in (phi, psi))
    return float(ranks[row, column])
