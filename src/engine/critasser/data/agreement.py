"""How well a map and its model agree: in place, by frequency, in position and in hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.data.refusal import Refusal
from critasser.density import Grid, model_mask, pcc, resample, simulate, soft_model_mask
from critasser.density.shells import best_shift, shell_correlation

__all__ = ["Agreement", "Limits", "compare", "whole_map_fault"]

VOXELS_IN_RESOLUTION = 3.5
"""Voxels in the length of the resolution: shells reach 1.75 times beyond it."""

VOXEL_BOUNDS = (0.7, 2.5)
"""Å; finer voxels cost time only, and coarser ones lose side chains."""

COARSE_VOXELS = 2.5
"""As above where a whole map is compared."""

MASK_RADIUS, MASK_EDGE = 3.0, 3.0
"""Å around atoms within which map and model correlate; width of the soft edge beyond it within
which they are compared by frequency."""

HALF = 0.5
"""Fourier shell correlation of map and model at which detail ends (Rosenthal & Henderson, 2003)."""

FARTHEST_SHIFT = 8.0
"""Å; half of what a box keeps around its chain."""

CLEARLY = 1.5
"""Times the correlation in place by which a shifted or mirrored map must fit better."""


@dataclass(frozen=True)
class Limits:
    """What a pair must reach.

    Of 30 experimental pairs, 1.75 to 7.9 Å, 28 have correlations of 0.52 to 0.85, details of 0.87
    to 1.42 times their resolution and shifts of 0; a model docked from elsewhere and an anisotropic
    map from 2005 fall out.

    Attributes
    ----------
    correlation : float
        Within 3 Å of the atoms, at least.
    detail : float
        Å at which map and model correlate by half, over the resolution, at most.
    shift : float
        Å by which another position fits better, at most.
    """

    correlation: float = 0.45
    detail: float = 1.6
    shift: float = 1.5


@dataclass(frozen=True)
class Agreement:
    """Of a map and a model.

    Attributes
    ----------
    correlation : float
        Of the map and the model's density at the resolution, within 3 Å of the atoms.
    half : float
        Å at which the Fourier shell correlation within a soft mask falls below 0.5.
    shift : float
        Å by which the model had to be moved to fit best.
    """

    correlation: float
    half: float
    shift: float

    def check(self, resolution: float, limits: Limits) -> None:
        """Raise `Refusal` where map and model do not belong together."""
        if self.shift > limits.shift:
            raise Refusal(f"the model fits best {self.shift:.1f} Å away")
        if self.correlation < limits.correlation:
            raise Refusal(f"correlation {self.correlation:.2f} of map and model")
        if self.half > limits.detail * resolution:
            raise Refusal(
                f"map and model agree to {self.half:.1f} Å, the resolution is {resolution:.1f} Å"
            )


def compare(
    box: Grid, positions: NDArray[np.float64], amplitudes: NDArray[np.float64], resolution: float
) -> Agreement:
    """Compare a box of a map with the atoms in it.

    Parameters
    ----------
    box : Grid
    positions : ndarray (n, 3)
        Å; of all atoms that are in the box.
    amplitudes : ndarray (n,)
        Atomic numbers.
    resolution : float
        Å.
    """
    grid = resample(box, float(np.clip(resolution / VOXELS_IN_RESOLUTION, *VOXEL_BOUNDS)))
    model = simulate(positions, amplitudes, resolution, like=grid)
    near = model_mask(grid, positions, MASK_RADIUS)
    soft = soft_model_mask(grid, positions, MASK_RADIUS, MASK_EDGE)
    level = float(np.median(grid.values[~near])) if not near.all() else 0.0
    seen = (grid.values - level) * soft
    curve = shell_correlation(seen, model.values * soft, grid.voxel_size)
    shift, _ = best_shift(
        model.values, grid.values - level, grid.voxel_size, resolution, FARTHEST_SHIFT
    )
    return Agreement(
        pcc(grid, model, near), curve.resolution(HALF), float(np.linalg.norm(shift))
    )


def whole_map_fault(
    grid: Grid, positions: NDArray[np.float64], amplitudes: NDArray[np.float64], resolution: float
) -> str:
    """Why a map does not fit its model, where that can be told: shifted, or the mirror image.

    Parameters as in `compare`, for a whole map.

    Returns
    -------
    str
        "" where nothing fits better than the map as it is.
    """
    coarse = resample(grid, max(resolution / COARSE_VOXELS, float(grid.voxel_size.max())))
    model = simulate(positions, amplitudes, resolution, like=coarse).values
    voxel, cut = coarse.voxel_size, 2.5 * float(coarse.voxel_size.max())
    _, here = best_shift(model, coarse.values, voxel, cut, farthest=float(voxel.max()))
    shift, moved = best_shift(model, coarse.values, voxel, cut)
    mirrored = max(
        best_shift(model, np.flip(coarse.values, axis), voxel, cut)[1] for axis in range(3)
    )
    if mirrored > CLEARLY * max(here, moved):
        return "the map is the mirror image of its model"
    if moved > CLEARLY * here:
        return "the model fits best {:.0f}, {:.0f}, {:.0f} Å away".format(*shift)
    return ""
