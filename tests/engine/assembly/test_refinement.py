"""Averages become chains again."""

import numpy as np

from critasser.assembly import complete, refine_centroids
from critasser.structure import tm_score


def test_an_average_of_decoys_gets_its_geometry_back(barnase):
    starts = [barnase.noisy_trace(seed) for seed in range(6)]
    rng = np.random.default_rng(0)
    whole = [complete(barnase.target, start, barnase.guide, rng=rng).positions for start in starts]
    centroid = np.mean(whole, axis=0)
    # Worse than any average: bonds of 3 Å.
    centroid = centroid.mean(axis=0) + 0.8 * (centroid - centroid.mean(axis=0))
    refined = refine_centroids(
        np.stack([centroid, whole[-1]]), barnase.target, starts, barnase.calpha,
        barnase.density, barnase.resolution, rng=np.random.default_rng(0), sweeps=150,
    )  # fmt: skip
    assert refined.shape == (2, *centroid.shape)
    bonds = np.linalg.norm(np.diff(refined, axis=1), axis=2)
    assert bonds.min() > 3.5 and bonds.max() < 4.1
    assert tm_score(refined[0], barnase.native) > 0.9
    assert tm_score(refined[1], barnase.native) > 0.9
