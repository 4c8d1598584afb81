"""Which jobs are stopped."""

import sys

import pytest
from chimerax.core.commands import AnnotationError
from chimerax.core.errors import UserError


@pytest.mark.parametrize(
    ("typed", "read"),
    [("all", "all"), ("7", [7]), ("3,8-10", [3, 8, 9, 10]), ("ALL now", "all"), ("5-4", [])],
)
def test_numbers_lists_and_ranges_are_read(session, typed, read):
    from chimerax.critasser.commands.arguments import JobNumbersArg

    assert JobNumbersArg.parse(typed, session)[0] == read


@pytest.mark.parametrize("typed", ["", "x", "1-", "-3", "1-99999999", "1,,2"])
def test_what_names_no_jobs_is_refused(session, typed):
    from chimerax.critasser.commands.arguments import JobNumbersArg

    with pytest.raises(AnnotationError):
        JobNumbersArg.parse(typed, session)


@pytest.fixture
def three(session, start, monkeypatch):
    from chimerax.critasser.jobs import queue

    monkeypatch.setattr(queue.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(queue, "_has_gpu", lambda: False)
    return [start(session, "hang", wait=False, name=name) for name in ("one", "two", "three")]


def test_all_are_stopped_at_once_and_none_begins_meanwhile(session, three, until):
    from chimerax.critasser.commands import stop

    with pytest.raises(UserError, match="which of the jobs"):
        stop.command(session)
    assert sorted(stop.command(session, "all")) == [job.id for job in three]
    until(lambda: all(job.outcome == "cancelled" for job in three))
    assert not (three[1].folder / "job.json").exists()


def test_some_are_stopped(session, three, until):
    from chimerax.critasser.commands import stop

    first, second, third = three
    assert stop.command(session, [second.id, third.id, 99]) == [second.id, third.id]
    until(lambda: second.outcome == third.outcome == "cancelled")
    assert first.outcome == "running"
    with pytest.raises(UserError, match="99 does not run"):
        stop.command(session, [99])
    stop.command(session, first.id)
    until(lambda: first.outcome == "cancelled")


def test_a_job_that_was_taken_back_does_not_come_back_as_queued(
    session, three, until, new_session, fake_engine
):
    from chimerax.critasser.commands import resume, stop
    from chimerax.critasser.jobs.record import read_record
    from chimerax.critasser.session.settings import settings
    from chimerax.critasser.views.reattach import look_for_jobs

    stop.command(session, "all")
    until(lambda: all(job._over.is_set() for job in three))
    for job in three:
        job.deliver()
    folder = three[2].folder
    assert read_record(folder).state == "cancelled"
    again = new_session(is_gui=True, disk=session.disk)
    assert look_for_jobs(again) is None
    fake_engine("success")
    settings(again).python = sys.executable
    assert resume.command(again, folder, wait=True).outcome == "finished"
    assert read_record(folder).state == "finished"


@pytest.mark.parametrize("told", ["", '{"stage": "network", "state": "running"}\n'])
def test_an_engine_that_had_to_be_killed_when_it_was_stopped_has_not_failed(tmp_path, told):
    from chimerax.critasser.jobs.folder import request_stop
    from chimerax.critasser.jobs.record import read_record

    (tmp_path / "log.txt").touch()
    (tmp_path / "progress.jsonl").write_text(told)
    assert read_record(tmp_path).state == "failed"
    request_stop(tmp_path)
    assert read_record(tmp_path).state == "cancelled"
    with (tmp_path / "progress.jsonl").open("a") as file:
        file.write('{"stage": "network", "state": "failed"}\n')
    assert read_record(tmp_path).state == "failed"
