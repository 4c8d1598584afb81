"""One engine at a time in a job folder."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from critasser.errors import InputError
from critasser.job.lock import take_lock
from critasser.job.records import write_json

ENGINE = Path(__file__).parents[3] / "src" / "engine"
HOLDER = (
    "import sys, time; from critasser.job.lock import take_lock; from pathlib import Path;"
    "take_lock(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
)


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock of the folder ``job``."""
    (tmp_path / "job").mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "job")],
        env={**os.environ, "PYTHONPATH": str(ENGINE)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def own(tmp_path):
    """What a lock of this process holds."""
    lock = take_lock(tmp_path)
    content = json.loads((tmp_path / "lock").read_text())
    lock.release()
    assert not (tmp_path / "lock").exists()
    return content


def test_a_job_in_use_is_refused(tmp_path, holder):
    with pytest.raises(InputError, match=f"in use by process {holder.pid}"):
        take_lock(tmp_path / "job")
    holder.kill()
    holder.wait()
    take_lock(tmp_path / "job").release()


def test_a_lock_tells_its_process_by_what_does_not_move_with_the_clock(own):
    assert own["pid"] == os.getpid() and own["host"] == socket.gethostname()
    assert type(own["started"]) is int
    if sys.platform == "linux":
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        assert own["started"] == int(fields[19])
        assert own["boot"] == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_a_lock_of_a_living_process_is_respected_whatever_the_clock_says(
    tmp_path, own, monkeypatch
):
    monkeypatch.setattr(time, "time", lambda: 0.0)
    write_json(tmp_path / "lock", own)
    with pytest.raises(InputError, match=f"in use by process {os.getpid()}"):
        take_lock(tmp_path)


@pytest.mark.parametrize(
    "change",
    [{"started": 1}, {"boot": "another"}, {"pid": 2**22 + 1}, {"started": None}, {"pid": "1"},
     {"pid": -1}, {"pid": 1e400}, {"started": 1e400}],
    ids=str,
)  # fmt: skip
def test_a_lock_of_another_process_or_boot_is_taken_over(tmp_path, own, change):
    (tmp_path / "lock").write_text(json.dumps({**own, **change}))
    take_lock(tmp_path).release()


def test_a_file_that_a_process_holds_locked_is_respected_whatever_it_says(tmp_path, holder):
    with (tmp_path / "job/lock").open("r+") as file:
        file.write(json.dumps({"pid": 1, "started": 1, "host": socket.gethostname(), "boot": ""}))
        file.truncate()
    with pytest.raises(InputError, match="in use"):
        take_lock(tmp_path / "job")


def test_a_lock_of_another_machine_is_respected(tmp_path):
    write_json(tmp_path / "lock", {"pid": 1, "started": 1, "host": "elsewhere", "boot": ""})
    with pytest.raises(InputError, match="on elsewhere"):
        take_lock(tmp_path)


def test_a_half_written_lock_of_a_killed_process_is_taken_over(tmp_path):
    (tmp_path / "lock").write_text('{"pid"')
    take_lock(tmp_path).release()


def test_what_is_no_file_in_place_of_a_lock_is_told_or_removed(tmp_path):
    os.mkfifo(tmp_path / "lock")
    take_lock(tmp_path).release()
    (tmp_path / "lock").symlink_to("/dev/zero")
    take_lock(tmp_path).release()
    (tmp_path / "lock").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        take_lock(tmp_path)
