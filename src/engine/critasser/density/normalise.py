"""One scale for every map: background 0, mean of the density (weighted by itself) 1."""

from __future__ import annotations

import numpy as np

from critasser.density.grid import Grid

__all__ = ["background", "masked_level", "normalise"]

BINS = 256
MASKED_FRACTION = 0.3
LOWEST, HIGHEST = -3.0, 6.0


def normalise(grid: Grid) -> Grid:
    """Bring a map to the scale on which networks are trained and energies are weighted.

    The background b is the mode of the histogram (256 bins between the 0.5 and 99.5 percentiles),
    or the value around a masked map, which more than 30 % of the voxels have exactly. With
    ``v = max(x - b, 0)`` the scale is ``sum(v³) / sum(v²)``: a mean to which the molecule
    contributes and the box, however large, does not.

    Parameters
    ----------
    grid : Grid

    Returns
    -------
    Grid
        ``(x - b) / scale``, clipped to −3 … 6.

    Raises
    ------
    ValueError
        No voxel is above the background.
    """
    lowest = background(grid)
    square = cube = 0.0
    # Section by section, so that double precision costs no memory to speak of.
    for section in grid.values:
        above = np.maximum(section.astype(np.float64) - lowest, 0.0)
        square += np.sum(above**2)
        cube += np.sum(above**3)
    if square == 0:
        raise ValueError("no density above the background")
    values = (grid.values - np.float32(lowest)) / np.float32(cube / square)
    return grid.with_values(np.clip(values, LOWEST, HIGHEST))


def background(grid: Grid) -> float:
    """Density of the solvent: the value around a masked map, else the most common value.

    See `normalise`. Where 0 is does not matter.
    """
    return _levels(grid)[0]


def masked_level(grid: Grid) -> float | None:
    """The value that more than 30 % of the voxels have exactly, as around a masked map.

    None where there is none. It is 0 unless something was added to the map.
    """
    level, masked = _levels(grid)
    return level if masked else None


def _levels(grid: Grid) -> tuple[float, bool]:
    """The background, and whether it is the value around a masked map."""
    values = grid.values
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
