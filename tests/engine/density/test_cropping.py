"""Cutting keeps places, and all of the molecule."""

import numpy as np
import pytest

from critasser.density import Grid, crop, crop_to_molecule, model_mask, sample, simulate


def holds(grid, positions, margin):
    return np.all(positions >= grid.origin + margin) and np.all(positions <= grid.upper - margin)


@pytest.fixture
def surroundings(chain):
    """The molecule at 4 Å in a box four times its size, off its middle, voxels of 1.2 Å."""
    low = chain.positions.min(axis=0) - (20.0, 45.0, 30.0)
    shape = np.ceil((np.ptp(chain.positions, axis=0) + 85.0) / 1.2).astype(int)[::-1]
    empty = Grid(np.zeros(shape), low, 1.2)
    return simulate(chain.positions, chain.amplitudes, 4.0, like=empty)


def test_voxels_stay_where_they_were(piece):
    part = crop(piece, (0.0, 45.0, 40.0), (20.0, 60.0, 55.0))
    points = part.to_position(np.argwhere(np.ones(part.shape)))
    np.testing.assert_allclose(sample(piece, points), part.values.ravel(), atol=1e-6)
    assert np.all(part.origin <= (0.0, 45.0, 40.0))
    assert np.all(part.upper >= (20.0, 60.0, 55.0))


def test_a_box_beyond_the_map_is_cut_at_its_faces(piece):
    whole = crop(piece, piece.origin - 100, piece.upper + 100)
    assert whole.same_frame(piece)
    with pytest.raises(ValueError, match="no voxel"):
        crop(piece, piece.upper + 10, piece.upper + 20)


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.1])
def test_the_box_shrinks_to_the_molecule_whatever_the_noise(surroundings, chain, noise):
    rng = np.random.default_rng(0)
    scale = noise * surroundings.values.max()
    noisy = surroundings.with_values(
        surroundings.values + rng.normal(0, 1, surroundings.shape) * scale
    )
    found = crop_to_molecule(noisy)
    assert holds(found, chain.positions, 4.0)
    assert found.values.size < 0.35 * surroundings.values.size


def test_a_bright_speck_far_away_does_not_hold_the_box_open(surroundings):
    values = surroundings.values.copy()
    values[1, 1, 1] = values.max()
    found = crop_to_molecule(surroundings.with_values(values))
    assert found.values.size < 0.35 * surroundings.values.size


def test_an_offset_or_a_scale_of_the_map_changes_nothing(surroundings):
    rng = np.random.default_rng(0)
    noisy = surroundings.values + rng.normal(0, 1, surroundings.shape)
    plain = crop_to_molecule(surroundings.with_values(noisy))
    other = crop_to_molecule(surroundings.with_values(noisy * 1e-3 + 0.5))
    assert plain.same_frame(other)


def test_both_of_two_separate_molecules_are_kept(chain):
    both = np.concatenate([chain.positions, chain.positions + np.array([45.0, 0.0, 0.0])])
    grid = simulate(both, np.tile(chain.amplitudes, 2), 4.0, padding=30.0)
    found = crop_to_molecule(grid)
    assert holds(found, both, 4.0)
    assert found.values.size < grid.values.size


def test_a_mask_decides_where_there_is_one(surroundings):
    mask = np.zeros(surroundings.shape, dtype=bool)
    mask[20:30, 25:28, 31:36] = True
    found = crop_to_molecule(surroundings, margin=0.0, mask=mask)
    assert found.shape == (10, 3, 5)
    with pytest.raises(ValueError, match="empty"):
        crop_to_molecule(surroundings, mask=np.zeros_like(mask))


def test_a_map_already_cut_out_is_kept_whole(piece, chain):
    assert holds(crop_to_molecule(piece), chain.positions, 0.0)


def test_in_a_molecule_that_was_cut_out_even_the_invisible_part_is_kept(surroundings, chain):
    rng = np.random.default_rng(0)
    mobile = chain.positions[:, 2] > np.percentile(chain.positions[:, 2], 70)
    values = simulate(
        chain.positions[~mobile], chain.amplitudes[~mobile], 4.0, like=surroundings
    ).values
    values = values + rng.normal(0, 0.05 * values.max(), values.shape)
    values[~model_mask(surroundings, chain.positions, 5.0)] = 0
    found = crop_to_molecule(surroundings.with_values(values), margin=3.0)
    assert holds(found, chain.positions, 4.0)
    assert found.values.size < 0.35 * values.size
