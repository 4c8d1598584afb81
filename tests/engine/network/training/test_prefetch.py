"""Batches made ahead by threads and by processes."""

import os
import subprocess
import sys

import psutil
import pytest
import torch

from critasser.network.training.prefetch import Prefetcher, default_workers


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
    prefetcher = Prefetcher(doubling, (1,), workers=2, processes=processes, first=3)
    try:
        assert [prefetcher.next() for _ in range(8)] == [7, 9, 11, 13, 15, 17, 19, 21]
        assert prefetcher.speed > 0
    finally:
        prefetcher.close()


@pytest.mark.parametrize("processes", [False, True])
def test_an_error_in_a_worker_reaches_who_waits(processes):
    prefetcher = Prefetcher(failing, (), workers=1, processes=processes)
    try:
        assert [prefetcher.next(), prefetcher.next()] == [0, 1]
        with pytest.raises(ValueError, match="no such crop"):
            prefetcher.next()
    finally:
        prefetcher.close()


def test_processors_make_batches_in_one_thread():
    assert default_workers(torch.device("cpu")) == 1


def test_processes_end_with_the_one_that_is_killed(tmp_path):
    script = tmp_path / "training.py"
    script.write_text(
        "import sys, time\n"
        "from critasser.network.training.prefetch import Prefetcher\n"
        "def build():\n"
        "    return abs\n"
        "if __name__ == '__main__':\n"
        "    prefetcher = Prefetcher(build, (), workers=2, processes=True)\n"
        "    print(prefetcher.next(), flush=True)\n"
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
