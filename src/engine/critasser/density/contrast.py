"""Which way the contrast of a map goes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from critasser.density.cropping import block_means
from critasser.density.grid import Grid
from critasser.density.normalise import background

__all__ = ["looks_inverted"]

TAIL = 0.5
"""Per cent of the voxels at either end: what the molecule is in any box that it was put in."""

LEAST_SKEW = 1.0
"""Third moment about the background over the second to 3/2. Of 31 maps from 2.2 to 9 Å, masked and
whole, the least is 1.6."""

LEAST_RATIO = 1.5
"""Of the tails; in those maps at least 2.1."""


def looks_inverted(grid: Grid, weight: NDArray[np.floating] | None = None) -> bool:
    """Whether what stands out from the background lies below it.

    The molecule is the rarer and the stronger of what differs from the solvent: it makes the
    distribution skew, upwards in a map as it should be. Means over cubes of 3 Å are looked at, so
    that noise, which is symmetric, counts little. No assumption is made of where 0 is.

    Parameters
    ----------
    grid : Grid
    weight : ndarray (nz, ny, nx), optional
        Of a mask, 0 … 1: only what it leaves is looked at.
    """
    values = grid.values - np.float32(background(grid))
    if weight is not None:
        values = values * weight
    means = block_means(grid.with_values(values))
    low, high = np.percentile(means, (TAIL, 100 - TAIL))
    spread = float(np.mean(means**2))
    if not spread:
        return False
    skew = float(np.mean(means**3)) / spread**1.5
    return skew < -LEAST_SKEW and -low > LEAST_RATIO * max(high, 0.0)
