"""Arrays of the job folder: nothing in them is run, and what does not fit is damaged."""

import numpy as np
import pytest

from critasser.density import Grid, write_blocks, write_map
from critasser.errors import InputError
from critasser.job.arrays import load_arrays, load_features, save_arrays


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
