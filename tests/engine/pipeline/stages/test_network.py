"""The network on a map that needs smaller tiles."""

import mrcfile
import numpy as np
import pytest

from critasser.job.arrays import load_features
from critasser.pipeline.files import DENSITY, FEATURES
from critasser.pipeline.pipeline import run_stages
from critasser.pipeline.stages import network


@pytest.fixture(autouse=True)
def _as_sharp_and_large_as_it_is(monkeypatch):
    monkeypatch.setattr(network, "choose_bfactor", lambda *_, **__: 0.0)
    monkeypatch.setattr(network, "told_scale", lambda *_, **__: 1.0)


def test_a_tile_that_does_not_fit_gives_way_to_a_smaller_one_and_it_is_said(
    job, task, before, features, monkeypatch
):
    asked = []

    def predict(density, weights, *, tile, file, **_):
        asked.append(tile)
        if tile > 64:
            raise MemoryError
        features(file, 0.375)
        return load_features(file, job.path(DENSITY))

    monkeypatch.setattr(network, "predict", predict)
    run_stages(job, [before(), network.STAGE], task())
    assert asked == [144, 112, 88, 64]
    assert [text[:30] for text in job.warnings()] == [
        "tiles of 144 voxels do not fit",
        "tiles of 112 voxels do not fit",
        "tiles of 88 voxels do not fit ",
    ]
    with mrcfile.open(job.path("1_calpha/calpha_probability.mrc")) as mean:
        assert np.all(mean.data == 0.375)
        assert mean.header.origin.tolist() == (1, -2, 3)
    found = load_features(job.path(FEATURES), job.path(DENSITY))
    assert found.amino_acid.dtype == np.float16
    assert [one.calpha.max() for one in found.opinions] == [0.1875, 0.5625]


def test_no_tile_that_fits_is_too_little_memory(job, task, before, monkeypatch):
    def predict(*_, **__):
        raise MemoryError

    monkeypatch.setattr(network, "predict", predict)
    with pytest.raises(MemoryError):
        run_stages(job, [before(), network.STAGE], task())


def test_a_wrong_voxel_size_is_told(job, task, before, features, monkeypatch):
    def predict(density, weights, *, file, **_):
        features(file, 0.375)
        return load_features(file, job.path(DENSITY))

    monkeypatch.setattr(network, "predict", predict)
    monkeypatch.setattr(network, "told_scale", lambda *_, **__: 0.8123)
    run_stages(job, [before(), network.STAGE], task())
    (warning,) = job.warnings()
    assert "proteins in it are too large" in warning and "0.81 times" in warning
