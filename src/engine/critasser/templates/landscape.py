"""Marks for every voxel around a set of positions the nearest one, and what it is worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from critasser.templates.fingerprint import SCORE_SCALE
from critasser.templates.placing_kernels import Landscape, mark_nearest

__all__ = ["landscape_of"]

REACH = 6.0
"""Å from all Cα positions beyond which a template atom is worth nothing."""

MARGIN = 1.0
"""Å more around them."""


def landscape_of(fixed: NDArray[np.float64]) -> Landscape:
    """The `Landscape` of positions (m, 3) in Å, m ≥ 1."""
    origin = fixed.min(axis=0) - REACH - MARGIN
    size = np.ceil(fixed.max(axis=0) + REACH + MARGIN - origin).astype(int) + 1
    shape = (int(size[2]), int(size[1]), int(size[0]))
    nearest, distance = mark_nearest(fixed, origin, shape, REACH)
    worth = (1.0 / (1.0 + (distance / SCORE_SCALE) ** 2)).astype(np.float32)
    return Landscape(origin, nearest, worth)
