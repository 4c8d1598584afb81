"""A clock that stands still while the run waits for processors that others use.

How long threads stood ready and were not run tells the load of the machine at once, however many
threads a stage has and whether it waits for a GPU or a disk. Linux counts it for each thread, in
``/proc/self/task/*/schedstat``: nanoseconds that it ran, nanoseconds that it waited for a
processor, and how often it ran (`Documentation/scheduler/sched-stats.rst`). Other systems do not
count it; there it is the time that the process did not work at all, which is right for one thread
that computes. A process that hardly works, since it waits for a GPU, a disk or other processes,
tells nothing of the load, and what was seen before holds.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

__all__ = ["Instant", "UnloadedClock"]

THREADS = Path("/proc/self/task")
NANOSECONDS = 1e9
"""In a second."""

LEAST_WORK, LEAST_WORK_ELSEWHERE = 0.05, 0.5
"""Of the time, what the process works or is known to wait for a processor, from which on that tells
of the load: by itself, and while others work for it and it only looks after them."""

MEMORY = 60.0
"""Seconds after which a load counts for a third as much as the present one."""

NO_LOAD = 1.0
"""Seconds without load that are taken to have gone before."""


class Instant(NamedTuple):
    """A moment of a run.

    Attributes
    ----------
    wall : float
        Seconds of a clock that does not go back.
    unloaded : float
        Seconds of the same clock without those that went by waiting for a processor.
    """

    wall: float
    unloaded: float


class UnloadedClock:
    """Tells `Instant` after `Instant` of this process.

    Parameters
    ----------
    wall, worked : callable
        Seconds since some moment, and seconds of processors used by the process.
    threads : Path
        Folder with a file ``schedstat`` in a folder for each thread.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.monotonic,
        worked: Callable[[], float] = time.process_time,
        threads: Path = THREADS,
    ) -> None:
        self._wall, self._worked, self._threads = wall, worked, threads
        self._seen: dict[str, tuple[float, float]] = self._counts()
        self._at = wall()
        self._used = worked()
        self._unloaded = 0.0
        self._lately = Instant(NO_LOAD, NO_LOAD)

    def __call__(self, *, elsewhere: bool = False) -> Instant:
        """The present moment.

        Parameters
        ----------
        elsewhere : bool
            Other processes did the work since the last call.
        """
        wall, used, counts = self._wall(), self._worked(), self._counts()
        passed = wall - self._at
        if counts:
            ran, waited = (
                sum(max(now[k] - self._seen.get(name, (0.0, 0.0))[k], 0.0)
                    for name, now in counts.items())
                for k in (0, 1)
            )  # fmt: skip
            # What ran and waited side by side went by in as much less time.
            share = ran / (ran + waited) if ran + waited > 0 else 0.0
        else:
            ran, waited = used - self._used, 0.0
            share = min(ran / passed, 1.0) if passed > 0 else 0.0
        if ran + waited > passed * (LEAST_WORK_ELSEWHERE if elsewhere else LEAST_WORK):
            fades = math.exp(-passed / MEMORY)
            self._lately = Instant(
                fades * self._lately.wall + passed, fades * self._lately.unloaded + passed * share
            )
        else:
            share = self._lately.unloaded / self._lately.wall
        self._unloaded += passed * share
        self._seen, self._at, self._used = counts, wall, used
        return Instant(wall, self._unloaded)

    def _counts(self) -> dict[str, tuple[float, float]]:
        """Seconds that each thread ran and waited so far, by its name; empty where none is told."""
        counts: dict[str, tuple[float, float]] = {}
        try:
            names = os.listdir(self._threads)
        except OSError:
            return counts
        for name in names:
            try:
                ran, waited, *_ = (self._threads / name / "schedstat").read_text().split()
                counts[name] = int(ran) / NANOSECONDS, int(waited) / NANOSECONDS
            except (OSError, ValueError):
                continue  # it ended meanwhile, or the kernel does not count
        return counts
