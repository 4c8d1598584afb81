"""The map of a job is found where it is open, and opened from the job's folder where it is not."""

import sys
from pathlib import Path

import numpy as np
import pytest
from chimerax.atomic import Sequence
from chimerax.geometry import Place

TURN = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
MOVED = Place([[1, 0, 0, 30], [0, 0, -1, 4], [0, 1, 0, -11]])


@pytest.fixture
def built(session, fake_engine, open_volume, tmp_path):
    """A build in a map whose grid is turned, and the file that the map came from."""
    from chimerax.critasser.commands import build, location

    location.command(session, sys.executable)
    volume = open_volume(session, rotation=TURN.tolist())
    source = tmp_path / "emd_1.map"
    source.touch()
    volume.data.path = str(source)
    job = build.command(session, volume, [Sequence("x", "AALEKAALEK")])
    return job.folder, source, job.view.group.position


def opened(session, folder, **keywords):
    from chimerax.critasser.commands import open as open_command

    return open_command.command(session, folder, **keywords)


def test_results_lie_in_the_map_that_was_opened_again(built, gui_session, open_volume):
    folder, source, placed = built
    volume = open_volume(gui_session, rotation=TURN.tolist())
    volume.data.path = str(source)
    volume.scene_position = MOVED
    group = opened(gui_session, folder)
    assert group.volume is volume
    assert group.position == MOVED * placed
    assert "map is not open" not in gui_session.logger.text("info")


def test_the_jobs_copy_of_the_map_is_offered_and_opened_in_its_place(built, gui_session):
    from chimerax.map import Volume

    folder, _, placed = built
    group = opened(gui_session, folder)
    assert group.volume is None and group.position == placed
    assert f"critasser open {folder} withMap true" in gui_session.logger.text("info")
    group.delete()
    group = opened(gui_session, folder, with_map=True)
    (volume,) = [model for model in gui_session.models.list() if isinstance(model, Volume)]
    assert Path(volume.data.path) == folder / "inputs/map.mrc"
    assert group.volume is volume and group.position == volume.position == placed


def test_without_a_copy_it_is_said_that_there_is_none(built, gui_session):
    folder, _, _ = built
    (folder / "inputs/map.mrc").unlink()
    opened(gui_session, folder, with_map=True)
    assert "holds no map" in gui_session.logger.text("warning")


@pytest.mark.parametrize("path", ["a\0b", 7, "", "/x\udcff", None])
def test_a_map_with_any_path_is_no_map_of_the_job(built, session, open_volume, path):
    from chimerax.critasser.models.job_map import is_copy_of_job

    folder, _, _ = built
    volume = open_volume(session)
    volume.data.path = path
    assert not is_copy_of_job(volume, folder)


def test_the_map_of_a_job_that_runs_is_opened_too(gui_session, start, until):
    from chimerax.map import Volume

    job = start(gui_session, "hang", wait=False)
    until(lambda: (job.folder / "lock").exists())
    job.view._hidden = True
    opened(gui_session, job.folder, with_map=True, wait=False)
    (volume,) = [model for model in gui_session.models.list() if isinstance(model, Volume)]
    assert Path(volume.data.path) == job.folder / "inputs/map.mrc"
    job.terminate()
    until(lambda: job.outcome == "cancelled")
