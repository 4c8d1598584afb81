"""The spectrum of a map tells its resolution."""

import numpy as np
import pytest
import torch

from critasser.density import Grid, simulate
from critasser.errors import InputError
from critasser.network.resolution import SIDE, predict_resolution, spectrum
from critasser.network.training.packing import packed_structures


@pytest.fixture
def chain(tmp_path, small_chain):
    (tmp_path / "index.tsv").write_text(f"file\tsplit\n{small_chain}\ttrain\n")
    return packed_structures(tmp_path, "train", tmp_path / "pack.npz")[0]


def test_a_spectrum_falls_faster_the_poorer_the_resolution(chain):
    fall = []
    for resolution in (2.0, 4.0, 8.0):
        like = Grid(np.zeros((SIDE,) * 3, np.float32), chain.positions.mean(0) - SIDE / 2, 1.0)
        grid = simulate(chain.positions, chain.amplitude, resolution, like=like)
        curve = spectrum(torch.from_numpy(grid.values))
        fall.append(float(curve[2] - curve[12]))
    assert fall[0] < fall[1] < fall[2]


def test_a_damaged_predictor_is_told(tmp_path):
    path = tmp_path / "resolution.safetensors"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match="get it again"):
        predict_resolution(Grid(np.ones((50, 50, 50), np.float32), np.zeros(3), 1.0), path)
