"""The scale of a density: its background, and the molecule's mean above it.

Needs NumPy alone: ChimeraX uses it too.
"""

from __future__ import annotations

import numpy as np

__all__ = ["background_of", "mean_above"]

BINS = 256
MASKED_FRACTION = 0.3


def background_of(values: np.ndarray) -> tuple[float, bool]:
    """The background, and whether it is the value around a masked map.

    That is the value which more than 30 % of the voxels have exactly, else the mode of the
    histogram (256 bins between the 0.5 and 99.5 percentiles).

    Parameters
    ----------
    values : ndarray (nz, ny, nx)
    """
    if np.mean(values == 0) > MASKED_FRACTION:
        return 0.0, True
    low, high = np.percentile(values, (0.5, 99.5))
    if low == high:
        return float(low), True
    counts, edges = np.histogram(values, bins=BINS, range=(low, high))
    mode = int(np.argmax(counts))
    if counts[mode] > MASKED_FRACTION * values.size:
        inside = values[(values >= edges[mode]) & (values <= edges[mode + 1])]
        level = np.median(inside)
        if np.mean(values == level) > MASKED_FRACTION:
            return float(level), True
    return float(0.5 * (edges[mode] + edges[mode + 1])), False


def mean_above(values: np.ndarray, lowest: float) -> float:
    """Mean of the density above a background, weighted by itself: ``sum(v³) / sum(v²)``.

    The molecule contributes to it, and the box, however large, does not. It is 0 where nothing is
    above the background.
    """
    square = cube = 0.0
    # Section by section, so that double precision costs no memory to speak of.
    for section in values:
        above = np.maximum(section.astype(np.float64) - lowest, 0.0)
        square += float(np.sum(above**2))
        cube += float(np.sum(above**3))
    return cube / square if square else 0.0
