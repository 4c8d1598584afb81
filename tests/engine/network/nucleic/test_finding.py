"""Nucleic acid is found as regions, whatever tiles the map is computed in."""

import numpy as np
import pytest
import torch

from critasser.density import FeatureMaps, Grid
from critasser.errors import InputError
from critasser.network.nucleic.finding import (
    LEAST_VOLUME,
    averaged,
    find_nucleic_acid,
    nucleic_probability,
    regions_of,
)
from critasser.network.nucleic.network import NUCLEIC_CLASS, NucleicNetwork
from critasser.network.weights import save_network

SHAPE = (49, 40, 98)


def density(*boxes, shape=SHAPE):
    """Density 1 in boxes of slices, 0 elsewhere."""
    values = np.zeros(shape, np.float32)
    for box in boxes:
        values[box] = 1.0
    return Grid(values, np.zeros(3), np.ones(3))


def features(shape=SHAPE):
    rng = np.random.default_rng(0)
    return FeatureMaps(
        np.zeros(3), np.ones(3), *rng.random((2, *shape), np.float32),
        rng.random((3, *shape), np.float32), rng.random((20, *shape), np.float32),
    )  # fmt: skip


def regions(grid, probability, least=0.5):
    return regions_of(grid, averaged(grid, probability), least)


def saved(path, prepare):
    torch.manual_seed(0)
    network = NucleicNetwork()
    with torch.no_grad():
        prepare(network.head)
    save_network(path, network.eval(), "nucleic", {})
    return path


BIG = np.s_[8:32, 8:32, 8:32]
SMALL = np.s_[10:14, 10:14, 60:64]


def test_regions_are_where_probability_and_density_are_and_small_ones_are_left_out():
    grid = density(BIG, SMALL)
    found = regions(grid, np.ones((25, 20, 49), np.float32))
    expected = np.zeros(SHAPE, bool)
    expected[BIG] = True
    np.testing.assert_array_equal(found.region, expected)
    assert found.regions == 1 and found.volume == 24**3 > LEAST_VOLUME > 4**3


def test_regions_at_the_ends_of_a_map_are_found_and_counted_one_by_one():
    ends = (np.s_[26:, 20:, 78:], np.s_[:20, :16, :20])
    grid = density(*ends)
    found = regions(grid, np.ones((25, 20, 49), np.float32))
    np.testing.assert_array_equal(found.region, grid.values > 0)
    assert found.regions == 2 and found.volume == grid.values.sum()


def test_a_part_of_a_molecule_can_be_nucleic_acid():
    probability = np.zeros((25, 20, 49), np.float32)
    probability[:, :, :10] = 1.0
    found = regions(density(BIG), probability)
    assert found.region[20, 20, 10] and not found.region[20, 20, 30]
    assert found.volume == pytest.approx(24 * 24 * 12, rel=0.1)


def test_where_nothing_is_likely_there_is_none():
    found = regions(density(BIG), np.zeros((25, 20, 49), np.float32))
    assert (found.volume, found.regions, found.region.any()) == (0.0, 0, False)


def test_a_network_that_sees_nucleic_acid_everywhere_finds_the_density(tmp_path):
    def sure(head):
        head.bias[NUCLEIC_CLASS] += 1e3

    weights = saved(tmp_path / "sure.safetensors", sure)
    found = find_nucleic_acid(density(BIG), features(), weights, device="cpu")
    assert found.volume == 24**3


def test_tiles_make_no_difference_that_matters(tmp_path):
    weights, shape = saved(tmp_path / "any.safetensors", lambda head: None), (48, 40, 400)
    grid = density(np.s_[:, 4:36, :], shape=shape)
    whole, tiled = (
        nucleic_probability(grid, features(shape), weights, device="cpu", tile=side)
        for side in (144, 88)
    )
    assert whole.shape == (24, 20, 200) and whole.std() > 0
    assert not np.array_equal(tiled, whole)
    np.testing.assert_allclose(tiled, whole, atol=0.02)


def test_the_higher_the_threshold_the_less_is_nucleic_acid():
    probability = np.full((25, 20, 49), 0.95, np.float32)
    assert regions(density(BIG), probability, 0.6).volume == 24**3
    assert regions(density(BIG), probability, 0.99).volume == 0


def test_a_region_is_sure_somewhere():
    other = np.s_[8:32, 8:32, 60:84]
    probability = np.full((25, 20, 49), 0.6, np.float32)
    assert regions(density(BIG, other), probability).regions == 0
    probability[:, :, :10] = 1.0  # the first box up to x = 20 Å
    found = regions(density(BIG, other), probability)
    assert found.regions == 1 and found.region[BIG].all() and not found.region[other].any()



def test_a_network_of_another_kind_is_refused(tmp_path):
    with pytest.raises(InputError, match="no network there"):
        nucleic_probability(density(BIG), features(), tmp_path / "none.safetensors", device="cpu")
