"""Builds in a real ChimeraX with its GUI: the command comes back at once."""

import shutil

import pytest

pytestmark = pytest.mark.skipif(
    shutil.which("xvfb-run") is None, reason="no xvfb-run to give the GUI a screen"
)


WAIT = """
import os, sys, time, traceback

def until(condition, then, seconds=60):
    '''Look again and again while the GUI lives its life.'''
    end = time.monotonic() + seconds
    def look():
        try:
            if condition():
                then()
            elif time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s: {condition}")
            else:
                session._critasser_looks = session.ui.timer(200, look)
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
            os._exit(1)
    look()

def names():
    return [m.name for m in session.models.list()]

def jobs():
    return [task for task in session.tasks.values() if hasattr(task, "folder")]
"""


def test_the_next_chimerax_follows_a_job_that_outlived_a_killed_one(chimerax, blob):
    folder = chimerax.home / "outlives"
    shutil.rmtree(folder, ignore_errors=True)
    chimerax.script(
        WAIT
        + f"""
os.environ["FAKE_ENGINE"] = "hang"
run(session, "open {blob}")
run(session, "critasser build #1 helix.fasta wait false folder {folder}")
until(lambda: "Cα positions" in names(), lambda: os._exit(0))
""",
        gui=True,
    )
    chimerax.script(
        WAIT
        + f"""
def show():
    job, = jobs()
    assert str(job.folder) == "{folder}" and job.outcome == "running" and not names()
    run(session, "critasser open {folder}")
    assert "Cα positions" in names(), names()
    run(session, "critasser stop")
    until(lambda: job.outcome == "cancelled", lambda: os._exit(0))

until(jobs, show)
""",
        gui=True,
    )


def test_a_build_goes_on_in_the_background_and_can_be_stopped_and_resumed(chimerax, blob):
    chimerax.script(
        WAIT
        + f"""
os.environ["FAKE_ENGINE"] = "hang"
run(session, "open {blob}")
before = time.monotonic()
job = run(session, "critasser build #1 helix.fasta wait false")
assert time.monotonic() - before < 10

def stop():
    run(session, "critasser stop")
    until(lambda: job.outcome == "cancelled", resume)

def resume():
    os.environ["FAKE_ENGINE"] = "success"
    again = run(session, f"critasser resume {{job.folder}} wait false")
    until(lambda: again.state == "finished" and "model 1, eTM 0.80" in names(), check)

def check():
    assert sum(n.startswith("critasser blob") for n in names()) == 1, names()
    assert names().count("Cα positions") == 1, names()
    os._exit(0)

until(lambda: "Cα positions" in names(), stop)
""",
        gui=True,
    )
