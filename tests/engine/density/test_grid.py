"""Indices are z, y, x; positions are x, y, z; both name the same place."""

import numpy as np
import pytest

from critasser.density import FeatureMaps, Grid, sample


@pytest.fixture
def grid():
    return Grid(np.random.default_rng(0).random((4, 5, 6)), (10, 20, 30), (1, 2, 3))


def test_index_and_position_are_inverse(grid):
    np.testing.assert_allclose(grid.to_position([[1, 2, 3]]), [[13, 24, 33]])
    index = np.random.default_rng(1).random((7, 3)) * 4
    np.testing.assert_allclose(grid.to_index(grid.to_position(index)), index)
    np.testing.assert_allclose(grid.upper, grid.to_position([3, 4, 5]))


def test_a_grid_needs_three_dimensions_and_a_voxel_size():
    with pytest.raises(ValueError, match="three dimensions"):
        Grid(np.zeros((2, 2)), (0, 0, 0), 1.0)
    with pytest.raises(ValueError, match="positive"):
        Grid(np.zeros((2, 2, 2)), (0, 0, 0), (1, 0, 1))
    with pytest.raises(ValueError, match="shape"):
        Grid(np.zeros((2, 2, 2)), (0, 0, 0), 1.0).with_values(np.zeros((2, 2, 3)))


def test_frames_are_the_same_up_to_the_precision_of_a_header(grid):
    assert grid.same_frame(Grid(grid.values, grid.origin + 1e-5, grid.voxel_size * (1 + 1e-6)))
    assert not grid.same_frame(Grid(grid.values, grid.origin + 0.5, grid.voxel_size))
    assert not grid.same_frame(Grid(grid.values[1:], grid.origin, grid.voxel_size))


def test_sampling_is_linear_between_voxels(grid):
    linear = grid.with_values(
        np.add.outer(np.add.outer(np.arange(4), np.arange(5) * 10), np.arange(6) * 100)
    )
    at = np.random.default_rng(2).uniform(0, 1, (20, 3)) * (3, 4, 5)
    np.testing.assert_allclose(sample(linear, linear.to_position(at)), at @ (1, 10, 100), rtol=1e-6)


def test_sampling_is_the_voxels_value_at_its_centre_and_zero_outside(grid):
    everywhere = np.argwhere(np.ones(grid.shape))
    np.testing.assert_allclose(
        sample(grid, grid.to_position(everywhere)), grid.values.ravel(), rtol=1e-5
    )
    outside = [[9.9, 20, 30], [10, 20, 39.1], [np.nan, 20, 30], [np.inf, 20, 30]]
    np.testing.assert_array_equal(sample(grid, outside), 0)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_features_are_sampled_channel_by_channel(grid, dtype):
    rng = np.random.default_rng(3)
    arrays = [rng.random((*c, 4, 5, 6)).astype(dtype) for c in ((), (), (3,), (20,))]
    features = FeatureMaps(grid.origin, grid.voxel_size, *arrays)
    at = grid.origin + rng.random((9, 3)) * (grid.upper - grid.origin)
    calpha, backbone, secondary_structure, amino_acid = features.sample(at)
    np.testing.assert_allclose(calpha, sample(features.calpha_grid, at), atol=1e-6)
    np.testing.assert_allclose(backbone, sample(features.backbone_grid, at), atol=1e-6)
    for k in range(3):
        one = sample(grid.with_values(arrays[2][k]), at)
        np.testing.assert_allclose(secondary_structure[:, k], one, atol=1e-6)
    np.testing.assert_allclose(
        amino_acid[:, 19], sample(grid.with_values(arrays[3][19]), at), atol=1e-6
    )


def test_features_of_different_shapes_are_refused(grid):
    with pytest.raises(ValueError, match="amino_acid"):
        FeatureMaps(
            grid.origin,
            grid.voxel_size,
            grid.values,
            grid.values,
            np.zeros((3, 4, 5, 6)),
            grid.values,
        )
