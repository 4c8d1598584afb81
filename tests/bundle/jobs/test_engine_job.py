"""Jobs against an engine that succeeds, fails, hangs, will not stop, or dies."""

import json
import os
import sys

import psutil
import pytest
from chimerax.core.errors import UserError
from chimerax.core.tasks import TaskState


def names(session):
    return {model.id: model.name for model in session.models.list()}


def test_a_build_shows_its_results_in_one_group_best_model_on_top(session, start):
    job = start(session, "success")

    assert job.outcome == "finished" and job.state == TaskState.FINISHED
    shown = names(session)
    assert shown[(1,)] == "critasser helix"
    assert [shown[1, n] for n in (1, 2, 3)] == ["Cα traces", "templates", "models"]
    assert shown[1, 1, 1] == "Cα positions" and shown[1, 1, 2] == "trace 1"
    assert shown[1, 1, 3] == "unassigned positions"
    assert shown[1, 3, 1] == "model 1, eTM 0.80"
    displayed = [m.id for m in session.models.list() if m.display and len(m.id) == 3]
    assert displayed == [(1, 3, 1)]
    assert "stand-in" in session.logger.text("warning")
    assert job.runtime.total_seconds() > 0


def test_models_have_their_confidence_as_a_registered_attribute_and_one_key_is_shown(
    session, start
):
    from chimerax.atomic import Residue
    from chimerax.color_key.model import KEYS
    from chimerax.core.commands import RUN

    start(session, "success")

    model = next(m for m in session.models.list() if m.id == (1, 3, 1))
    assert [r.critasser_confidence for r in model.residues][::11] == [0.0, 100.0]
    assert {r.critasser_local_pcc for r in model.residues} == {0.25}
    assert Residue.registered["critasser_confidence"] is float
    assert len(KEYS) == 1
    assert sum(text.startswith("key ") for text in RUN) == 1
    assert sum("byattribute r:critasser_confidence #1.3.1 " in text for text in RUN) == 1


def test_a_failure_is_told_with_what_to_do_and_ends_as_failed(session, start):
    with pytest.raises(UserError, match="failed"):
        start(session, "fail")

    (job,) = session.tasks.values()
    assert job.state == TaskState.FAILED and not job.exited_normally()
    assert "out of memory" in session.logger.text("error")
    assert "near, mask" in session.logger.text("error")
    assert "log.txt" in session.logger.text("error")


def test_bad_input_is_told_in_the_engines_own_line(session, start):
    with pytest.raises(UserError):
        start(session, "bad")

    assert "5 residues cannot lie in map.mrc; mend it" in session.logger.text("error")
    assert "critasser build:" not in session.logger.text("error")


def test_a_job_that_ends_at_once_does_not_look_running_for_ever(gui_session, start, until):
    job = start(gui_session, "bad", wait=False)

    until(lambda: job.outcome != "running")
    until(lambda: gui_session.ui.turn() or job.state == TaskState.FAILED)
    assert "mend it" in gui_session.logger.text("error")


def test_stopping_is_asked_for_by_the_cancel_file_and_keeps_what_is_there(
    gui_session, start, until, monkeypatch
):
    from chimerax.critasser.commands import stop
    from chimerax.critasser.jobs import engine_job

    job = start(gui_session, "hang", wait=False)
    until(lambda: gui_session.ui.turn() or (job.last is not None and job.last.stage == "trace"))

    # However slow the machine is, the engine stops by itself and is not ended.
    monkeypatch.setattr(engine_job, "PATIENCE", 20.0)
    stop.command(gui_session)
    until(lambda: gui_session.ui.turn() or job.state == TaskState.TERMINATED)
    assert job.outcome == "cancelled"
    asked = (job.folder / "cancel").stat().st_mtime
    told = [json.loads(line) for line in (job.folder / "progress.jsonl").read_text().splitlines()]
    # What it was doing when it was asked, and the word that it stopped.
    assert [one["state"] for one in told if one["time"] > asked][:-1] in ([], ["running"])
    assert told[-1]["state"] == "cancelled"
    assert "critasser resume" in gui_session.logger.text("info")
    assert "Cα positions" in names(gui_session).values()
    assert not gui_session.logger.text("error")


@pytest.mark.skipif(sys.platform == "win32", reason="groups of processes are POSIX here")
def test_an_engine_that_turns_a_deaf_ear_is_killed_with_all_its_children(session, start, until):
    job = start(session, "deaf", wait=False)
    until(lambda: (job.folder / "child").exists() and (job.folder / "child").read_text())
    child = int((job.folder / "child").read_text())

    job.terminate()
    until(lambda: job.state == TaskState.TERMINATED)
    assert job.outcome == "cancelled"
    until(lambda: not psutil.pid_exists(child) or _is_zombie(child))


def _is_zombie(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.skipif(sys.platform == "win32", reason="kills itself by a POSIX signal")
def test_an_engine_that_dies_with_half_a_line_written_is_told_of_and_can_be_resumed(
    session, start, fake_engine
):
    from chimerax.critasser.commands import resume
    from chimerax.critasser.session.settings import settings

    with pytest.raises(UserError):
        start(session, "half")
    assert "signal 9" in session.logger.text("error")
    assert "lack of memory" in session.logger.text("error")

    (job,) = session.tasks.values()
    settings(session).python = sys.executable
    fake_engine("success")
    again = resume.command(session, job.folder)
    assert again.outcome == "finished"
    shown = list(names(session).values())
    assert "model 1, eTM 0.80" in shown
    assert shown.count("critasser helix") == shown.count("Cα positions") == 1


def test_a_job_of_another_chimerax_is_followed_to_its_end(
    session, new_session, start, monkeypatch, until
):
    from chimerax.critasser.commands import open as open_command

    monkeypatch.setenv("FAKE_PAUSE", "0.1")
    job = start(session, "success", wait=False)
    until(lambda: (job.folder / "1_calpha/calpha.cif").exists())
    other = new_session()

    open_command.command(other, job.folder, wait=True)
    (followed,) = other.tasks.values()
    assert followed.outcome == "finished"
    assert "model 1, eTM 0.80" in names(other).values()


def test_a_finished_folder_is_opened_without_any_job(session, new_session, start):
    from chimerax.critasser.commands import open as open_command

    folder = start(session, "success").folder
    other = new_session()

    group = open_command.command(other, folder)
    assert group.name == "critasser job"
    assert names(other)[1, 3, 1] == "model 1, eTM 0.80"
    assert not other.tasks


def test_closing_the_group_means_that_no_more_is_shown(gui_session, start, until):
    job = start(gui_session, "success", wait=False)
    until(lambda: gui_session.ui.turn() or gui_session.models.list())
    gui_session.models.list()[0].delete()

    until(lambda: gui_session.ui.turn() or job.outcome == "finished")
    gui_session.ui.turn()
    assert gui_session.models.list() == []


def test_a_file_that_cannot_be_opened_does_not_end_the_watch(session, start):
    def refuse(path, format, log_info):
        raise ValueError("no such luck")

    session.open_command.open_data = refuse
    job = start(session, "success")

    assert job.outcome == "finished"
    assert "model_1.cif could not be shown: no such luck" in session.logger.text("warning")


def test_jobs_are_remembered_for_the_next_session(session, new_session, start):
    from chimerax.critasser.commands import jobs

    folder = start(session, "success").folder
    other = new_session(disk=session.disk)
    jobs.command(other)

    assert str(folder) in other.logger.text("info")
    assert "finished" in other.logger.text("info")


def test_nothing_to_stop_is_an_error(session):
    from chimerax.critasser.commands import stop

    with pytest.raises(UserError, match="no Critasser job runs"):
        stop.command(session)


def test_the_engine_gets_an_environment_of_its_own_but_not_an_empty_one(monkeypatch):
    from chimerax.critasser.installation import environment as engine

    monkeypatch.setenv("PYTHONHOME", "/chimerax")
    monkeypatch.setenv("SOMETHING", "kept")
    found = engine.environment()

    assert "PYTHONHOME" not in found
    assert found["SOMETHING"] == "kept"
    assert found["PYTHONPATH"].split(os.pathsep) == [str(engine.engine_folder())]
    assert (engine.engine_folder() / "critasser" / "__init__.py").exists()


def test_the_real_engines_progress_is_understood(tmp_path):
    from chimerax.critasser.jobs.folder import ProgressReader

    from critasser.job.progress import Progress

    progress = Progress(tmp_path / "progress.jsonl", {"trace": 10.0, "atomic": 10.0})
    progress.begin("trace")
    progress.artifact("2_traces/trace_01.cif", "traces", "trace 1, score 0.5")
    progress.end()
    progress.close("finished", "done")

    events = ProgressReader(tmp_path).read()
    assert events[0].remaining > 0 and events[0].fraction == 0
    assert events[1].artifact == "2_traces/trace_01.cif" and events[1].kind == "traces"
    assert events[-1].state == "finished" and events[-1].fraction == 1


def test_the_real_engine_accepts_a_folder_with_our_inputs_in_it(tmp_path):
    from chimerax.critasser.jobs.folder import INPUTS, write_placement
    from chimerax.critasser.session.locks import worker

    from critasser.job.folder import Job

    (tmp_path / INPUTS).mkdir()
    write_placement(tmp_path, "map", [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
    (tmp_path / "log.txt").touch()
    with Job.opened(tmp_path, resume=False):
        assert worker(tmp_path) == os.getpid()
    assert worker(tmp_path) is None


def test_an_engine_on_another_machine_is_at_work_while_it_says_something(tmp_path):
    from chimerax.critasser.session.locks import worker

    (tmp_path / "lock").write_text(json.dumps({"pid": 1, "started": 0, "host": "node17"}))
    (tmp_path / "progress.jsonl").touch()
    assert worker(tmp_path) == 0
    os.utime(tmp_path / "progress.jsonl", (0, 0))
    assert worker(tmp_path) is None


def test_half_written_and_foreign_lines_are_passed_over(tmp_path):
    from chimerax.critasser.jobs.folder import ProgressReader

    path = tmp_path / "progress.jsonl"
    line = json.dumps({"stage": "trace", "fraction": 0.5, "message": "Å"}, ensure_ascii=False)
    path.write_bytes(b'not json\n[1]\n{"stage": 7}\n' + line.encode()[:-5])
    reader = ProgressReader(tmp_path)
    assert reader.read() == []
    with path.open("ab") as file:
        file.write(line.encode()[-5:] + b"\n")
    (event,) = reader.read()
    assert (event.stage, event.fraction, event.message) == ("trace", 0.5, "Å")


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "", "link"])
def test_paths_that_lead_out_of_the_folder_are_refused(tmp_path, name):
    from chimerax.critasser.session.files import inside

    folder = tmp_path / "job"
    folder.mkdir()
    (tmp_path / "outside").write_text("x")
    (folder / "link").symlink_to(tmp_path / "outside")
    (folder / "file").write_text("x")
    assert inside(folder, name) is None
    assert inside(folder, "file") == (folder / "file").resolve()
