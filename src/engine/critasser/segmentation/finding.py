"""Find regions in a density, on arrays alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..density_scale import background_of, mean_above
from .basins import Basins, watershed
from .regions import CHAIN_RESIDUES, RESIDUE_VOLUME, USUAL_LEVEL, Regions
from .scales import group_by_smoothing, widths, widths_in_steps
from .sizes import at_sizes, differ

__all__ = ["find_regions", "level_above", "regions_from_labels"]

_LARGEST = 400
"""Voxels along the longest side of a molecule from which on every second one is looked at."""

_MOST = 36
_FEWEST = 3
"""Regions of a whole map, more or less, where no sequence tells the size of a chain."""

_ENOUGH = 256**3
"""Voxels of a map that tell its scale."""

FAINTEST = 1.0
"""Percentile of the density in regions that somebody else has found, for the level that they had.
"""

_LEAST_SHARE = 0.05
"""Of a chain: smaller regions go to their neighbours."""

Told = Callable[[float], None]


def find_regions(
    values: np.ndarray,
    level: float,
    voxel_size: Sequence[float],
    *,
    smoothing: float | None = None,
    steps: int | None = None,
    least: float | None = None,
    chain_residues: float | None = None,
    chains: int = 1,
    sizes: Sequence[float] | None = None,
    above: float | None = None,
    told: Told = lambda fraction: None,
) -> tuple[Regions, np.ndarray, float]:
    """Regions of about the size of a chain.

    Parameters
    ----------
    values : ndarray (nz, ny, nx)
    level : float
        What is below is in no region.
    voxel_size : three floats
        z, y, x; Å.
    smoothing : float, optional
        Width (σ) of the widest Gaussian, Å; else the one that makes regions of a chain's size.
    steps : int, optional
        Steps to that width; 4 unless given.
    least : float, optional
        Å³ of the smallest region; else a twentieth of a chain.
    chain_residues : float, optional
        Of a chain; else 300, or what makes a few to a few dozen regions.
    chains : int
        How many of that size there are at least: a level that is too high does not make fewer.
    sizes : sequence of float, optional
        Residues of each chain where they differ; regions become as large as one of them each.
    above : float, optional
        The level in the molecule's mean density above the background, where values are not those
        of the whole map.
    told : callable
        Is told the fraction that is done.

    Returns
    -------
    regions : Regions
    group : ndarray (n + 1,) of uint32
        Number of each basin's region; none but 0 where nothing reaches the level.
    least : float
        Å³ of the smallest region.
    """
    step = np.asarray(voxel_size, dtype=np.float64)
    looked_at, coarse = _thinned(values, level)
    basins = watershed(looked_at, level)
    told(0.2)
    extent = float(max(np.array(basins.labels.shape) * step * coarse))
    if smoothing is None:
        sigmas = widths(float((step * coarse).min()), extent)
    else:
        sigmas = widths_in_steps(smoothing, steps or 4)
    scales = _scales(looked_at, basins, step * coarse, sigmas, told)
    if coarse > 1:
        basins = _on_full_grid(basins, values, level, coarse)
    above = level_above(values, level) if above is None else above
    regions = _regions(basins, scales, values, step, above)
    total = float(regions.residues(regions.scales[0]).sum())
    if chain_residues is None:
        chain_residues = float(np.clip(CHAIN_RESIDUES, total / _MOST, max(total / _FEWEST, 1.0)))
    else:
        chain_residues = min(chain_residues, max(total / chains, 1.0))
    several = smoothing is None and sizes is not None and differ(sizes)
    if least is None:
        smallest = min(sizes) if several else chain_residues
        least = _LEAST_SHARE * smallest * RESIDUE_VOLUME
    if several:
        # A level that is too high does not make fewer of them.
        seen = min(total / sum(sizes), 1.0) if total else 1.0
        return regions, at_sizes(regions, [seen * size for size in sizes], least), least
    scale = len(sigmas) - 1 if smoothing is not None else regions.best_scale(chain_residues)
    return regions, regions.at_scale(scale, least), least


def regions_from_labels(
    values: np.ndarray,
    labels: np.ndarray,
    voxel_size: Sequence[float],
    told: Told = lambda fraction: None,
) -> tuple[Regions, np.ndarray]:
    """Regions that somebody else has found, with basins of their own so that they can be split.

    Parameters
    ----------
    values : ndarray (nz, ny, nx)
    labels : ndarray (nz, ny, nx) of int
        Number of each voxel's region, 0 for none.
    voxel_size : three floats
        z, y, x; Å.

    Returns
    -------
    regions : Regions
    group : ndarray (n + 1,) of uint32
        The same numbers.
    """
    step = np.asarray(voxel_size, dtype=np.float64)
    basins = watershed(values, -np.inf, keep_apart=labels)
    told(0.2)
    extent = float(max(np.array(basins.labels.shape) * step))
    scales = _scales(values, basins, step, widths(float(step.min()), extent), told)
    inside = values[labels > 0]
    level = float(np.percentile(inside, FAINTEST)) if inside.size else 0.0
    regions = _regions(basins, scales, values, step, level_above(values, level))
    tops = tuple((basins.maxima + basins.offset).T)
    group = np.concatenate([[0], labels[tops]]).astype(np.uint32)
    return regions, group


def _scales(values, basins, step, sigmas, told) -> np.ndarray:
    if not len(basins.maxima):
        return np.zeros((1, 1), dtype=np.uint32)
    return group_by_smoothing(values, basins, step, sigmas, lambda done: told(0.2 + 0.7 * done))


def level_above(values: np.ndarray, level: float) -> float:
    """A level of a map (nz, ny, nx) in the molecule's mean density above the background."""
    every = int(np.ceil((values.size / _ENOUGH) ** (1 / 3)))
    some = values[::every, ::every, ::every]
    solvent, _ = background_of(some)
    mean = mean_above(some, solvent)
    return (level - solvent) / mean if mean else USUAL_LEVEL


def _regions(basins: Basins, scales, values, step, level: float) -> Regions:
    inside = np.asarray(values[basins.box], dtype=np.float32).ravel()
    count = scales.shape[1]
    sums = np.bincount(basins.labels.ravel(), weights=inside, minlength=count)
    sums[0] = 0.0
    return Regions(
        basins.labels, basins.offset, basins.shape, scales, sums, float(np.prod(step)), level
    )  # fmt: skip


def _thinned(values: np.ndarray, level: float) -> tuple[np.ndarray, int]:
    """Means of 2 x 2 x 2 voxels for a molecule that is too large, and how many voxels are one."""
    longest = 0
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        longest = max(longest, int((values.max(axis=others) >= level).sum()))
    coarse = 1
    while longest > _LARGEST * coarse:
        coarse *= 2
    if coarse == 1:
        return values, 1
    fewer = [n // coarse for n in values.shape]
    blocks = np.zeros(fewer, dtype=np.float32)
    for dz, dy, dx in np.ndindex(coarse, coarse, coarse):
        blocks += values[dz::coarse, dy::coarse, dx::coarse][
            tuple(slice(n) for n in fewer)
        ]  # fmt: skip
    return blocks / coarse**3, coarse


def _on_full_grid(basins: Basins, values: np.ndarray, level: float, coarse: int) -> Basins:
    """Basins of the thinned map on the map's own grid: of each block, what reaches the level."""
    labels = basins.labels
    for axis in range(3):
        labels = np.repeat(labels, coarse, axis=axis)
    offset = tuple(coarse * o for o in basins.offset)
    shape = tuple(int(n) for n in values.shape)
    whole = Basins(labels, offset, shape, basins.maxima * coarse)
    labels[values[whole.box] < level] = 0
    return whole
