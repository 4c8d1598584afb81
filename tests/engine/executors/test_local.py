"""Processes of this machine do the same as this one, and none is left behind."""

import os
import signal
import subprocess
import sys
import time
from copy import deepcopy

import psutil
import pytest

from critasser.errors import Cancelled, InputError
from critasser.executors import LocalExecutor
from tests.engine.executors.conftest import ROOT, wait_for
from tests.engine.executors.pieces_of_work import refuse, slow, walk


def same(one, other) -> bool:
    return [(p.tobytes(), t) for p, t in one] == [(p.tobytes(), t) for p, t in other]


def naps(numbers, seconds, folder) -> list[dict]:
    """Items of `slow`."""
    return [{"number": number, "seconds": seconds, "marks": str(folder)} for number in numbers]


def numbers(*given: int) -> list[dict]:
    """Items of `refuse`."""
    return [{"number": number} for number in given]


def results(executor, walks) -> list:
    items, shared = deepcopy(walks)
    return [done.result for done in executor.map(walk, items, shared=shared, seconds=9.0)]


def test_any_number_of_processes_gives_the_same_to_the_last_bit(walks):
    assert LocalExecutor(1).at_once(6, 9.0) == 1
    assert LocalExecutor(3).at_once(6, 9.0) == 3
    alone = results(LocalExecutor(1), walks)
    assert len({total for _, total in alone}) == len(alone)
    assert same(results(LocalExecutor(3), walks), alone)


def test_short_work_and_single_items_need_no_process():
    assert LocalExecutor(8).at_once(8, 0.5) == 1
    assert LocalExecutor(8).at_once(1, 100.0) == 1
    assert LocalExecutor(8).at_once(5, 100.0) == 5
    assert LocalExecutor(2).at_once(5, 100.0) == 2


def test_processes_that_memory_has_no_room_for_are_not_started(walks, monkeypatch):
    class Full:
        available = 1e9

    monkeypatch.setattr(psutil, "virtual_memory", Full)
    monkeypatch.setattr(subprocess, "Popen", None)
    assert same(results(LocalExecutor(3), walks), results(LocalExecutor(1), walks))


def test_progress_tells_of_all_items_and_stopping_ends_their_processes(tmp_path):
    told = []

    def progress(fraction, message):
        told.append((fraction, message))
        if fraction > 0.0 and len(list(tmp_path.glob("begun-*"))) == 2:
            raise Cancelled("enough")

    items = naps(range(3), 60.0, tmp_path)
    begun = time.monotonic()
    with pytest.raises(Cancelled, match="enough"):
        list(LocalExecutor(2, worthwhile=0.0).map(slow, items, progress=progress))
    assert time.monotonic() - begun < 30.0
    assert told[0] == (0.0, "0 of 3 done, 2 at work")
    assert 0.0 < told[-1][0] < 0.1
    gone = [int(path.name.split("-")[2]) for path in tmp_path.glob("begun-*")]
    assert len(gone) == 2
    assert not any(map(psutil.pid_exists, gone))


def waits(many, folder) -> list[dict]:
    """Items of `wait_for_a_child`."""
    return [{"number": number, "marks": str(folder)} for number in range(many)]


@pytest.mark.skipif(os.name == "nt", reason="processes of Windows cannot be asked to end")
@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_what_an_item_has_started_itself_is_ended_too_and_could_be_by_ctrl_c(tmp_path, how):
    script = tmp_path / "script.py"
    script.write_text(
        "import signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from critasser.executors import LocalExecutor\n"
        "from tests.engine.executors.pieces_of_work import wait_for_a_child\n"
        "from tests.engine.executors.test_local import waits\n"
        f"items = waits(2, {str(tmp_path)!r})\n"
        "list(LocalExecutor(2, worthwhile=0.0).map(wait_for_a_child, items))\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(script)], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    begun = wait_for(lambda: len(found := list(tmp_path.glob("begun-*"))) == 2 and found)
    wait_for(lambda: (tmp_path / "listens").exists())
    process.send_signal(signal.SIGINT if how == "stopped" else signal.SIGKILL)
    process.wait(10.0)
    children = [int(path.name.split("-")[2]) for path in begun]
    wait_for(lambda: not any(map(psutil.pid_exists, children)), 10.0)


def test_what_an_item_refuses_is_refused_once_all_before_it_are_given():
    given = []
    with pytest.raises(InputError, match="number 3 is odd"):
        for done in LocalExecutor(2, worthwhile=0.0).map(refuse, numbers(0, 2, 3, 4)):
            given.append(done.result)
    assert given == [0, 2]


def test_a_process_that_is_killed_costs_no_result(tmp_path):
    lines = []
    items = naps(range(3), 1.0, tmp_path)

    def progress(fraction, message):
        begun = sorted(tmp_path.glob("begun-*"))
        if len(begun) == 2 and not lines:
            lines.append("killed")
            os.kill(int(begun[1].name.split("-")[2]), signal.SIGKILL)

    executor = LocalExecutor(2, worthwhile=0.0)
    done = list(executor.map(slow, items, progress=progress, tell=lines.append))
    assert [one.result[0] for one in done] == [0, 1, 2]
    assert done[-1].result[1] == os.getpid()
    assert "ended from outside" in lines[1]


def test_a_process_that_ends_before_it_was_given_anything_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr("critasser.executors.local.START", "raise SystemExit")
    started, lines = [], []

    class Remembered(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Remembered)
    executor = LocalExecutor(2, worthwhile=0.0)
    # More than a pipe holds, so that the end is noticed while it is sent.
    shared = {"given": bytes(2**20)}
    done = list(executor.map(slow, naps(range(2), 0.1, tmp_path), shared=shared, tell=lines.append))
    assert [one.result for one in done] == [(0, os.getpid()), (1, os.getpid())]
    assert "ended from outside" in lines[0]
    assert len(started) == 1 and started[0].returncode is not None


def test_processes_end_when_the_one_that_started_them_is_killed(tmp_path):
    script = tmp_path / "script.py"
    # No guard, as people write scripts: they are not run again in each process.
    script.write_text(
        "from critasser.executors import LocalExecutor\n"
        "from tests.engine.executors.pieces_of_work import slow\n"
        "from tests.engine.executors.test_local import naps\n"
        f"items = naps(range(2), 60.0, {str(tmp_path)!r})\n"
        "list(LocalExecutor(2, worthwhile=0.0).map(slow, items))\n"
    )
    process = subprocess.Popen([sys.executable, str(script)], cwd=ROOT)
    begun = wait_for(lambda: len(found := list(tmp_path.glob("begun-*"))) == 2 and found)
    process.kill()
    process.wait()
    started = [int(path.name.split("-")[2]) for path in begun]
    wait_for(lambda: not any(map(psutil.pid_exists, started)), 10.0)
