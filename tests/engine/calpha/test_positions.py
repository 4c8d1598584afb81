"""Cα atoms are found where the probability has its peaks."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from critasser.calpha import TRUSTED_CRSCORE, agreement, find_calpha
from critasser.calpha.kernels import mean_shift
from critasser.calpha.positions import suppress_neighbours
from critasser.density import FeatureMaps
from critasser.structure import CalphaSet, match_one_to_one


@pytest.fixture
def helix():
    """Thirty Cα of a helix, off the voxels, in a frame with an origin."""
    angle = np.radians(100) * np.arange(30)
    positions = np.stack([2.3 * np.cos(angle), 2.3 * np.sin(angle), 1.5 * np.arange(30)], 1)
    return positions + [40.3, -20.7, 11.2]


def features_of(positions, noise=0.0, width=0.9):
    origin = np.round(positions.min(0)) - 8
    shape = (np.ceil(positions.max(0) - origin) + 9).astype(int)[::-1]
    axes = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    voxels = np.stack(axes[::-1], -1) + origin
    squared = ((voxels[..., None, :] - positions) ** 2).sum(-1)
    nearest = squared.argmin(-1)
    rng = np.random.default_rng(0)
    calpha = np.exp(-squared.min(-1) / (2 * width**2)) + noise * rng.uniform(size=shape)
    calpha = np.clip(calpha, 0, 1).astype(np.float32)
    kind = np.eye(20, dtype=np.float32)[nearest % 20].transpose(3, 0, 1, 2)
    structure = np.zeros((3, *shape), np.float32)
    structure[0] = 1
    return FeatureMaps(origin, np.ones(3), calpha, calpha, structure, kind)


def test_a_helix_is_found_with_every_calpha_within_half_an_angstrom(helix):
    found = find_calpha(features_of(helix), 30)
    pairs = match_one_to_one(found.positions, helix, 0.5)
    assert len(found.positions) == 30 and len(pairs) == 30
    assert np.all(found.amino_acid[pairs[:, 0]].argmax(1) == pairs[:, 1] % 20)
    assert np.all(found.secondary_structure[:, 0] > 0.99)


def test_mean_shift_is_nearer_than_the_voxel_rule(helix):
    features = features_of(helix, noise=0.05)
    errors = {}
    for strategy in ("refined", "paper"):
        found = find_calpha(features, 30, strategy=strategy).positions
        pairs = match_one_to_one(found, helix, 2.0)
        distance = np.linalg.norm(found[pairs[:, 0]] - helix[pairs[:, 1]], axis=1)
        errors[strategy] = np.sqrt(np.mean(distance**2))
    assert errors["refined"] < errors["paper"]


def test_the_papers_rule_keeps_its_distance_and_its_number(helix):
    found = find_calpha(features_of(helix), 20, strategy="paper").positions
    apart = np.linalg.norm(found[:, None] - found[None], axis=2)[np.triu_indices(len(found), 1)]
    assert apart.min() >= 3.3
    assert 20 <= len(found) <= 24


def test_mean_shift_does_what_the_plain_sum_does():
    rng = np.random.default_rng(1)
    probability = rng.uniform(size=(9, 10, 11)).astype(np.float32)
    start = np.array([[4.2, 5.1, 4.8]])
    end, height = mean_shift(probability, start, 1.0, 1, 0.0)
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in probability.shape), indexing="ij"), -1)
    inside = np.all(np.abs(grid - np.round(start[0])) <= 3, axis=-1)
    gauss = np.exp(-0.5 * ((grid - start[0]) ** 2).sum(-1)) * inside
    weight = gauss * probability
    assert np.allclose(end[0], (grid * weight[..., None]).sum((0, 1, 2)) / weight.sum())
    assert height[0] == pytest.approx(weight.sum() / gauss.sum())


def test_suppression_takes_what_the_plain_loop_takes():
    rng = np.random.default_rng(2)
    positions = rng.uniform(-10, 10, size=(300, 3))
    order = rng.permutation(300)
    taken = []
    for k in order:
        if all(np.linalg.norm(positions[k] - positions[t]) >= 2.5 for t in taken):
            taken.append(k)
    assert list(suppress_neighbours(positions, order, 2.5, 300)) == taken
    assert list(suppress_neighbours(positions, order, 2.5, 7)) == taken[:7]


def calpha_set(positions):
    n = len(positions)
    return CalphaSet(positions, np.ones(n), np.full((n, 20), 0.05), np.full((n, 3), 1 / 3))


def test_two_opinions_that_agree_are_trusted_and_two_that_differ_are_not(helix):
    first = calpha_set(helix + 0.1)
    assert agreement(first, calpha_set(helix[::-1] - 0.1), 30) > TRUSTED_CRSCORE
    assert agreement(first, calpha_set(helix + [30.0, 0, 0]), 30) < TRUSTED_CRSCORE


def test_opinions_agree_on_two_copies_whichever_they_have_first(helix):
    both = helix, helix + [30.0, 0, 0]
    first, second = (calpha_set(np.concatenate(one)) for one in (both, both[::-1]))
    assert agreement(first, second, 60) == 1
    assert agreement(first, second, 30) < TRUSTED_CRSCORE


def test_few_positions_of_a_long_chain_are_not_trusted(helix):
    assert agreement(calpha_set(helix), calpha_set(helix), 300) < 0.2
    assert agreement(calpha_set(helix[:0]), calpha_set(helix), 300) == 0


def test_shared_peaks_are_resolved_however_full_the_box_is(helix):
    # At poor resolution neighbours share a peak; another molecule in the box must not hide that.
    beside = helix + [25.0, 0.0, 0.0]
    features = features_of(np.concatenate([helix, beside]))
    blurred = ndimage.gaussian_filter(features.calpha, 1.6)
    features = replace(features, calpha=0.8 * blurred / blurred.max())
    enough, few = (find_calpha(features, length).positions for length in (60, 20))
    shares = [len(match_one_to_one(found, helix, 2.0)) / 30 for found in (enough, few)]
    assert min(shares) > 0.7 and shares[1] > shares[0] - 0.1
