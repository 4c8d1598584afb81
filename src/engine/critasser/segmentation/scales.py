"""Group basins by smoothing: those whose maxima flow together are one region.

Pintilie et al. 2010, J. Struct. Biol. 170, 427, but with Gaussians whose widths grow by a factor,
so that a dozen of them lead from atoms to whole chains.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .basins import Basins, climb

__all__ = ["group_by_smoothing", "widths", "widths_in_steps"]

_FACTOR = 2.0**0.25
_COARSE = 4.0
"""Voxels of a Gaussian's width from which on every second voxel of the smoothed map is enough."""

_TRUNCATE = 3.0
_FEWEST = 8
"""Voxels along the shortest side that are not halved."""

_WIDEST = 0.2
"""Of the molecule's longest side, the width of the widest Gaussian."""


def widths(voxel_size: float, extent: float) -> list[float]:
    """Widths (σ) of the Gaussians for a map, in Å, from one voxel to a fifth of the molecule.

    Parameters
    ----------
    voxel_size : float
        Å.
    extent : float
        Longest side of what is above the level, in Å.
    """
    found = [voxel_size]
    while found[-1] * _FACTOR < _WIDEST * extent:
        found.append(found[-1] * _FACTOR)
    return found


def widths_in_steps(widest: float, steps: int) -> list[float]:
    """Equal steps to the widest."""
    return [widest * step / steps for step in range(1, steps + 1)]


def group_by_smoothing(
    values: np.ndarray,
    basins: Basins,
    voxel_size: Sequence[float],
    sigmas: Sequence[float],
    told: Callable[[float], None] = lambda fraction: None,
) -> np.ndarray:
    """Which basins have flowed together at each width.

    Parameters
    ----------
    values : ndarray (nz, ny, nx)
        The whole map.
    basins : Basins
    voxel_size : three floats
        z, y, x; Å.
    sigmas : sequence of float
        Å, growing.
    told : callable
        Is told the fraction that is done.

    Returns
    -------
    ndarray (len(sigmas), n + 1) of uint32
        For each width the number of each basin's group; basin 0 is in group 0. What is together
        once stays together.
    """
    from scipy import ndimage  # ChimeraX's window would wait for it at the first command

    count = len(basins.maxima)
    found = np.zeros((len(sigmas), count + 1), dtype=np.uint32)
    step = np.asarray(voxel_size, dtype=np.float64)
    smooth, place = _with_margin(values, basins, 2.0 * max(sigmas, default=0.0) / step)
    member = np.arange(count)
    reached = 0.0
    for number, sigma in enumerate(sigmas):
        more = np.sqrt(max(sigma**2 - reached**2, 0.0)) / step
        smooth = ndimage.gaussian_filter(smooth, more, mode="nearest", truncate=_TRUNCATE)
        reached = sigma
        while (sigma / step).min() >= _COARSE and min(smooth.shape) > _FEWEST:
            smooth = np.ascontiguousarray(smooth[::2, ::2, ::2])
            step = 2.0 * step
            place = np.minimum((place + 1) // 2, np.array(smooth.shape) - 1)
        flat = np.ravel_multi_index(tuple(climb(smooth, place).T), smooth.shape)
        tops, together = np.unique(flat, return_inverse=True)
        place = np.stack(np.unravel_index(tops, smooth.shape), axis=1)
        member = together.ravel()[member]
        found[number, 1:] = member + 1
        told((number + 1) / len(sigmas))
    return found


def _with_margin(values, basins, margin) -> tuple[np.ndarray, np.ndarray]:
    """The box of the basins with density around it, and the maxima in it."""
    first, last = [], []
    for axis in range(3):
        more = int(np.ceil(margin[axis]))
        first.append(max(basins.offset[axis] - more, 0))
        end = basins.offset[axis] + basins.labels.shape[axis] + more
        last.append(min(end, basins.shape[axis]))
    box = tuple(slice(a, b) for a, b in zip(first, last))
    shift = np.array(basins.offset) - np.array(first)
    return np.array(values[box], dtype=np.float32), basins.maxima + shift
