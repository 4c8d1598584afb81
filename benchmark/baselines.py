"""Find Cα positions from density alone, without a network: what a network has to beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from critasser.calpha.kernels import mean_shift
from critasser.calpha.positions import suppress_neighbours
from critasser.density import Grid
from critasser.structure import CalphaSet

__all__ = ["highest_density", "shifted_density"]

LOWEST_DENSITY = 0.3
"""Of a normalised map; solvent lies below."""
NAIVE_DISTANCE = 3.3

# The best of widths 0.8–1.5 Å, 3–30 rounds from all voxels or from maxima, and distances 2.4–3.3 Å
# on four small chains of split val, both clean and at SNR 1.
SHIFT_WIDTH = 1.0
SHIFT_ROUNDS, SHORTEST_STEP = 3, 0.01
SHIFT_DISTANCE = 2.7


def highest_density(density: Grid, length: int) -> CalphaSet:
    """Naïve greedy picking: the highest voxel first, none nearer than 3.3 Å to one taken.

    References
    ----------
    The control of the CR-I-TASSER paper, Supplementary Text 3.
    """
    index = np.argwhere(density.values > LOWEST_DENSITY)
    height = density.values[tuple(index.T)].astype(np.float64)
    return _pick(density.to_position(index), height, NAIVE_DISTANCE, length)


def shifted_density(density: Grid, length: int) -> CalphaSet:
    """All voxels of the molecule moved uphill by mean shift, the densest ends 2.7 Å apart taken.

    After three rounds voxels have gathered on ridges; more of them would run into few peaks where
    the resolution is poor.

    References
    ----------
    Local dense points of MAINMAST: Terashi G, Kihara D (2018) Nat. Commun. 9, 1618; of what
    follows there (a tree through the points) nothing.
    """
    values = np.maximum(density.values, 0)
    starts = np.argwhere(values > LOWEST_DENSITY).astype(np.float64)
    ends, height = mean_shift(values, starts, SHIFT_WIDTH, SHIFT_ROUNDS, SHORTEST_STEP)
    return _pick(density.to_position(ends), height, SHIFT_DISTANCE, length)


def _pick(
    positions: NDArray[np.float64], height: NDArray[np.float64], distance: float, length: int
) -> CalphaSet:
    """The highest `length` positions (n, 3) that keep a distance; NaN for kinds, of which density
    alone says nothing."""
    taken = suppress_neighbours(positions, np.argsort(-height, kind="stable"), distance, length)
    return CalphaSet(
        positions[taken],
        height[taken],
        np.full((len(taken), 20), np.nan),
        np.full((len(taken), 3), np.nan),
    )
