"""Jobs are renamed and taken off the list; their folders stay."""

import json
import re
import sys
import time

import pytest
from chimerax.core.errors import UserError
from chimerax.critasser.commands import jobs, jobs_clear, jobs_rename
from chimerax.critasser.jobs.engine_job import jobs_of
from chimerax.critasser.jobs.folder import read_placement
from chimerax.critasser.session.settings import settings


def test_a_job_has_its_new_name_everywhere(session, start):
    job = start(session, "success")
    frame = [[1, 0, 0, 5], [0, 1, 0, 0], [0, 0, 1, 0]]
    path = job.folder / "inputs/chimerax.json"
    path.write_text(json.dumps({"name": "helix", "frame": frame, "map": "/x.mrc"}))
    jobs_rename.command(session, job.folder, "apo; state 2")
    assert job.name == "apo; state 2" and job.view.group.name == "critasser apo; state 2"
    assert read_placement(job.folder) == ("apo; state 2", frame)
    assert json.loads(path.read_text())["map"] == "/x.mrc"
    with pytest.raises(UserError, match="1 to 100 letters"):
        jobs_rename.command(session, job.folder, "  ")


def test_the_panel_hears_of_it(session, start):
    from chimerax.critasser.jobs.triggers import triggers

    job = start(session, "success")
    heard = []
    triggers(session).add_handler("jobs listed", lambda _, data: heard.append(data))
    jobs_rename.command(session, job.folder, "x")
    jobs_clear.command(session, job.folder)
    assert heard == [job.folder, job.folder]


def test_jobs_that_are_over_are_cleared_and_one_that_runs_stays(gui_session, start, until):
    done = start(gui_session, "success", name="one")
    runs = start(gui_session, "hang", wait=False, name="two")
    until(lambda: (runs.folder / "lock").exists())
    assert jobs_clear.command(gui_session) == [str(done.folder)]
    assert jobs_of(gui_session) == [runs]
    assert settings(gui_session).recent_jobs == [str(runs.folder)]
    assert (done.folder / "results.json").is_file()
    runs.terminate()
    until(lambda: runs.outcome == "cancelled")


def test_only_the_latest_run_of_a_job_has_links_and_stopped_is_what_stop_did(
    gui_session, start, until
):
    from chimerax.critasser.commands import location, resume

    location.command(gui_session, sys.executable)
    first = start(gui_session, "hang", wait=False)
    until(lambda: (first.folder / "lock").exists())
    first.terminate()
    until(lambda: first.outcome == "cancelled")
    jobs.command(gui_session)
    told = gui_session.logger.html[-1]
    assert "stopped" in told and "cancelled" not in told
    assert "critasser resume" in told and "withMap true" in told
    second = resume.command(gui_session, first.folder, wait=False)
    jobs.command(gui_session)
    told = gui_session.logger.html[-1]
    assert "critasser resume" not in told and f"critasser stop {second.id}" in told
    (first.folder / "progress.jsonl").write_text(
        json.dumps({"time": 5.0, "state": "running", "stage": "density", "fraction": 0.1}) + "\n"
    )
    jobs.command(gui_session)
    assert " h " not in re.sub("<[^>]+>", " ", gui_session.logger.html[-1])
    second.terminate()
    until(lambda: second.outcome in ("cancelled", "finished", "failed"))


def test_times_are_those_of_the_job_not_of_the_watch(session, start):
    job = start(session, "success")
    line = json.dumps({"time": 1.7e9, "state": "finished", "stage": "report", "fraction": 1})
    (job.folder / "progress.jsonl").write_text(line + "\n")
    jobs.command(session)
    told = session.logger.text("info")
    assert "finished, 1 min 30 s" in told  # of its stages, 60 s and 30 s
    assert time.strftime("%d %b %H:%M", time.localtime(1.7e9)) in told
    (job.folder / "progress.jsonl").write_text(line.replace("1700000000.0", "1e300") + "\n")
    jobs.command(session)


def test_the_table_of_jobs_keeps_folders_out_of_its_width(gui_session, start, until):
    job = start(gui_session, "success", name="one", wait=False)
    until(lambda: job.outcome == "finished")
    jobs.command(gui_session)
    told = gui_session.logger.text("info")
    assert f'<td title="{job.folder}">' in told
    assert f">{job.folder}" not in told.partition("<table>")[2]
