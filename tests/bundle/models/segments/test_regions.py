"""Regions of maps on plain arrays."""

import numpy as np
import pytest
from chimerax.critasser.engine.critasser.segmentation.basins import climb, watershed
from chimerax.critasser.engine.critasser.segmentation.finding import (
    find_regions,
    regions_from_labels,
)
from chimerax.critasser.engine.critasser.segmentation.mates import symmetry_mates
from chimerax.critasser.engine.critasser.segmentation.regions import Regions, merged
from chimerax.critasser.models.segments.palette import choose_colors
from chimerax.critasser.models.segments.voxelise import enclosed_voxels

TURN = np.array([[1.0, 0, 0, 0], [0, -1, 0, 39], [0, 0, -1, 39]])
"""Half a turn about z through the middle of 40 voxels."""


def balls(shape, centers, width):
    """Density of balls; the sum of Gaussians."""
    zyx = np.moveaxis(np.indices(shape), 0, -1)
    spread = [((zyx - center) ** 2).sum(axis=-1) / (2 * width**2) for center in centers]
    return sum(np.exp(-one) for one in spread).astype(np.float32)


@pytest.fixture
def two_domains():
    """Two lumps that touch, each of eight smaller ones, with a speck of noise aside."""
    corners = 3.5 * (np.array(list(np.ndindex(2, 2, 2))) * 2 - 1)
    centers = [center + corner for center in ((20, 20, 12), (20, 20, 27)) for corner in corners]
    values = balls((40, 40, 40), centers, 2.4)
    values[2, 2, 2] = 1.0
    return values


def ascend(values, place):
    """Steepest ascent, one step after the other."""
    while True:
        low = [max(p - 1, 0) for p in place]
        around = values[tuple(slice(a, p + 2) for a, p in zip(low, place))]
        best = np.unravel_index(np.argmax(around), around.shape)
        if around[best] <= values[tuple(place)]:
            return tuple(place)
        place = [a + b for a, b in zip(low, best)]


def test_voxels_of_a_basin_ascend_to_its_maximum():
    values = np.random.default_rng(3).normal(size=(9, 8, 7)).astype(np.float32)
    basins = watershed(values, 0.2)
    assert basins.labels.shape == tuple(s.stop - s.start for s in basins.box)
    whole = np.zeros(values.shape, dtype=int)
    whole[basins.box] = basins.labels
    assert np.array_equal(whole > 0, values >= 0.2)
    for place in np.argwhere(whole):
        top = basins.maxima[whole[tuple(place)] - 1] + basins.offset
        assert ascend(values, list(place)) == tuple(top)
    starts = np.argwhere(values >= 0.2)
    tops = basins.maxima[whole[tuple(starts.T)] - 1] + basins.offset
    assert np.array_equal(climb(values, starts), tops)


def test_basins_are_numbered_by_their_first_voxels():
    values = np.random.default_rng(4).normal(size=(9, 8, 7))
    labels = watershed(values, 0.5).labels
    _, first = np.unique(labels[labels > 0], return_index=True)
    assert np.all(np.diff(first) > 0)


def test_where_nothing_reaches_the_level_there_are_no_regions():
    regions, group, _ = find_regions(np.zeros((5, 5, 5), np.float32), 1.0, (1, 1, 1))
    assert regions.count == 0 and not group.any()
    assert not regions.index_map(group).any()


def test_two_domains_are_two_regions_and_the_speck_is_none(two_domains):
    regions, group, _ = find_regions(two_domains, 0.3, (1.0, 1.0, 1.0), chain_residues=15)
    index = regions.index_map(group)
    assert set(np.unique(index)) == {0, 1, 2}
    assert index[20, 20, 12] != index[20, 20, 27]
    assert index[2, 2, 2] == 0
    inside = two_domains >= 0.3
    inside[2, 2, 2] = False
    assert np.array_equal(index > 0, inside)
    sides = np.indices(index.shape)[2] >= 20
    one = index[20, 20, 27]
    assert (sides[index == one].mean(), sides[(index > 0) & (index != one)].mean()) == (1.0, 0.0)


def test_volumes_and_densities_are_those_of_the_voxels(two_domains):
    regions, group, _ = find_regions(two_domains, 0.3, (1.0, 1.0, 2.0), chain_residues=30)
    index = regions.index_map(group)
    for number in (1, 2):
        own = index == number
        assert regions.volumes(group)[number] == pytest.approx(2.0 * own.sum())
        assert regions.mean_densities(group)[number] == pytest.approx(
            two_domains[own].mean(), rel=1e-4
        )


def test_more_smoothing_makes_fewer_regions(two_domains):
    counts = []
    for smoothing in (1.0, 3.0, 12.0):
        _, group, _ = find_regions(
            two_domains, 0.3, (1, 1, 1), smoothing=smoothing, steps=3, least=20.0
        )
        counts.append(int(group.max()))
    assert counts[0] == 16 and counts[1] < 16 and counts[2] == 1


def test_a_region_is_split_at_the_coarsest_scale_that_does_and_merged_again(two_domains):
    regions, group, _ = find_regions(two_domains, 0.3, (1, 1, 1), chain_residues=15)
    both = merged(group, (1, 2), 1)
    assert set(np.unique(regions.index_map(both))) == {0, 1}
    parts = regions.parts(both, 1, 20.0)
    assert np.array_equal(regions.index_map(parts), regions.index_map(group))
    finer = regions.parts(group, 1, 20.0)
    assert 2 <= finer.max() <= 8
    assert np.array_equal(finer > 0, group == 1)
    one = (np.arange(regions.count + 1) == 1).astype(np.uint32)
    assert regions.parts(one, 1, 1.0) is None


def test_a_large_map_is_thinned_but_voxels_are_its_own(monkeypatch, two_domains):
    from chimerax.critasser.engine.critasser.segmentation import finding

    exact, _, _ = find_regions(two_domains, 0.3, (1, 1, 1), chain_residues=15)
    monkeypatch.setattr(finding, "_LARGEST", 20)
    regions, group, _ = find_regions(two_domains, 0.3, (1, 1, 1), chain_residues=15)
    assert regions.count < exact.count or regions.count == 16
    index = regions.index_map(group)
    assert index.shape == two_domains.shape
    assert index[20, 20, 12] != index[20, 20, 27]
    assert (two_domains[index > 0] >= 0.3).all()
    assert (index[two_domains >= 0.3] > 0).mean() > 0.9


def test_regions_of_others_keep_their_voxels_and_numbers_and_can_be_split(two_domains):
    labels = np.zeros(two_domains.shape, dtype=np.int64)
    labels[5:35, 5:35, 5:18] = 7
    labels[5:35, 5:35, 18:35] = 9
    regions, group = regions_from_labels(two_domains, labels, (1, 1, 1))
    assert np.array_equal(regions.index_map(group), labels)
    parts = regions.parts(group, 7, 200.0)
    assert parts.max() >= 2 and np.array_equal(parts > 0, group == 7)


def test_a_snapshot_gives_the_same_regions_and_a_damaged_one_none(two_domains):
    regions, group, _ = find_regions(two_domains, 0.3, (1, 1, 1), chain_residues=15)
    data = regions.snapshot()
    assert len(data["labels"]) < regions.labels.nbytes / 4
    again = Regions.from_snapshot(data)
    assert np.array_equal(again.index_map(group), regions.index_map(group))
    assert np.array_equal(again.residues(group), regions.residues(group))
    data.pop("level")  # as sessions of before
    assert Regions.from_snapshot(data).level == 0.5
    for damage in (
        {"level": np.nan}, {"box": (10**4,) * 3}, {"shape": (1, 1, 1)},
        {"scales": data["scales"][:, :3]},
    ):  # fmt: skip
        with pytest.raises(ValueError):
            Regions.from_snapshot({**data, **damage})


def test_regions_that_the_symmetry_leads_onto_each_other_are_mates(two_domains):
    values = np.maximum(two_domains, two_domains[:, ::-1, ::-1])
    regions, group, _ = find_regions(values, 0.3, (1, 1, 1), chain_residues=15)
    index = regions.index_map(group)
    assert symmetry_mates(index, [TURN]) == {1: 1, 2: 1}
    assert symmetry_mates(index, []) == {}
    elsewhere = TURN + [[0, 0, 0, 30], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert symmetry_mates(index, [elsewhere]) == {}


def test_neighbours_have_different_colors_also_after_a_split():
    ring = np.array([[n, n % 30 + 1, 5] for n in range(1, 31)])
    colors = choose_colors(range(1, 31), ring)
    assert all(colors[one] != colors[other] for one, other, _ in ring)
    assert len(set(colors.values())) >= 10
    new = choose_colors([31], np.array([[1, 31, 2], [2, 31, 1]]), colors)
    assert new[31] not in (colors[1], colors[2])


def cube(low, high):
    """A box as twelve triangles, sides at right angles."""
    corners = np.array(list(np.ndindex(2, 2, 2)), dtype=float)
    vertices = np.array(low) + corners * (np.array(high) - low)
    faces = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    triangles = [t for a, b, c, d in faces for t in ((a, b, c), (a, c, d))]
    return vertices, np.array(triangles)


def test_a_box_encloses_the_voxels_in_it():
    vertices, triangles = cube((0.5, 1.5, 2.5), (3.5, 4.5, 6.5))
    inside, leaking = enclosed_voxels(vertices, triangles, (9, 8, 7))
    expected = np.zeros((9, 8, 7), dtype=bool)
    expected[3:7, 2:5, 1:4] = True
    assert leaking == 0.0 and np.array_equal(inside, expected)
    rolled = np.random.default_rng(0).permutation(triangles)
    assert np.array_equal(enclosed_voxels(vertices, rolled[:, ::-1], (9, 8, 7))[0], expected)


def test_a_shell_is_hollow_and_a_surface_may_stick_out_of_the_grid():
    outer, inner = cube((-3.2, -3.2, -3.2), (5.2, 5.2, 5.2)), cube((1.2,) * 3, (3.2,) * 3)
    vertices = np.concatenate([outer[0], inner[0]])
    triangles = np.concatenate([outer[1], inner[1] + 8])
    inside, _ = enclosed_voxels(vertices, triangles, (7, 7, 7))
    expected = np.zeros((7, 7, 7), dtype=bool)
    expected[:6, :6, :6] = True
    expected[2:4, 2:4, 2:4] = False
    assert np.array_equal(inside, expected)


def test_a_turned_ball_encloses_what_is_nearer_than_its_radius():
    from scipy.spatial import ConvexHull

    directions = np.random.default_rng(1).normal(size=(4000, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    hull = ConvexHull(directions * 8.0 + 10.2)
    inside, leaking = enclosed_voxels(hull.points, hull.simplices, (21, 21, 21))
    far = np.linalg.norm(np.moveaxis(np.indices((21, 21, 21)), 0, -1) - 10.2, axis=-1)
    assert leaking == 0.0
    assert inside[far < 7.9].all() and not inside[far > 8.0].any()


def test_a_surface_with_a_hole_is_told_and_still_has_an_inside():
    vertices, triangles = cube((0.5, 0.5, 0.5), (8.5, 8.5, 8.5))
    inside, leaking = enclosed_voxels(vertices, triangles[1:], (10, 10, 10))
    assert 0.0 < leaking < 1.0
    expected = np.zeros((10, 10, 10), dtype=bool)
    expected[1:9, 1:9, 1:9] = True
    assert np.array_equal(inside, expected)


def test_a_region_holds_more_residues_than_its_volume_alone(two_domains):
    regions, group, _ = find_regions(two_domains, 0.3, (1, 1, 1), chain_residues=15)
    index = regions.index_map(group)
    volumes, residues = regions.volumes(group), regions.residues(group)
    for number in (1, 2):
        padded = np.pad(index == number, 1)
        faces = sum(int((padded != np.roll(padded, 1, axis)).sum()) for axis in range(3))
        # Those towards the other region are no rim.
        both = np.pad(index, 1)
        for axis in range(3):
            other = np.roll(both, 1, axis)
            faces -= int(((both != other) & (both > 0) & (other > 0)).sum())
        rim = 0.55 * np.exp(1.61 * regions.level)
        assert residues[number] == pytest.approx(rim * (0.54 * volumes[number] + faces) / 133.1)
    assert residues[0] == 0
