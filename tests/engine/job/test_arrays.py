"""Arrays of the job folder: nothing in them is run, and what does not fit is damaged."""

import numpy as np
import pytest

from critasser.density import Grid, write_blocks, write_map
from critasser.errors import InputError
from critasser.job.arrays import (
    load_arrays,
    load_features,
    load_region,
    save_arrays,
    save_region,
)


def test_arrays_are_never_unpickled(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.array([{"code": "evil"}], dtype=object))
    with pytest.raises(InputError, match="damaged"):
        load_arrays(tmp_path / "x.npz", "a")
    (tmp_path / "y.npz").write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(InputError, match="damaged"):
        load_arrays(tmp_path / "y.npz", "a")
    with pytest.raises(ValueError, match="plain"):
        save_arrays(tmp_path / "z.npz", a=np.array([object()]))


def test_features_of_another_map_are_damaged_features(tmp_path):
    write_map(tmp_path / "map.mrc", Grid(np.ones((8, 9, 10)), np.zeros(3), np.ones(3)))
    places = np.argwhere(np.ones((4, 4, 4)))
    values = np.zeros((len(places), 27, 8, 8, 8), np.float16)
    write_blocks(tmp_path / "features.npy", 27, [(places, values)])
    with pytest.raises(InputError, match="damaged"):
        load_features(tmp_path / "features.npy", tmp_path / "map.mrc")


def test_a_region_is_read_as_it_was_written(tmp_path):
    region = np.random.default_rng(0).random((3, 5, 7)) < 0.3
    save_region(tmp_path / "region.npz", region)
    np.testing.assert_array_equal(load_region(tmp_path / "region.npz"), region)


@pytest.mark.parametrize(
    ("bits", "shape"),
    [
        (np.zeros(14, np.uint8), [3, 5]),
        (np.zeros(13, np.uint8), [3, 5, 7]),
        (np.zeros(14, np.int64), [3, 5, 7]),
        (np.zeros(14, np.uint8), [-3, -5, 7]),
        (np.zeros(14, np.uint8), [2**40, 2**40, 7]),
        (np.zeros(14, np.uint8), [3.0, 5.0, 7.0]),
    ],
)
def test_a_damaged_region_is_told_and_takes_no_memory(tmp_path, bits, shape):
    save_arrays(tmp_path / "region.npz", bits=bits, shape=np.array(shape))
    with pytest.raises(InputError, match=r"region\.npz: damaged"):
        load_region(tmp_path / "region.npz")
