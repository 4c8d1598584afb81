"""Marks where each residue of a model comes from: the map, a template, both or neither."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.structure import CalphaSet, Template

__all__ = ["SOURCES", "residue_sources"]

SOURCES = ("neither", "map", "template", "both")
"""By their numbers."""

NEAR = 2.0
"""Å; a residue's Cα comes from what has one no farther than that."""

_MAP, _TEMPLATE = 1, 2


def residue_sources(
    trace: NDArray[np.float64], calpha: CalphaSet, templates: Sequence[Template]
) -> NDArray[np.int8]:
    """Where the residues of a model come from.

    Parameters
    ----------
    trace : ndarray (L, 3)
        Cα in Å; NaN where the model lacks a residue.
    calpha : CalphaSet
        What the network found in the map: of any residue.
    templates : sequence of Template
        Placed in the map: of the same residue.

    Returns
    -------
    ndarray (L,) of int8
        Numbers of `SOURCES`.
    """
    present = np.isfinite(trace).all(axis=1)
    found = np.zeros(len(trace), dtype=np.int8)
    if len(calpha) and present.any():
        away, _ = cKDTree(calpha.positions).query(trace[present])
        found[np.flatnonzero(present)[away <= NEAR]] = _MAP
    by_template = np.zeros(len(trace), dtype=bool)
    for template in templates:
        away = np.linalg.norm(trace - template.positions, axis=1)
        by_template |= np.nan_to_num(away, nan=np.inf) <= NEAR
    found[by_template] += _TEMPLATE
    return found
