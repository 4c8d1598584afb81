"""Group basins into regions of the sizes of several chains that differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .regions import Regions

__all__ = ["at_sizes", "differ"]

_ALIKE = 1.5
"""Times that chains may differ in length and still be looked for as chains of one size."""


def differ(sizes: Sequence[float]) -> bool:
    """Whether chains differ so much in length that no one size suits all."""
    return max(sizes) > _ALIKE * min(sizes)


def at_sizes(regions: Regions, sizes: Sequence[float], least: float) -> np.ndarray:
    """Regions each of which is about as large as one of some chains.

    Of all ways to choose groups from the scales, which lie in one another, that is taken in which
    residues are in regions whose size is, in ratio, nearest to that of a chain. Where a group and
    its parts suit as well, it is left whole.

    Parameters
    ----------
    regions : Regions
    sizes : sequence of float
        Residues of each chain.
    least : float
        Å³ of the smallest region.

    Returns
    -------
    ndarray (n + 1,) of uint32
        Number of each basin's region, largest first; 0 outside.
    """
    wanted = np.log(np.unique(np.asarray(sizes, dtype=np.float64)))
    count = regions.count + 1
    chosen = np.zeros(count, dtype=np.int64)
    cost = np.zeros(count)  # of each basin: its share of what is chosen so far
    for number, labels in enumerate(regions.scales):
        whole = _unsuited(regions.residues(labels), wanted)
        parts = np.bincount(labels, weights=cost, minlength=len(whole))
        keep = (whole <= parts + 1e-9) if number else np.ones(len(whole), dtype=bool)
        cost = np.where(keep[labels], _shared(labels, whole, regions), cost)
        chosen = np.where(keep[labels], number * count + labels.astype(np.int64), chosen)
    chosen[regions.scales[-1] == 0] = -1
    _, group = np.unique(chosen, return_inverse=True)
    group = group.ravel().astype(np.uint32) + (0 if (chosen == -1).any() else 1)
    group[0] = 0
    return regions.largest_first(regions.tidied(group, least))


def _unsuited(residues: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Residues of each group times how far its size is, in ratio, from the nearest chain's."""
    logs = np.log(np.maximum(residues, 1e-9))
    away = np.abs(logs[:, None] - wanted).min(axis=1)
    return np.where(residues > 0, residues * away, 0.0)


def _shared(labels: np.ndarray, cost: np.ndarray, regions: Regions) -> np.ndarray:
    """The cost of a group divided among its basins by their voxels."""
    inside = np.bincount(labels, weights=regions.voxels, minlength=len(cost))
    share = np.divide(regions.voxels, inside[labels], where=inside[labels] > 0,
                      out=np.zeros(len(labels)))  # fmt: skip
    return share * cost[labels]
