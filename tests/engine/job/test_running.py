"""A run from its first event to its last, however it ends."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from critasser.errors import Cancelled, InputError
from critasser.job.folder import Job
from critasser.job.running import running

ENGINE = Path(__file__).parents[3] / "src" / "engine"


def test_the_cancel_file_stops_a_stage_and_keeps_finished_ones(tmp_path, describe):
    folder = tmp_path / "job"
    with (
        pytest.raises(Cancelled),
        Job.opened(folder, resume=False) as job,
    ):
        describe(job)
        with running(job, {"first": 1, "slow": 1}):
            job.stage("first", lambda run: run.file("1_calpha/a.txt").write_text("a"), settings={})
            (folder / "cancel").touch()

            def slow(run):
                start = time.monotonic()
                while time.monotonic() - start < 5:
                    run.progress(0.5, "busy")
                    time.sleep(0.02)
                pytest.fail("was not stopped")

            job.stage("slow", slow, settings={})
    events = [json.loads(line) for line in (folder / "progress.jsonl").read_text().splitlines()]
    assert events[-1]["state"] == "cancelled"
    assert (folder / "stages/first.json").exists()
    assert not (folder / "stages/slow.json").exists()
    with Job.opened(folder, resume=True):
        assert not (folder / "cancel").exists()


@pytest.mark.parametrize("stop", ["SIGTERM", "SIGINT", "cancel"])
def test_a_stage_that_never_looks_up_is_ended_within_two_seconds(tmp_path, stop):
    code = """
import sys, time, json
from pathlib import Path
from critasser import __version__
from critasser.job.folder import Job
from critasser.job.running import running
with Job.opened(Path(sys.argv[1]), resume=False) as job, running(job, {"deaf": 1}, hard_stop=True):
    print("on", flush=True)
    job.stage("deaf", lambda run: time.sleep(30) or time.sleep(30), settings={})
"""
    folder = tmp_path / "job"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        env={**os.environ, "PYTHONPATH": str(ENGINE)},
        stdout=subprocess.PIPE,
    )
    process.stdout.readline()
    time.sleep(0.2)
    start = time.monotonic()
    if stop == "cancel":
        (folder / "cancel").touch()
    else:
        process.send_signal(getattr(signal, stop))
    assert process.wait(timeout=10) == 130
    assert time.monotonic() - start < 2.0
    last = (folder / "progress.jsonl").read_text().splitlines()[-1]
    assert json.loads(last)["state"] == "cancelled"
    assert not (folder / "lock").exists()


def test_a_full_disk_is_told_in_one_line(tmp_path):
    def fill(run):
        raise OSError(errno.ENOSPC, "No space left on device")

    with (
        pytest.raises(InputError, match=r"no room left on the disk in stage first; .*--resume"),
        Job.opened(tmp_path / "job", resume=False) as job,
        running(job, {"first": 1}),
    ):
        job.stage("first", fill, settings={})


def test_memory_that_runs_out_is_told_in_one_line(tmp_path):
    def fill(run):
        raise MemoryError

    with (
        pytest.raises(InputError, match="out of memory in stage first"),
        Job.opened(tmp_path / "job", resume=False) as job,
        running(job, {"first": 1}),
    ):
        job.stage("first", fill, settings={})


def test_a_failure_of_ours_leaves_its_traceback_in_the_log(tmp_path):
    def fail(run):
        raise ZeroDivisionError("ours")

    with (
        pytest.raises(ZeroDivisionError),
        Job.opened(tmp_path / "job", resume=False) as job,
        running(job, {"first": 1}),
    ):
        job.stage("first", fail, settings={})
    assert "ZeroDivisionError: ours" in (tmp_path / "job/log.txt").read_text()
    last = (tmp_path / "job/progress.jsonl").read_text().splitlines()[-1]
    assert json.loads(last)["state"] == "failed"
