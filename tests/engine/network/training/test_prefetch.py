"""Batches made ahead by threads and by processes."""

import os
import subprocess
import sys

import psutil
import pytest
import torch

from critasser.network.training.prefetch import Ahead, workers_beside


def doubling(more):
    return lambda number: 2 * number + more


def failing():
    def make(number):
        if number == 2:
            raise ValueError("no such crop")
        return number

    return make


@pytest.mark.parametrize("processes", [False, True])
def test_results_come_in_order_from_the_first_number(processes):
    ahead = Ahead(doubling, (1,), workers=2, processes=processes, first=3)
    try:
        assert [ahead.next() for _ in range(8)] == [7, 9, 11, 13, 15, 17, 19, 21]
        assert ahead.speed > 0
    finally:
        ahead.close()


@pytest.mark.parametrize("processes", [False, True])
def test_an_error_in_a_worker_reaches_who_waits(processes):
    ahead = Ahead(failing, (), workers=1, processes=processes)
    try:
        assert [ahead.next(), ahead.next()] == [0, 1]
        with pytest.raises(ValueError, match="no such crop"):
            ahead.next()
    finally:
        ahead.close()


def test_processors_make_batches_in_one_thread():
    assert workers_beside(torch.device("cpu")) == 1


def test_processes_end_with_the_one_that_is_killed(tmp_path):
    script = tmp_path / "training.py"
    script.write_text(
        "import sys, time\n"
        "from critasser.network.training.prefetch import Ahead\n"
        "def build():\n"
        "    return abs\n"
        "if __name__ == '__main__':\n"
        "    ahead = Ahead(build, (), workers=2, processes=True)\n"
        "    print(ahead.next(), flush=True)\n"
        "    time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, env=os.environ)
    assert parent.stdout.readline() == b"0\n"
    workers = psutil.Process(parent.pid).children(recursive=True)
    assert len(workers) >= 2
    parent.kill()
    parent.wait()
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive
