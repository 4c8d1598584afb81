"""One engine at a time in a job folder."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from critasser.errors import InputError
from critasser.job.records import write_json

ENGINE = Path(__file__).parents[3] / "src" / "engine"


def test_a_job_in_use_is_refused(tmp_path, run_steps):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    code = (
        "import sys, time; from critasser.job.lock import take_lock; from pathlib import Path;"
        "take_lock(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        env={**os.environ, "PYTHONPATH": str(ENGINE)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(InputError, match=f"in use by process {holder.pid}"):
            run_steps(folder, resume=True)
    finally:
        holder.kill()
        holder.wait()
    assert run_steps(folder, resume=True) == []
    assert not (folder / "lock").exists()


def test_a_lock_is_not_held_by_whoever_got_the_same_process_number(tmp_path, run_steps):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    write_json(
        folder / "lock", {"pid": os.getpid(), "started": 12345.0, "host": socket.gethostname()}
    )
    assert run_steps(folder, resume=True) == []


def test_a_lock_of_another_machine_is_respected(tmp_path, run_steps):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    write_json(folder / "lock", {"pid": 1, "started": 1.0, "host": "elsewhere"})
    with pytest.raises(InputError, match="on elsewhere"):
        run_steps(folder, resume=True)


def test_a_half_written_lock_of_a_killed_process_is_taken_over(tmp_path, run_steps):
    folder = tmp_path / "job"
    run_steps(folder, resume=False)
    (folder / "lock").write_text('{"pid"')
    assert run_steps(folder, resume=True) == []
