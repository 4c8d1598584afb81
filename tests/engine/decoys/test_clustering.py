"""Clusters of decoys."""

import numpy as np
import pytest

from critasser.decoys import cluster
from critasser.decoys.clustering import rmsd_matrix
from critasser.structure import rmsd


def random_rotation(rng):
    q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return q * np.sign(np.linalg.det(q))


def families(rng, sizes, spread=1.0, length=60):
    """Decoys around random walks, one family after the other."""
    result = []
    for size in sizes:
        steps = rng.normal(size=(length, 3))
        fold = np.cumsum(3.8 * steps / np.linalg.norm(steps, axis=1, keepdims=True), axis=0)
        result += [fold + spread * rng.normal(size=fold.shape) for _ in range(size)]
    return np.array(result)


def test_distances_are_those_of_superposed_pairs():
    rng = np.random.default_rng(0)
    decoys = families(rng, [3, 3], length=20)
    decoys[1] = decoys[1] @ random_rotation(rng).T + 5.0
    decoys[2] = decoys[0] * [1, 1, -1]
    distance = rmsd_matrix(decoys)
    for i in range(len(decoys)):
        for j in range(len(decoys)):
            assert distance[i, j] == pytest.approx(rmsd(decoys[i], decoys[j]), abs=1e-5)


def test_the_largest_family_comes_first_and_none_is_mixed():
    rng = np.random.default_rng(1)
    sizes = [30, 60, 10]
    clusters = cluster(families(rng, sizes))
    assert clusters.size.tolist() == [60, 30, 10]
    assert clusters.total == 100
    expected = [range(30, 90), range(30), range(90, 100)]
    for members, indices, centre in zip(clusters.members, expected, clusters.centre):
        assert members.tolist() == list(indices)
        assert centre in members
    assert "3 clusters" in clusters.note


def test_the_centroid_is_nearer_to_the_truth_than_its_members():
    rng = np.random.default_rng(2)
    decoys = families(rng, [50], spread=1.0)
    truth = decoys.mean(axis=0)
    clusters = cluster(decoys)
    assert rmsd(clusters.centroid[0], truth) < 0.3
    assert clusters.mean_rmsd[0] == pytest.approx(np.sqrt(3), abs=0.2)


def test_one_cluster_is_said_to_be_one():
    clusters = cluster(families(np.random.default_rng(3), [40], spread=0.5))
    assert clusters.cutoff == 3.5
    assert len(clusters.size) == 1
    assert "one model, not 5" in clusters.note


def test_the_cutoff_is_wide_where_nothing_is_alike():
    rng = np.random.default_rng(4)
    clusters = cluster(families(rng, [1] * 40, length=200))
    assert clusters.cutoff == 12.0


def test_a_family_that_moves_as_a_whole_is_one_cluster_in_the_frame_of_its_centre():
    rng = np.random.default_rng(5)
    decoys = families(rng, [20], spread=0.2)
    moved = np.array([x @ random_rotation(rng).T + 30 * rng.normal(size=3) for x in decoys])
    clusters = cluster(moved)
    assert clusters.size.tolist() == [20]
    centre = moved[clusters.centre[0]]
    assert np.abs(clusters.centroid[0] - centre).max() < 2.0


def test_of_many_decoys_evenly_spaced_ones_count_under_their_own_numbers():
    rng = np.random.default_rng(6)
    decoys = families(rng, [1500, 500], length=12, spread=0.3)
    clusters = cluster(decoys)
    assert clusters.total == 1000
    assert clusters.members[0].max() < 1500 <= clusters.members[1].min()


def test_decoys_that_weigh_more_come_first_however_few():
    rng = np.random.default_rng(8)
    decoys = families(rng, [40, 10])
    weights = np.r_[np.full(40, 0.01), np.full(10, 1.0)]
    clusters = cluster(decoys, weights=weights)
    assert clusters.size.tolist() == [10, 40]
    assert clusters.share[0] == pytest.approx(10 / 10.4)
    weights[45:] = 0.0
    centroid = cluster(decoys, weights=weights).centroid[0]
    assert rmsd(centroid, decoys[40:45].mean(axis=0)) < 0.1
    with pytest.raises(ValueError, match="weights"):
        cluster(decoys, weights=np.zeros(50))


def test_few_decoys_and_bad_arrays():
    one = cluster(families(np.random.default_rng(7), [1]))
    assert one.size.tolist() == [1]
    with pytest.raises(ValueError, match="shape"):
        cluster(np.zeros((0, 10, 3)))
