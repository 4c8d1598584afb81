"""Builds in a real ChimeraX with its GUI: the command comes back at once."""

import shutil

import pytest

pytestmark = pytest.mark.skipif(
    shutil.which("xvfb-run") is None, reason="no xvfb-run to give the GUI a screen"
)


def test_a_build_goes_on_in_the_background_and_can_be_stopped_and_resumed(chimerax, blob):
    chimerax.script(
        f"""
import os, sys, time, traceback
from pathlib import Path

def until(condition, then, seconds=60):
    '''Look again and again while the GUI lives its life.'''
    end = time.monotonic() + seconds
    def look():
        try:
            if condition():
                then()
            elif time.monotonic() > end:
                raise AssertionError(f"not within {{seconds}} s: {{condition}}")
            else:
                session._critasser_timer = session.ui.timer(200, look)
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
            os._exit(1)
    look()

os.environ["FAKE_ENGINE"] = "hang"
run(session, "open {blob}")
before = time.monotonic()
job = run(session, "critasser build #1 helix.fasta wait false")
assert time.monotonic() - before < 10
names = lambda: [m.name for m in session.models.list()]

def stop():
    run(session, "critasser stop")
    until(lambda: job.outcome == "cancelled", resume)

def resume():
    os.environ["FAKE_ENGINE"] = "success"
    again = run(session, f"critasser resume {{job.folder}} wait false")
    until(lambda: again.state == "finished" and "model 1, eTM 0.80" in names(), check)

def check():
    assert names().count("critasser blob") == 1, names()
    assert names().count("Cα positions") == 1, names()
    os._exit(0)

until(lambda: "Cα positions" in names(), stop)
""",
        gui=True,
    )
