"""Find Cα atoms in the network's probability."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from critasser.calpha.kernels import mean_shift
from critasser.density import FeatureMaps, Grid, sample
from critasser.structure import CalphaSet

__all__ = ["STRATEGIES", "find_calpha", "greedy_voxels", "refined_peaks", "suppress_neighbours"]

PAPER_DISTANCE, PAPER_PROBABILITY, PAPER_EXCESS, PAPER_LEAST = 3.3, 0.9, 1.2, 0.01
"""Å between positions at least; the probability above which there may be more positions than
residues, and how many times as many (paper, Methods). No voxel below the last is looked at."""

PEAK_DISTANCE = 2.7
"""Å. A cis peptide has 2.95; two peaks nearer than this are one atom."""
PEAK_WIDTH = 1.0
"""Å; of the mean shift's kernel, as wide as the peaks that training asks for."""
SMOOTHING = 0.5
"""Voxels; standard deviation of the filter before local maxima are looked for. This and the
numbers below were chosen by hand."""
MOST_STEPS, SHORTEST_STEP = 30, 0.01
"""Steps of the mean shift, and the length in voxels at which it ends."""
SURE_HEIGHT, LEAST_HEIGHT = 0.25, 0.05
"""Heights of peaks that are positions however many there are, and while some are missing."""
LEAST_PROBABILITY = 0.05
"""Of a peak, and of a voxel that is filled while positions are missing."""
FILLED_PROBABILITY = 0.35
"""Voxels likelier than this, far from all peaks, are positions however many there are."""
MOST_A_RESIDUE = 6
"""Positions a residue at most, where a box holds neighbours of the molecule."""
LEAST_SHARE = 1e-6
"""Added to each probability of amino acids and secondary structures."""
ROUNDING = 1e-12
"""Share of a radius that rounding may add to a distance."""


def _collect(features: FeatureMaps, positions: np.ndarray, probability: np.ndarray) -> CalphaSet:
    _, _, structure, kind = features.sample(positions)
    structure = structure + LEAST_SHARE
    kind = kind + LEAST_SHARE
    return CalphaSet(
        positions,
        probability,
        kind / kind.sum(1, keepdims=True),
        structure / structure.sum(1, keepdims=True),
    )


def suppress_neighbours(
    positions: np.ndarray, order: np.ndarray, radius: float, limit: int
) -> np.ndarray:
    """Take positions (n, 3) in `order`, none nearer than `radius` to one taken; at most `limit`.

    Returns the indices taken.
    """
    tree = cKDTree(positions) if len(positions) else None
    free = np.ones(len(positions), bool)
    taken: list[int] = []
    for k in order:
        if len(taken) == limit:
            break
        if free[k]:
            taken.append(int(k))
            free[tree.query_ball_point(positions[k], radius * (1 - ROUNDING))] = False
    return np.array(taken, np.int64)


def greedy_voxels(features: FeatureMaps, length: int) -> CalphaSet:
    """The paper's rule: highest voxel first, none nearer than 3.3 Å to a chosen one.

    At least `length`, and up to 1.2 `length` while the probability is over 0.9 (Methods).
    """
    probability = features.calpha.astype(np.float32)
    index = np.argwhere(probability > PAPER_LEAST)
    height = probability[tuple(index.T)]
    order = np.argsort(-height, kind="stable")
    grid = features.calpha_grid
    positions = grid.to_position(index)
    taken = suppress_neighbours(positions, order, PAPER_DISTANCE, int(PAPER_EXCESS * length))
    keep = (np.arange(len(taken)) < length) | (height[taken] > PAPER_PROBABILITY)
    taken = taken[keep]
    return _collect(features, positions[taken], height[taken].astype(float))


def refined_peaks(features: FeatureMaps, length: int) -> CalphaSet:
    """Local maxima moved by mean shift, then voxels where peaks have merged.

    All peaks that stand out are kept, whatever the length, since a box may hold neighbours; weaker
    ones only as far as `length` needs them. Neighbouring Cα may share one peak: voxels that no peak
    explains are filled by the paper's rule, the likely ones always, others while some are missing.
    """
    probability = features.calpha.astype(np.float32)
    grid = features.calpha_grid
    smooth = ndimage.gaussian_filter(probability, SMOOTHING)
    top = (ndimage.maximum_filter(smooth, size=3) == smooth) & (smooth > LEAST_PROBABILITY)
    ends, height = mean_shift(
        probability, np.argwhere(top).astype(float), PEAK_WIDTH, MOST_STEPS, SHORTEST_STEP
    )
    peaks = grid.to_position(ends)
    order = np.argsort(-height, kind="stable")
    taken = suppress_neighbours(peaks, order, PEAK_DISTANCE, MOST_A_RESIDUE * length)
    rank = np.arange(len(taken))
    taken = taken[
        (height[taken] > SURE_HEIGHT) | ((rank < length) & (height[taken] > LEAST_HEIGHT))
    ]
    positions = peaks[taken]
    room = MOST_A_RESIDUE * length - len(positions)
    positions = _filled(grid, positions, FILLED_PROBABILITY, room)
    positions = _filled(grid, positions, LEAST_PROBABILITY, length - len(positions))
    values = np.clip(sample(grid, positions), 0, 1)
    order = np.argsort(-values, kind="stable")
    return _collect(features, positions[order], values[order])


def _filled(grid: Grid, positions: np.ndarray, least: float, most: int) -> np.ndarray:
    """Positions (n, 3), then the likeliest voxels, at most `most`, that keep the paper's distance
    from them."""
    if most <= 0:
        return positions
    index = np.argwhere(grid.values > least)
    voxels = grid.to_position(index)
    if len(positions):
        far = cKDTree(positions).query(voxels)[0] >= PAPER_DISTANCE
        index, voxels = index[far], voxels[far]
    order = np.argsort(-grid.values[tuple(index.T)], kind="stable")
    return np.concatenate([positions, voxels[suppress_neighbours(voxels, order, PAPER_DISTANCE,
                                                                 most)]])  # fmt: skip


STRATEGIES: dict[str, Callable[[FeatureMaps, int], CalphaSet]] = {
    "refined": refined_peaks,
    "paper": greedy_voxels,
}


def find_calpha(features: FeatureMaps, length: int, *, strategy: str = "refined") -> CalphaSet:
    """Positions of Cα atoms with the network's probabilities there.

    Parameters
    ----------
    features
        The network's probability maps.
    length
        Residues expected in the map.
    strategy
        ``refined`` or ``paper``.

    Returns
    -------
    CalphaSet
        Highest first, in the map's frame.
    """
    return STRATEGIES[strategy](features, length)
