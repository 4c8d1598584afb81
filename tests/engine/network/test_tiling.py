"""All density lies in one tile each, with its context, on one lattice, and little is done twice."""

import numpy as np
import pytest

from critasser.network.tiling import EMPTY_MARGIN, LOWEST_DENSITY, MARGIN, occupied_blocks, tiles


def full(*shape):
    return np.ones(shape, np.float32)


@pytest.mark.parametrize("shape", [(37, 60, 150), (150, 150, 150), (8, 8, 8), (5, 130, 9)])
@pytest.mark.parametrize("side", [64, 96])
def test_every_block_with_density_is_answered_for_once_and_has_its_context(shape, side):
    values = full(*shape)
    values[: shape[0] // 2, :, shape[2] // 3 :] = 0
    answered = np.zeros(-(-np.array(shape) // 8) * 8, int)
    for tile in tiles(values, side):
        assert tile.voxels <= side**3
        assert all(c % 8 == 0 for c in (*tile.first, *tile.last, *tile.core_first))
        answered[tuple(map(slice, tile.core_first, tile.core_last))] += 1
        part = tile.cut(values)
        z, y, x = tile.inner
        inside = values[tuple(map(slice, tile.core_first, tile.core_last))]
        kept = tuple(slice(s.start, s.start + n) for s, n in zip((z, y, x), inside.shape))
        np.testing.assert_array_equal(part[kept], inside)
        for axis in range(3):
            # Either the whole margin, or all that there is of density and emptiness.
            before = tile.core_first[axis] - tile.first[axis]
            rest = values.take(range(max(tile.first[axis], 0)), axis=axis)
            assert before >= MARGIN or rest.size == 0 or rest.max() <= LOWEST_DENSITY
    assert answered.max() == 1
    blocks = occupied_blocks(values)
    assert np.all(answered[::8, ::8, ::8][blocks] == 1)


def test_a_small_map_is_one_tile_no_larger_than_itself():
    (tile,) = tiles(full(60, 90, 77), 128)
    assert (tile.first, tile.last) == ((0, 0, 0), (64, 96, 80))


def test_emptiness_is_not_computed():
    values = np.zeros((200, 200, 200), np.float32)
    values[100:130, 40:80, 90:91] = 1.0
    (tile,) = tiles(values, 128)
    assert tile.core_first == (96, 40, 88)
    assert tile.first == tuple(c - EMPTY_MARGIN for c in tile.core_first)
    assert not list(tiles(np.zeros((30, 30, 30), np.float32), 64))


@pytest.mark.parametrize(("side", "most"), [(144, 1.0), (170, 1.9), (220, 2.1)])
def test_little_is_computed_twice(side, most):
    computed = sum(tile.voxels for tile in tiles(full(side, side, side), 144))
    assert computed <= most * side**3


def test_a_tile_that_is_all_margin_is_refused():
    with pytest.raises(ValueError, match="nothing inside"):
        list(tiles(full(50, 50, 50), 32))
    with pytest.raises(ValueError, match="multiple of 8"):
        list(tiles(full(50, 50, 50), 64, margin=12))
