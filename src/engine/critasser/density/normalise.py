"""One scale for every map: background 0, mean of the density (weighted by itself) 1."""

from __future__ import annotations

import numpy as np

from critasser.density.grid import Grid
from critasser.density_scale import background_of, mean_above

__all__ = ["background", "masked_level", "normalise"]

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
    scale = mean_above(grid.values, lowest)
    if scale == 0:
        raise ValueError("no density above the background")
    values = (grid.values - np.float32(lowest)) / np.float32(scale)
    return grid.with_values(np.clip(values, LOWEST, HIGHEST))


def background(grid: Grid) -> float:
    """Density of the solvent: the value around a masked map, else the most common value.

    See `normalise`. Where 0 is does not matter.
    """
    return background_of(grid.values)[0]


def masked_level(grid: Grid) -> float | None:
    """The value that more than 30 % of the voxels have exactly, as around a masked map.

    None where there is none. It is 0 unless something was added to the map.
    """
    level, masked = background_of(grid.values)
    return level if masked else None
