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
    steps = []
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
                for step in range(100):
                    steps.append(step)
                    run.progress._last_look = 0.0
                    run.progress(0.01 * step, "busy")

            job.stage("slow", slow, settings={})
    assert steps == [0]
    events = [json.loads(line) for line in (folder / "progress.jsonl").read_text().splitlines()]
    assert events[-1]["state"] == "cancelled"
    assert (folder / "stages/first.json").exists()
    assert not (folder / "stages/slow.json").exists()
    with Job.opened(folder, resume=True):
        assert not (folder / "cancel").exists()


@pytest.mark.parametrize("stop", ["SIGTERM", "SIGINT", "SIGHUP", "cancel"])
def test_a_stage_that_never_looks_up_is_ended(tmp_path, stop):
    code = """
import signal, sys, time
from pathlib import Path
from critasser.job.folder import Job
from critasser.job.running import running

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup

def deaf(run):
    for step in range(600):
        with open(sys.argv[2], "a") as file:
            print(step, file=file)
        time.sleep(0.1)

with Job.opened(Path(sys.argv[1]), resume=False) as job, running(job, {"deaf": 1}, hard_stop=print):
    print("on", flush=True)
    job.stage("deaf", deaf, settings={})
"""
    folder, steps = tmp_path / "job", tmp_path / "steps"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder), str(steps)],
        env={**os.environ, "PYTHONPATH": str(ENGINE)},
        stdout=subprocess.PIPE,
    )
    process.stdout.readline()
    while not steps.exists():
        time.sleep(0.02)
    before = len(steps.read_text().split())
    if stop == "cancel":
        (folder / "cancel").touch()
    else:
        process.send_signal(getattr(signal, stop))
    assert process.wait(timeout=60) == 130
    # It has 1.2 s, twelve steps, to look up by itself.
    assert len(steps.read_text().split()) - before < 30
    last = (folder / "progress.jsonl").read_text().splitlines()[-1]
    assert json.loads(last)["state"] == "cancelled"
    assert not (folder / "lock").exists()


def test_a_hangup_that_is_to_be_outlived_is(tmp_path):
    code = """
import os, signal, sys
from pathlib import Path
from critasser.job.folder import Job
from critasser.job.running import running
signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
with Job.opened(Path(sys.argv[1]), resume=False) as job, running(job, {"one": 1}, hard_stop=print):
    job.stage("one", lambda run: os.kill(os.getpid(), signal.SIGHUP), settings={})
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "job")],
        env={**os.environ, "PYTHONPATH": str(ENGINE)},
        check=False,
    )
    assert done.returncode == 0
    assert (tmp_path / "job/stages/one.json").exists()


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
