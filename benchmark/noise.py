"""Add noise to maps as a reconstruction has it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from critasser.density import Grid, model_mask

__all__ = ["MOLECULE_RADIUS", "VARIED", "add_noise", "band_limited"]

VARIED = (None, 3.0, None, 1.5)
"""Signal to noise of maps that are to be of all kinds, in turn."""

MOLECULE_RADIUS = 2.0
"""Å around heavy atoms: the inside of a molecule, over which signal is measured."""


def band_limited(
    shape: tuple[int, ...], resolution: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Gaussian noise of unit variance with no power beyond 1/resolution, on 1 Å voxels."""
    axes = [fft.fftfreq(n) for n in shape[:-1]] + [fft.rfftfreq(shape[-1])]
    frequency = np.sqrt(sum(axis**2 for axis in np.meshgrid(*axes, indexing="ij", sparse=True)))
    # The edge of training's noise: soft by 4 % of the limit.
    steps = np.clip((frequency - 1 / resolution) / (0.04 / resolution), -50, 50)
    spectrum = fft.rfftn(rng.normal(size=shape)) / (1 + np.exp(steps))
    noise = fft.irfftn(spectrum, s=shape)
    return (noise / noise.std()).astype(np.float32)


def add_noise(
    grid: Grid,
    positions: NDArray[np.float64],
    resolution: float,
    snr: float,
    rng: np.random.Generator,
) -> Grid:
    """A map with noise as a reconstruction has it: none beyond its resolution, alike everywhere.

    Parameters
    ----------
    grid : Grid
        1 Å voxels.
    positions : ndarray (n, 3)
        Heavy atoms; the molecule is what lies within 2 Å of one.
    resolution : float
        Å; noise has a flat spectrum up to its inverse and nothing beyond.
    snr : float
        Variance of the density inside the molecule over that of the noise.
    """
    inside = grid.values[model_mask(grid, positions, MOLECULE_RADIUS)].std()
    noise = band_limited(grid.shape, resolution, rng)
    return grid.with_values(grid.values + noise * np.float32(inside / np.sqrt(snr)))
