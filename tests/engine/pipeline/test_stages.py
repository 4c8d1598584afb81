"""What the pipeline does around a stage's own work."""

import mrcfile
import numpy as np
import pytest

from critasser.density import Grid, read_map, write_blocks, write_map
from critasser.errors import InputError
from critasser.job.arrays import load_arrays, load_features, save_arrays
from critasser.job.folder import Job
from critasser.job.running import running
from critasser.options import PRESETS, Inputs, Options
from critasser.pipeline import map_stages
from critasser.pipeline.build_stages import BuildStages
from critasser.pipeline.checks import Checked
from critasser.pipeline.files import DENSITY, FEATURES, SEEN
from critasser.structure import CalphaSet, Sequence, Target


@pytest.fixture
def job(tmp_path):
    with Job.opened(tmp_path / "job", resume=False) as one, running(one, {"network": 1.0}):
        yield one


def stages(tmp_path, **options) -> BuildStages:
    target = Target((Sequence("x", "ACDEFGHIKL"),))
    checked = Checked(target, "cpu", tmp_path / "net", {}, 1e4)
    return BuildStages(Inputs(tmp_path / "map.mrc", tmp_path / "x"), checked, Options(**options))


def write_features(path, shape, value: float) -> None:
    """An answer that is the same everywhere, and what two views say of Cα: half and half more."""
    places = np.argwhere(np.ones(-(-np.array(shape) // 8)))
    values = np.full((len(places), 27, 8, 8, 8), value, np.float16)
    values[:, 25:] *= np.array([0.5, 1.5], np.float16)[:, None, None, None]
    write_blocks(path, 27, [(places, values)])


def write_density(job: Job) -> None:
    grid = Grid(np.arange(720.0).reshape(8, 9, 10), np.array([1.0, -2.0, 3.0]), np.ones(3))
    job.path(DENSITY).parent.mkdir()
    for name in (DENSITY, SEEN):
        write_map(job.path(name), grid)


def test_a_tile_that_does_not_fit_gives_way_to_a_smaller_one_and_it_is_said(
    tmp_path, job, monkeypatch
):
    asked = []

    def predict(density, weights, *, tile, file, **_):
        asked.append(tile)
        if tile > 64:
            raise MemoryError
        write_features(file, density.shape, 0.375)
        return load_features(file, job.path(DENSITY))

    monkeypatch.setattr(map_stages, "predict", predict)
    monkeypatch.setattr(map_stages, "choose_bfactor", lambda *_, **__: 0.0)
    write_density(job)
    marker = job.stage("network", stages(tmp_path).network, settings={})
    assert asked == [144, 112, 88, 64]
    assert [text[:30] for text in marker["warnings"]] == [
        "tiles of 144 voxels do not fit",
        "tiles of 112 voxels do not fit",
        "tiles of 88 voxels do not fit ",
    ]
    with mrcfile.open(job.path("1_calpha/calpha_probability.mrc")) as mean:
        assert np.all(mean.data == 0.375)
        assert mean.header.origin.tolist() == (1, -2, 3)
    features = load_features(job.path(FEATURES), job.path(DENSITY))
    assert features.amino_acid.dtype == np.float16
    assert [one.calpha.max() for one in features.opinions] == [0.1875, 0.5625]


@pytest.mark.parametrize(("resolution", "warned"), [(3.5, True), (8.0, False)])
def test_a_mirror_image_is_warned_of_where_its_hand_can_be_told(
    tmp_path, job, monkeypatch, resolution, warned
):
    turn = np.radians(-100) * np.arange(30)
    left = np.stack([2.3 * np.cos(turn), 2.3 * np.sin(turn), 1.5 * np.arange(30)], 1)
    calpha = CalphaSet(left, np.ones(30), np.full((30, 20), 0.05), np.tile([1.0, 0, 0], (30, 1)))
    monkeypatch.setattr(map_stages, "find_calpha", lambda *_: calpha)
    write_density(job)
    write_features(job.path(FEATURES), (8, 9, 10), 0.5)
    one = stages(tmp_path)
    one.resolution = resolution
    warnings = job.stage("calpha", one.calpha, settings={"resolution": resolution})["warnings"]
    assert any("volume flip" in text for text in warnings) == warned


def test_features_of_another_map_are_damaged_features(tmp_path, job):
    write_density(job)
    path = job.path(FEATURES)
    write_features(path, (30, 30, 30), 0.5)
    with pytest.raises(InputError, match="damaged"):
        load_features(path, job.path(DENSITY))


def test_no_tile_that_fits_is_too_little_memory(tmp_path, job, monkeypatch):
    def predict(*_, **__):
        raise MemoryError

    monkeypatch.setattr(map_stages, "predict", predict)
    monkeypatch.setattr(map_stages, "choose_bfactor", lambda *_, **__: 0.0)
    write_density(job)
    with pytest.raises(MemoryError):
        job.stage("network", stages(tmp_path).network, settings={})


def test_arrays_are_never_unpickled(tmp_path):
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
        one = BuildStages(given, stages(tmp_path).checked, Options(resolution=3.0))
        job.stage("density", one.density, settings={"offset": offset})
        found.append(read_map(job.path(DENSITY)).values)
    assert found[0].max() > 0.9
    assert np.allclose(found[0], found[1], atol=0.05)
    assert np.allclose(found[0], found[2], atol=0.05)
