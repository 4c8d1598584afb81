"""Blocks that are kept stand for a whole grid that is zero elsewhere."""

import numpy as np
import pytest

from critasser.density import BLOCK, FeatureMaps, SparseBlocks, read_blocks, trilinear, write_blocks

SHAPE = (20, 17, 30)


@pytest.fixture
def places():
    return np.array([[0, 0, 0], [2, 1, 3], [1, 2, 2]])


@pytest.fixture
def values():
    rng = np.random.default_rng(0)
    return rng.random((3, 27, BLOCK, BLOCK, BLOCK)).astype(np.float16)


def whole(places, values):
    """The slow way: every block written into a grid of zeros."""
    grid = np.zeros((values.shape[1], 24, 24, 32), values.dtype)
    for (z, y, x), block in zip(8 * places, values):
        grid[:, z : z + 8, y : y + 8, x : x + 8] = block
    return grid[:, :20, :17, :30]


def test_blocks_read_as_the_whole_grid_does(places, values):
    blocks, grid = SparseBlocks(SHAPE, places, values), whole(places, values)
    np.testing.assert_array_equal(blocks.dense(4), grid[4])
    np.testing.assert_array_equal(np.asarray(blocks.channels(2, 5)), grid[2:5])
    index = np.random.default_rng(1).uniform(-2, 31, (500, 3))
    np.testing.assert_array_equal(trilinear(blocks, index), trilinear(grid, index))


def test_a_part_is_cut_out_of_the_whole_and_0_beyond_it(places, values):
    blocks, grid = SparseBlocks(SHAPE, places, values), whole(places, values)
    np.testing.assert_array_equal(blocks.part((0, 8, 16), (16, 16, 24)), grid[:, :16, 8:16, 16:24])
    beyond = blocks.part((16, 8, 24), (32, 16, 40))
    assert beyond.shape == (27, 16, 8, 16)
    np.testing.assert_array_equal(beyond[:, :4, :, :6], grid[:, 16:, 8:16, 24:])
    assert not beyond[:, 8:].any() and not beyond[..., 8:].any()


def test_features_are_cut_out_alike_from_blocks_and_from_whole_arrays(places, values):
    sparse = FeatureMaps.from_blocks(np.zeros(3), 1.0, SparseBlocks(SHAPE, places, values))
    grid = whole(places, values)
    dense = FeatureMaps(np.zeros(3), np.ones(3), grid[0], grid[1], grid[2:5], grid[5:25])
    # What a block has beyond the grid is seen by neither.
    window = ((0, 0, 0), (16, 16, 24))
    np.testing.assert_array_equal(sparse.part(*window), dense.part(*window))
    assert dense.part((16, 8, 24), (32, 24, 40)).shape == (25, 16, 16, 16)


def test_a_region_without_protein_leaves_all_else(places, values):
    sparse = FeatureMaps.from_blocks(np.zeros(3), 1.0, SparseBlocks(SHAPE, places, values))
    region = np.zeros(SHAPE, bool)
    region[:4] = True
    left = sparse.without(region)
    assert sparse.calpha[:4].any() and not left.calpha[:4].any()
    np.testing.assert_array_equal(left.calpha[4:], sparse.calpha[4:])
    assert sparse.backbone[:4].any() and not left.backbone[:4].any()
    np.testing.assert_array_equal(left.backbone[4:], sparse.backbone[4:])
    assert sparse.without(np.zeros(SHAPE, bool)) is sparse


def test_a_file_written_in_parts_holds_what_was_written(tmp_path, places, values):
    path = tmp_path / "features.npy"
    write_blocks(path, 27, ((places[k : k + 2], values[k : k + 2]) for k in (0, 2)))
    found = read_blocks(path, SHAPE)
    np.testing.assert_array_equal(np.asarray(found), whole(places, values))
    # The records are numpy's own format, for whoever wants to read them.
    assert np.load(path)["place"].tolist() == places.tolist()


def test_a_map_without_anything_has_no_blocks(tmp_path):
    write_blocks(tmp_path / "features.npy", 25, iter(()))
    blocks = read_blocks(tmp_path / "features.npy", SHAPE)
    features = FeatureMaps.from_blocks(np.zeros(3), 1.0, blocks)
    assert not features.calpha.any()
    assert not features.sample([[5, 5, 5]])[3].any()


def test_a_file_that_is_cut_off_or_of_another_map_is_refused(tmp_path, places, values):
    path = tmp_path / "features.npy"
    write_blocks(path, 27, [(places, values)])
    with pytest.raises(ValueError, match="outside"):
        read_blocks(path, (8, 8, 8))
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises((ValueError, OSError)):
        read_blocks(path, SHAPE)
    np.save(path, np.zeros(4))
    with pytest.raises(ValueError, match="no blocks"):
        read_blocks(path, SHAPE)
    with pytest.raises(ValueError, match="twice"):
        SparseBlocks(SHAPE, places[[0, 0]], values[:2])


def test_each_view_has_its_own_opinion_of_calpha_and_shares_the_rest(places, values):
    features = FeatureMaps.from_blocks(np.zeros(3), 1.0, SparseBlocks(SHAPE, places, values))
    grid = whole(places, values)
    first, second = features.opinions
    np.testing.assert_array_equal(features.calpha, grid[0])
    np.testing.assert_array_equal(first.calpha, grid[25])
    np.testing.assert_array_equal(second.calpha, grid[26])
    np.testing.assert_array_equal(second.backbone, grid[1])
    np.testing.assert_array_equal(features.structure_grid(1).values, grid[3])
    assert len(FeatureMaps.from_blocks(np.zeros(3), 1, SparseBlocks(SHAPE, places, values[:, :25]))
               .opinions) == 1  # fmt: skip
