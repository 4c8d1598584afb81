"""The next ChimeraX finds the jobs of the one before."""

import pytest


@pytest.fixture
def ready_session(new_session):
    """A ChimeraX that begins, with the same person's settings, and its first look for jobs."""
    from chimerax.critasser.views.reattach import look_for_jobs

    def begin(disk):
        session = new_session(is_gui=True, disk=disk)
        thread = look_for_jobs(session)
        if thread is not None:
            thread.join()
        session.ui.turn()
        return session

    return begin


def test_the_next_chimerax_follows_what_still_runs_and_shows_it_when_asked(
    session, start, until, ready_session
):
    from chimerax.critasser.commands import open as open_command

    job = start(session, "hang", wait=False)
    until(lambda: (job.folder / "1_calpha/calpha.cif").exists())
    other = ready_session(session.disk)
    (followed,) = other.tasks.values()
    until(lambda: other.ui.turn() or (followed.last and followed.last.stage == "trace"))
    assert followed.outcome == "running" and not other.models.list()
    assert "still runs" in other.logger.text("info")
    open_command.command(other, job.folder)
    assert "Cα positions" in [model.name for model in other.models.list()]
    job.terminate()
    until(lambda: followed.outcome == "cancelled" and job.outcome == "cancelled")


def test_the_next_chimerax_tells_what_ended_while_it_was_away_once(
    session, start, until, ready_session
):
    from chimerax.critasser.session.settings import remember_open

    job = start(session, "success")
    remember_open(session, str(job.folder), True)  # as when ChimeraX had been killed before
    other = ready_session(session.disk)
    assert "finished while ChimeraX was away, eTM 0.80" in other.logger.text("info")
    assert not ready_session(session.disk).logger.said


def test_a_build_that_waited_when_chimerax_ended_is_offered_but_not_started(
    session, start, ready_session, monkeypatch, until
):
    from chimerax.critasser.jobs import queue
    from chimerax.critasser.session.locks import worker

    monkeypatch.setattr(queue.os, "cpu_count", lambda: 1)
    first = start(session, "hang", wait=False, name="one")
    second = start(session, "success", wait=False, name="two")
    until(lambda: worker(first.folder))
    other = ready_session(session.disk)
    assert f"critasser resume {second.folder}" in other.logger.text("info")
    assert [job.folder for job in other.tasks.values()] == [first.folder]
    for job in (second, first):
        job.terminate()
        until(lambda job=job: job.outcome == "cancelled")
    until(lambda: all(task.outcome != "running" for task in other.tasks.values()))


def test_a_start_without_open_jobs_starts_no_thread(new_session):
    from chimerax.critasser.views.reattach import look_for_jobs

    assert look_for_jobs(new_session(is_gui=True)) is None
