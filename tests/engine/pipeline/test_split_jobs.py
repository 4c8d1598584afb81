"""Who does the pieces of a job makes no difference to it, and is no part of it."""

import json
from pathlib import Path

import pytest

from critasser import options
from tests.engine.executors.conftest import Cluster
from tests.engine.pipeline.observed_engine import SHORT_BUILDS

pytestmark = pytest.mark.slow


@pytest.fixture
def worker(tmp_path):
    """Address of a Dask scheduler with a worker."""
    pytest.importorskip("distributed")
    (tmp_path / "dask").mkdir()
    cluster = Cluster(tmp_path / "dask")
    cluster.worker()
    yield cluster.word
    cluster.end()


def atoms(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((folder / "5_models").glob("atoms_*.npz"))]


def forget_atoms(folder: Path) -> None:
    for path in [*folder.glob("stages/atomic_*"), *folder.glob("5_models/atoms_*.npz")]:
        path.unlink()


def test_models_made_at_a_time_are_those_made_one_after_another(
    copy, again, finished, worker, monkeypatch
):
    monkeypatch.setattr("critasser.executors.local.WORTHWHILE", 0.0)
    alone = atoms(finished)
    assert len(alone) == 2
    for word, told in ((worker, "workers"), ("local:2", "2 at work")):
        forget_atoms(copy)
        ran = again(copy, "--executor", word)
        assert {"atomic_1", "atomic_2"} <= ran
        assert "calpha" not in ran
        assert atoms(copy) == alone
        assert told in (copy / "log.txt").read_text() + (copy / "progress.jsonl").read_text()
        assert "executor" not in json.loads((copy / "job.json").read_text())["options"]
    assert again(copy) == set()


@pytest.mark.parametrize("kind", ["build", "rebuild"])
def test_workers_that_cannot_be_had_are_told_before_a_folder_is_made(
    kind, inputs, finished, refused, tmp_path, monkeypatch
):
    pytest.importorskip("distributed")
    monkeypatch.setattr("critasser.executors.dask_scheduler.CONNECT_SECONDS", 0.5)
    folder = tmp_path / "new"
    monkeypatch.setitem(options.PRESETS, "shortest", SHORT_BUILDS["shortest"])
    what = inputs[:2] if kind == "build" else [finished, "--stretch", "A:1-5", "--quality", "draft"]
    told = refused(kind, *what, "-o", folder, "--executor", "dask://127.0.0.1:9")
    assert "no Dask scheduler answers there" in told
    assert not folder.exists()
    assert "give local" in refused(kind, *what, "-o", folder, "--executor", "somewhere")
