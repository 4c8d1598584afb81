"""The peak of a process is its own."""

import subprocess
import sys

import numpy as np

from critasser.job.memory import peak_memory

LARGE = 400 * 2**20


def test_what_the_starting_process_holds_is_not_counted():
    held = np.ones(LARGE // 8)
    assert peak_memory() > LARGE
    command = "from critasser.job.memory import peak_memory; print(peak_memory())"
    told = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True)
    assert 0 < int(told.stdout) < LARGE
    assert held.sum() == LARGE // 8


def test_what_is_held_for_a_while_is_counted():
    before = peak_memory()
    assert np.ones(before // 8 + LARGE // 8).sum() > 0
    assert peak_memory() >= before + LARGE // 2
