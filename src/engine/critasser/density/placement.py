"""Whether a model lies in the density, and where else it would."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from critasser.density.cropping import BLOCK, block_means, block_size
from critasser.density.grid import Grid
from critasser.density.normalise import background

__all__ = ["Placement", "find_placement"]

HIGHEST = 99.5
"""Percentile of the density that counts in full; metals and noise count no more than that."""

LOW = 0.35
"""Of the density at the best place, what a model has at most that does not lie in the density."""

SAME_SHIFT = 1.5
"""Blocks; as near as the best shift is found."""


@dataclass(frozen=True, eq=False)
class Placement:
    """Mean density at the Cα of a model.

    Attributes
    ----------
    here : float
        Where the model is, above the background; 0 beyond the map.
    best : float
        Where it is highest when the model is shifted.
    shift : ndarray (3,) float64
        There, x, y, z in Å, to about 3 Å.
    """

    here: float
    best: float
    shift: NDArray[np.float64]

    @property
    def astray(self) -> bool:
        """Whether the model does not lie in the density, but would elsewhere."""
        return self.best > 0 and self.here < LOW * self.best

    def is_shift(self, shift: NDArray[np.float64]) -> bool:
        """Whether the best shift is this one, as far as it is known."""
        return bool(np.all(np.abs(self.shift - shift) <= SAME_SHIFT * BLOCK))


def find_placement(grid: Grid, positions: NDArray[np.float64]) -> Placement:
    """Density at the atoms of a model, in its place and at every shift.

    Parameters
    ----------
    grid : Grid
    positions : ndarray (n, 3)
        x, y, z in Å; n ≥ 1, anywhere.

    Returns
    -------
    Placement
        The shift is found by a correlation over all shifts (fast Fourier transform) of cubes of
        3 Å. Only shifts along the axes are tried, no rotation.
    """
    block = block_size(grid)
    means = block_means(grid) - background(grid)
    means = np.clip(means, 0.0, max(float(np.percentile(means, HIGHEST)), 0.0))
    index = np.rint((grid.to_index(positions) - (block - 1) / 2) / block).astype(int)
    first = index.min(axis=0)
    counts = np.zeros(index.max(axis=0) - first + 1)
    np.add.at(counts, tuple((index - first).T), 1.0 / len(index))
    shape = [fft.next_fast_len(a + b - 1, real=True) for a, b in zip(means.shape, counts.shape)]
    product = fft.rfftn(means, shape) * np.conj(fft.rfftn(counts, shape))
    density = fft.irfftn(product, shape)
    best = np.array(np.unravel_index(int(np.argmax(density)), density.shape))
    # Shifts beyond the last one that leaves the model in the map are those to the other side.
    best = np.where(best >= means.shape, best - shape, best)
    inside = np.all((index >= 0) & (index < means.shape), axis=1)
    here = float(means[tuple(index[inside].T)].sum()) / len(index)
    shift = ((best - first) * block)[::-1] * grid.voxel_size
    return Placement(here, float(density.max()), shift)
