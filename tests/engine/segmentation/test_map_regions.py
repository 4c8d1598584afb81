"""Chains that touch are parted; what is not protein, and noise, is in no region."""

from pathlib import Path

import numpy as np
import pytest

from critasser.density import Grid, read_map, sample, simulate
from critasser.errors import InputError
from critasser.pipeline.segments import LABELS, TABLE, write_regions
from critasser.segmentation.finding import level_above
from critasser.segmentation.map_regions import automatic_level, segment_map
from critasser.structure import read_chains

DATA = Path(__file__).parents[2] / "data"
EXAMPLE = Path(__file__).parents[3] / "examples/emd_5925/map.mrc.gz"


@pytest.fixture(scope="module")
def parts():
    """Atoms of barnase twice, side by side and touching."""
    (chain,) = read_chains(DATA / "1a2p_A.pdb.gz")
    beside = np.array([np.ptp(chain.positions[:, 0]) - 2.0, 0.0, 0.0])
    return chain, [chain.positions, chain.positions + beside]


@pytest.fixture(scope="module")
def density(parts):
    chain, positions = parts
    return simulate(np.concatenate(positions), np.tile(chain.amplitudes, 2), 5.0, padding=12.0)


@pytest.fixture(scope="module")
def regions(density, parts):
    return segment_map(density, chain_residues=len(parts[0]), chains=2)


def test_two_chains_that_touch_are_two_regions_and_neighbours(regions, parts):
    assert len(regions) == 2
    assert regions.neighbours == ((2,), (1,))
    numbers = [sample(regions.labels, one).round().astype(int) for one in parts[1]]
    own = [np.bincount(one[one > 0]).argmax() for one in numbers]
    assert sorted(own) == [1, 2]
    for one, number in zip(numbers, own):
        assert np.mean(one == number) > 0.85


def test_residues_are_as_many_as_there_are(regions, parts):
    """Without noise there seem to be more: real maps, on which it was fitted, show less."""
    assert 1.0 < regions.residues.sum() / (2 * len(parts[0])) < 1.5
    assert regions.residues[0] / regions.residues[1] == pytest.approx(1.0, rel=0.2)


def test_residues_of_a_real_map_are_nearly_the_same_at_any_level():
    """97 residues of EMD-5925, at 3.64 Å."""
    grid = read_map(EXAMPLE)
    held = [segment_map(grid).residues.sum()]
    none, one = (level_above(grid.values, level) for level in (0.0, 1.0))
    for level in (0.4, 0.6, 0.9):
        held.append(segment_map(grid, level=(level - none) / (one - none)).residues.sum())
    assert held == pytest.approx([97.0] * 4, rel=0.25)


def test_regions_are_described_where_they_are(regions, density):
    labels = regions.labels.values
    for k in range(len(regions)):
        inside = labels == k + 1
        assert regions.volume[k] == inside.sum()
        assert regions.density[k] == pytest.approx(density.values[inside].mean(), rel=1e-4)
        assert labels[tuple(np.rint(density.to_index(regions.centre[k])).astype(int))] == k + 1
    assert regions.left_out == (density.values >= regions.level).sum() - (labels > 0).sum()


def test_the_level_follows_scale_and_offset_and_rises_above_noise(density):
    level = automatic_level(density)
    assert 0.1 * density.values.max() < level < 0.5 * density.values.max()
    moved = automatic_level(density.with_values(3 * density.values + 7))
    assert moved == pytest.approx(3 * level + 7, rel=0.02)
    noise = np.random.default_rng(0).normal(size=density.shape) * 0.6 * level
    noisy = density.with_values(density.values + noise)
    assert automatic_level(noisy) > 1.3 * level


def test_what_is_far_from_all_backbone_is_in_no_region(density, parts):
    first, second = parts[1]
    trail = simulate(first, np.ones(len(first)), 4.0, like=density)
    seen = trail.with_values((trail.values > 0.1 * trail.values.max()).astype(np.float32))
    guided = segment_map(density, backbone=seen, chain_residues=len(parts[0]))
    numbers = [sample(guided.labels, one) > 0.5 for one in (first, second)]
    assert numbers[0].mean() > 0.85 and numbers[1].mean() < 0.35
    assert guided.left_out > 0.5 * guided.volume.sum()


def test_maps_in_which_there_is_nothing_are_told(density):
    with pytest.raises(InputError, match="give a lower one"):
        segment_map(density, level=2.0 * float(density.values.max()))
    nothing = Grid(np.zeros(density.shape), density.origin, density.voxel_size)
    with pytest.raises(InputError, match="finds no backbone"):
        segment_map(density, backbone=nothing)


def test_written_regions_are_read_again(regions, density, tmp_path):
    write_regions(tmp_path / "new" / "folder", regions)
    labels = read_map(tmp_path / "new" / "folder" / LABELS)
    assert labels.same_frame(density)
    assert np.array_equal(labels.values, regions.labels.values)
    head, first, *_ = (tmp_path / "new" / "folder" / TABLE).read_text().splitlines()
    assert head == "region,volume,residues,density,x,y,z,neighbours,copies"
    assert first.startswith("1,") and first.endswith(",2,")
