"""Maps and masks are written while a person goes on working."""

import sys
import threading

import mrcfile
import numpy as np
import pytest
from chimerax.geometry import Place


@pytest.fixture
def slowly(gui_session, fake_engine, monkeypatch):
    """The engine's Python is known, and no map is written before the event that this returns."""
    from chimerax.critasser.commands import location
    from chimerax.critasser.jobs import inputs

    location.command(gui_session, sys.executable)
    go_on, write = threading.Event(), inputs.write_mrc

    def write_late(*arguments):
        assert go_on.wait(20)
        return write(*arguments)

    monkeypatch.setattr(inputs, "write_mrc", write_late)
    return go_on


def build(session, *arguments, **keywords):
    from chimerax.critasser.commands import build as module

    return module.command(session, *arguments, **keywords)


def sequence():
    from chimerax.atomic import Sequence

    return [Sequence("mine", "ACDEFGHIKLMNPQRSTVWY")]


def test_what_is_moved_or_closed_meanwhile_is_built_in_as_it_was(
    gui_session, open_volume, slowly, until
):
    volume = open_volume(gui_session)
    values = np.zeros((6, 5, 4), dtype=np.float32)
    values[2, 3, 1] = 1.0
    mask = open_volume(gui_session, "mask.mrc", values)
    job = build(gui_session, volume, sequence(), mask=mask)
    assert job.outcome == "queued" and job.waits_for == "its inputs to be written"
    assert "its inputs are being written" in gui_session.logger.text("info")
    assert not (job.folder / "inputs/map.mrc").exists()

    mask.scene_position = Place([[1, 0, 0, 50], [0, 1, 0, 0], [0, 0, 1, 0]])
    gui_session.models.close([mask, volume])
    slowly.set()
    until(lambda: gui_session.ui.turn() or job.outcome == "finished")
    with mrcfile.open(job.folder / "inputs/mask.mrc") as file:
        np.testing.assert_array_equal(file.data, values)
    assert "--mask" in (job.folder / "command").read_text()


def test_a_mask_of_nothing_is_told_and_leaves_nothing(gui_session, open_volume, slowly, until):
    from chimerax.critasser.session.settings import settings

    volume = open_volume(gui_session)
    mask = open_volume(gui_session, "mask.mrc", np.zeros((6, 5, 4)))
    job = build(gui_session, volume, sequence(), mask=mask)
    slowly.set()
    until(lambda: gui_session.ui.turn() or job.outcome == "failed")
    until(lambda: gui_session.ui.turn() or "is inside the mask" in gui_session.logger.text("error"))
    assert not job.folder.exists()
    kept = settings(gui_session)
    assert str(job.folder) not in [*kept.recent_jobs, *kept.open_jobs]


def test_a_job_that_is_stopped_before_its_map_is_written_can_be_gone_on_with(
    gui_session, open_volume, slowly, until
):
    from chimerax.critasser.commands import resume, stop

    job = build(gui_session, open_volume(gui_session), sequence())
    stop.command(gui_session, job.id)
    slowly.set()
    until(lambda: gui_session.ui.turn() or job.outcome == "cancelled")
    again = resume.command(gui_session, job.folder)
    until(lambda: gui_session.ui.turn() or again.outcome == "finished")
