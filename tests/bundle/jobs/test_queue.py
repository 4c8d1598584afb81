"""Several builds at once: each waits for its device, and none is lost."""

import shutil
import sys
from pathlib import Path

import pytest
from chimerax.core.errors import UserError
from chimerax.core.tasks import TaskState


@pytest.fixture(autouse=True)
def one_processor(monkeypatch):
    """One build at a time."""
    from chimerax.critasser.jobs import queue

    monkeypatch.setattr(queue.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(queue, "_has_gpu", lambda: False)


def stop(session, job):
    from chimerax.critasser.commands import stop as command

    command.command(session, job.id)


def test_a_second_build_waits_and_starts_by_itself_when_the_first_is_over(
    gui_session, start, until
):
    first = start(gui_session, "hang", wait=False, name="one")
    second = start(gui_session, "hang", wait=False, name="two")
    third = start(gui_session, "success", wait=False, name="three")

    assert (first.outcome, second.outcome, third.outcome) == ("running", "queued", "queued")
    assert second.state == TaskState.QUEUED
    assert "waits as job 2" in gui_session.logger.text("info")
    assert not (second.folder / "lock").exists()
    until(lambda: (first.folder / "lock").exists())
    stop(gui_session, first)
    until(lambda: second.outcome == "running")
    assert first.outcome == "cancelled" and third.outcome == "queued"
    until(lambda: (second.folder / "lock").exists())
    stop(gui_session, second)
    until(lambda: gui_session.ui.turn() or third.outcome == "finished")


def test_without_a_gui_a_command_that_waits_waits_for_its_turn_too(session, start):
    start(session, "success", wait=False, name="one")
    second = start(session, "success", wait=True, name="two")
    assert second.outcome == "finished"


def test_a_job_whose_engine_has_just_been_started_is_not_started_again(
    session, start, until, monkeypatch
):
    from chimerax.critasser.commands import resume
    from chimerax.critasser.session.settings import settings

    settings(session).python = sys.executable
    job = start(session, "hang", wait=False)
    with monkeypatch.context() as early:
        early.setattr(resume, "worker", lambda folder: None)
        with pytest.raises(UserError, match=f"runs already, as job {job.id}"):
            resume.command(session, job.folder)
    until(lambda: (job.folder / "lock").exists())
    stop(session, job)
    until(lambda: job.outcome == "cancelled")


def test_builds_and_installations_wait_for_each_other(gui_session, start, until, tmp_path):
    import threading

    from chimerax.critasser.commands import install
    from chimerax.critasser.installation.installer import Installation
    from chimerax.critasser.session.settings import settings

    done = threading.Event()

    class Slow(Installation):
        def work(self):
            done.wait()

    slow = Slow(gui_session, tmp_path / "engine")
    slow.start()
    job = start(gui_session, "success", wait=False)
    assert job.outcome == "queued"
    assert "until the installation is over" in gui_session.logger.text("info")
    until(job._ready.is_set)
    settings(gui_session).python = str(tmp_path / "engine/bin/python")
    with pytest.raises(UserError, match=f"wait to .job {job.id}"):
        install.command(gui_session, str(tmp_path / "engine"))
    done.set()
    until(lambda: gui_session.ui.turn() or job.outcome == "finished")


def test_a_task_that_comes_while_jobs_are_asked_for_disturbs_nobody(session):
    from chimerax.critasser.jobs.engine_job import jobs_of
    from chimerax.critasser.session.background import works_of

    class Restless:
        """Another task comes whenever somebody asks what this one is."""

        @property
        def __class__(self):
            session.tasks.add(object.__new__(Restless))
            return Restless

        id = 0

    session.tasks.add(Restless())
    assert jobs_of(session) == [] and works_of(session) == []


def test_a_build_that_waits_is_taken_back_and_can_be_started_later(
    session, start, until, fake_engine
):
    from chimerax.critasser.commands import resume
    from chimerax.critasser.jobs.record import read_record
    from chimerax.critasser.session.settings import settings

    first = start(session, "hang", wait=False, name="one")
    second = start(session, "success", wait=False, name="two")
    stop(session, second)
    until(lambda: second.outcome == "cancelled")
    second.deliver()
    assert "had not begun" in session.logger.text("info")
    assert not (second.folder / "cancel").exists()
    until(lambda: read_record(second.folder).state == "cancelled")

    stop(session, first)
    until(lambda: first.outcome == "cancelled")
    settings(session).python = sys.executable
    fake_engine("success")
    again = resume.command(session, second.folder, quality="draft", wait=True)
    assert again.outcome == "finished"
    words = (second.folder / "command").read_text()
    assert "--resume" not in words and "--quality draft" in words


def test_what_was_changed_of_a_job_that_waits_again_is_kept_until_its_turn(
    session, new_session, start, until, fake_engine
):
    from chimerax.atomic import Sequence
    from chimerax.critasser.commands import resume
    from chimerax.critasser.jobs.record import read_record
    from chimerax.critasser.session.settings import settings

    settings(session).python = sys.executable
    job = start(session, "success", name="one")
    other = start(session, "hang", wait=False, name="two")
    changed = [Sequence("x", "AAKK")]
    waits = resume.command(session, job.folder, sequence=changed, quality="draft", wait=False)
    assert waits.outcome == "queued" and read_record(job.folder).state == "queued"
    stop(session, waits)
    until(lambda: waits.outcome == "cancelled")
    until(lambda: (other.folder / "lock").exists())
    stop(session, other)
    until(lambda: other.outcome == "cancelled")

    fake_engine("success")
    again = new_session(disk=session.disk)
    settings(again).python = sys.executable
    resume.command(again, job.folder, seed=9)
    words = (job.folder / "command").read_text().split()
    assert words[3] == str(job.folder / "inputs/run_2/sequence.fasta")
    assert "draft" in words and "9" in words and "--resume" in words
    assert read_record(job.folder).state == "finished"
    resume.command(again, job.folder)
    assert "draft" not in (job.folder / "command").read_text()


def test_a_job_that_waits_in_another_chimerax_is_left_to_it(
    session, new_session, start, until, fake_engine
):
    import json
    import os
    import subprocess

    from chimerax.critasser.commands import jobs, jobs_delete, resume
    from chimerax.critasser.jobs.record import read_record
    from chimerax.critasser.session.locks import identity
    from chimerax.critasser.session.settings import remember_open, settings
    from chimerax.critasser.views.reattach import look_for_jobs

    first = start(session, "hang", wait=False, name="one")
    second = start(session, "success", wait=False, name="two")
    until(lambda: (first.folder / "lock").exists())
    file = second.folder / "inputs/request.json"
    content = json.loads(file.read_text())
    assert content["owner"]["pid"] == os.getpid()
    for job in (second, first):
        stop(session, job)
        until(lambda job=job: job.outcome == "cancelled")
        until(lambda job=job: job._over.is_set())
    assert "owner" not in json.loads(file.read_text())

    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        content["owner"] = identity(process.pid)
        file.write_text(json.dumps(content))
        remember_open(session, str(second.folder), True)
        other = new_session(is_gui=True, disk=session.disk)
        settings(other).python = sys.executable
        look_for_jobs(other).join()
        other.ui.turn()
        assert "in another ChimeraX" in other.logger.text("info")
        assert str(second.folder) in settings(other).open_jobs
        jobs.command(other)
        assert f"critasser resume {second.folder}" not in other.logger.text("info")
        assert f"critasser jobs delete {second.folder}" not in other.logger.text("info")
        with pytest.raises(UserError, match="in another ChimeraX"):
            resume.command(other, second.folder)
        with pytest.raises(UserError, match=f"process {process.pid}"):
            jobs_delete.command(other, second.folder, confirm=True)
        assert (second.folder / "inputs/map.mrc").exists()
        process.kill()

    assert read_record(second.folder).state == "queued"
    look_for_jobs(other).join()
    other.ui.turn()
    assert "was still waiting" in other.logger.text("info")
    fake_engine("success")
    assert resume.command(other, second.folder, wait=True).outcome == "finished"


def test_the_gpu_and_the_processor_have_queues_of_their_own(session, tmp_path):
    from chimerax.critasser.jobs.queue import device_of, slots

    assert device_of(["map", "fasta", "--device", "cuda"], tmp_path) == "gpu"
    assert device_of(["map", "fasta"], tmp_path) == "cpu"
    (tmp_path / "job.json").write_text('{"options": {"device": "cuda"}}')
    assert device_of(["--resume", str(tmp_path)], tmp_path) == "gpu"
    assert slots("gpu") == 1 and slots("cpu") == 1


@pytest.mark.parametrize(
    ("count", "builds", "each", "alone"), [(1, 1, 1, 1), (4, 1, 2, 2), (8, 2, 2, 4), (16, 4, 2, 8)]
)
def test_builds_on_one_device_share_half_of_the_processors(
    monkeypatch, count, builds, each, alone
):
    from chimerax.critasser.jobs import queue

    monkeypatch.setattr(queue.os, "cpu_count", lambda: count)
    assert (queue.slots("cpu"), queue.processes("cpu")) == (builds, each)
    assert (queue.slots("gpu"), queue.processes("gpu")) == (1, alone)


def test_an_engine_of_another_chimerax_counts_too(session, new_session, start, until):
    job = start(session, "hang", wait=False, name="one")
    until(lambda: (job.folder / "lock").exists() and (job.folder / "job.json").exists())
    other = new_session(disk=session.disk)
    waits = start(other, "success", wait=False, name="two")
    assert waits.outcome == "queued"
    stop(session, job)
    until(lambda: waits.outcome == "finished")


def test_listeners_are_told_in_the_main_thread_when_a_job_starts_changes_and_ends(
    gui_session, start, until
):
    import threading

    from chimerax.critasser.jobs.triggers import triggers

    told = []
    for name in ("job started", "job changed", "job ended"):
        triggers(gui_session).add_handler(
            name, lambda name, job: told.append((name, job.outcome, threading.current_thread()))
        )
    start(gui_session, "success", wait=False)
    until(lambda: gui_session.ui.turn() or ("job ended" in [name for name, *_ in told]))
    names = [name for name, *_ in told]
    assert names[0] == "job started" and names[-1] == "job ended"
    assert "job changed" in names and names.count("job ended") == 1
    assert told[-1][1] == "finished"
    assert {thread for *_, thread in told} == {threading.main_thread()}


def test_progress_may_tell_numbers_and_what_it_expects(tmp_path):
    from chimerax.critasser.jobs.folder import Event

    line = (
        b'{"stage": "assembly", "stage_fraction": 0.25, "numbers": {"energy": -3.5, "x": "y"}, '
        b'"expected": {"trace": 60, "assembly": 1e999}}'
    )
    event = Event.from_line(line)
    assert event.stage_fraction == 0.25
    assert event.numbers == {"energy": -3.5}
    assert event.expected == {"trace": 60.0}
    assert Event.from_line(b'{"stage": "x", "numbers": [1]}').numbers is None
    assert Event.from_line(b'{"stage": "x", "remaining": 1' + b"0" * 400 + b"}").remaining is None


@pytest.mark.parametrize("mode", ["full", "half", "fail"])
def test_a_full_disk_or_a_killed_engine_end_clearly_and_can_be_gone_on_with(
    session, start, fake_engine, mode
):
    from chimerax.critasser.commands import resume
    from chimerax.critasser.jobs.record import read_record
    from chimerax.critasser.session.settings import settings

    with pytest.raises(UserError):
        start(session, mode)
    (job,) = session.tasks.values()
    assert job.outcome == "failed"
    assert read_record(job.folder).state == "failed"
    if mode == "full":
        assert "Free some space" in session.logger.text("error")
    settings(session).python = sys.executable
    fake_engine("success")
    assert resume.command(session, job.folder).outcome == "finished"
    assert read_record(job.folder).etm == 0.8


def test_a_folder_that_vanishes_ends_the_job_and_leaves_what_is_shown(gui_session, start, until):
    job = start(gui_session, "hang", wait=False)
    until(lambda: gui_session.ui.turn() or gui_session.models.list())
    shutil.rmtree(job.folder, ignore_errors=True)
    shutil.rmtree(job.folder, ignore_errors=True)

    until(lambda: gui_session.ui.turn() or job.state == TaskState.FAILED)
    assert job.outcome == "failed"
    assert "has vanished" in gui_session.logger.text("error")
    assert gui_session.models.list()


def test_a_map_that_is_closed_leaves_results_where_they_were(
    gui_session, start, until, open_volume
):
    from chimerax.geometry import Place

    volume = open_volume(gui_session)
    volume.position = Place([[1, 0, 0, 30], [0, 1, 0, 0], [0, 0, 1, 0]])
    job = start(gui_session, "success", wait=False)
    job.view.lie_in(volume)
    until(lambda: gui_session.ui.turn() or job.view.is_open)
    volume.delete()
    until(lambda: gui_session.ui.turn() or job.outcome == "finished")
    gui_session.ui.turn()
    assert job.view.group.position.matrix[0, 3] == 30
    assert "model 1, eTM 0.80" in [model.name for model in gui_session.models.list()]


def test_a_rerun_takes_what_is_changed(session, start, fake_engine):
    from chimerax.atomic import Sequence, Structure
    from chimerax.critasser.commands import resume
    from chimerax.critasser.session.settings import settings

    job = start(session, "success")
    settings(session).python = sys.executable
    template = Structure("t", session)
    session.models.add([template])
    resume.command(
        session,
        job.folder,
        sequence=[Sequence("x", "AAKK")],
        templates=[template],
        resolution=4.2,
        seed=9,
        device="cpu",
        models=2,
    )
    words = (job.folder / "command").read_text().split()
    fasta = job.folder / "inputs/run_2/sequence.fasta"
    assert words[2:4] == [str(job.folder / "inputs/map.mrc"), str(fasta)]
    assert words[words.index("--resume") + 1] == str(job.folder)
    assert "AAKK" in fasta.read_text()
    assert str(Path(job.folder) / "inputs/run_2/template_01_t.cif") in words
    for option, value in (("--resolution", "4.2"), ("--seed", "9"), ("--models", "2")):
        assert words[words.index(option) + 1] == value
