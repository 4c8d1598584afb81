"""Work for executors: functions that processes and workers can import."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from critasser.errors import InputError


def walk(*, grid, rng, steps, progress):
    """A random walk in a grid: the same for the same random numbers, whoever takes it."""
    place, total = np.zeros(3), 0.0
    for step in range(steps):
        place += rng.normal(size=3)
        total += grid[tuple(np.abs(place.astype(int)) % grid.shape[0])]
        progress(step / steps, "walking")
    return place, total


def slow(*, number, seconds, marks, progress, **_given):
    """Sleeps; leaves a file named for its process as it begins, and one when it was told to stop.
    """
    marks = Path(marks)
    (marks / f"begun-{number}-{os.getpid()}").touch()
    end = time.monotonic() + seconds
    try:
        while (left := end - time.monotonic()) > 0:
            progress(1.0 - left / seconds, "sleeping")
            time.sleep(0.05)
    except BaseException:
        (marks / f"stopped-{number}").touch()
        raise
    (marks / f"ended-{number}").touch()
    return number, os.getpid()


def wait_for_a_child(*, number, marks, progress):
    """Waits for a process of its own, a file named for that, and ends it whatever happens."""
    child = subprocess.Popen(
        [sys.executable, "-c", "import signal, sys, time\n"
         "if signal.getsignal(signal.SIGINT) is signal.default_int_handler:\n"
         "    open(sys.argv[1], 'w').close()\n"
         "time.sleep(60)", str(Path(marks) / "listens")]
    )  # fmt: skip
    try:
        (Path(marks) / f"begun-{number}-{child.pid}").touch()
        child.wait()
    finally:
        child.kill()
        child.wait()


def refuse(*, number, progress):
    """Refuses the odd numbers."""
    if number % 2:
        raise InputError(f"number {number} is odd")
    return number
