"""What the pipeline does around a stage's own work."""

import mrcfile
import numpy as np
import pytest

from critasser import pipeline
from critasser.density import FeatureMaps, Grid, read_map, write_map
from critasser.job import Job
from critasser.options import PRESETS, Inputs, Options
from critasser.preflight import Checked
from critasser.results import load_arrays, load_features, save_arrays
from critasser.running import running
from critasser.structure import Sequence, Target


@pytest.fixture
def job(tmp_path):
    with Job.opened(tmp_path / "job", resume=False) as one, running(one, {"network": 1.0}):
        yield one


def stages(tmp_path, **options) -> pipeline._Stages:
    target = Target((Sequence("x", "ACDEFGHIKL"),))
    checked = Checked(target, "cpu", tmp_path / "net", {}, 1e4)
    return pipeline._Stages(
        Inputs(tmp_path / "map.mrc", tmp_path / "x"), checked, Options(**options)
    )


def features(density: Grid, value: float) -> FeatureMaps:
    shape = density.shape
    return FeatureMaps(
        density.origin,
        density.voxel_size,
        np.full(shape, value, np.float16),
        np.full(shape, value, np.float16),
        np.full((3, *shape), value, np.float16),
        np.full((20, *shape), value, np.float16),
    )


def write_density(job: Job) -> None:
    path = job.path(pipeline.DENSITY)
    path.parent.mkdir()
    write_map(
        path, Grid(np.arange(720.0).reshape(8, 9, 10), np.array([1.0, -2.0, 3.0]), np.ones(3))
    )


def test_a_tile_that_does_not_fit_gives_way_to_a_smaller_one_and_it_is_said(
    tmp_path, job, monkeypatch
):
    asked = []

    def predict(density, weights, *, tile, view, **_):
        asked.append((view, tile))
        if tile > 48:
            raise MemoryError
        return features(density, 0.25 * (1 + (view > 0)))

    monkeypatch.setattr(pipeline, "predict", predict)
    write_density(job)
    marker = job.stage("network", stages(tmp_path).network, settings={})
    assert asked == [(view, tile) for view in pipeline.VIEWS for tile in (80, 64, 48)]
    assert marker["warnings"][0].startswith("tiles of 80 voxels do not fit")
    with mrcfile.open(job.path("1_calpha/calpha_probability.mrc")) as mean:
        assert np.all(mean.data == 0.375)
        assert mean.header.origin.tolist() == (1, -2, 3)
    assert load_features(job.path(pipeline.OPINIONS[1])).amino_acid.dtype == np.float16


def test_no_tile_that_fits_is_too_little_memory(tmp_path, job, monkeypatch):
    def predict(*_, **__):
        raise MemoryError

    monkeypatch.setattr(pipeline, "predict", predict)
    write_density(job)
    with pytest.raises(MemoryError):
        job.stage("network", stages(tmp_path).network, settings={})


def test_arrays_are_never_unpickled(tmp_path):
    from critasser.errors import InputError

    np.savez(tmp_path / "x.npz", a=np.array([{"code": "evil"}], dtype=object))
    with pytest.raises(InputError, match="damaged"):
        load_arrays(tmp_path / "x.npz", "a")
    (tmp_path / "y.npz").write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(InputError, match="damaged"):
        load_arrays(tmp_path / "y.npz", "a")
    with pytest.raises(ValueError, match="plain"):
        save_arrays(tmp_path / "z.npz", a=np.array([object()]))


@pytest.mark.parametrize("quality", PRESETS)
def test_every_quality_has_a_schedule_that_the_atoms_know(quality):
    from critasser.atomic import SCHEDULES

    assert Options(quality=quality).schedule.atomic in SCHEDULES


def test_solvent_outside_a_mask_is_nothing_whatever_its_value_in_the_map(tmp_path, job):
    rng = np.random.default_rng(0)
    values = rng.normal(0, 0.02, size=(30, 30, 30))
    values[10:20, 10:20, 10:20] += 1.0
    inside = np.zeros((30, 30, 30))
    inside[8:22, 8:22, 8:22] = 1.0
    write_map(tmp_path / "mask.mrc", Grid(inside, np.zeros(3), np.ones(3)))
    found = []
    for offset in (0.0, 5.0, -5.0):
        write_map(tmp_path / "map.mrc", Grid(values + offset, np.zeros(3), np.ones(3)))
        given = Inputs(tmp_path / "map.mrc", tmp_path / "x", mask=tmp_path / "mask.mrc")
        one = pipeline._Stages(given, stages(tmp_path).checked, Options(resolution=3.0))
        job.stage("density", one.density, settings={"offset": offset})
        found.append(read_map(job.path(pipeline.DENSITY)).values)
    assert found[0].max() > 0.9
    assert np.allclose(found[0], found[1], atol=0.05)
    assert np.allclose(found[0], found[2], atol=0.05)
