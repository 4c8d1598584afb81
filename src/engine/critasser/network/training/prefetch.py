"""Make batches ahead of their use: by a thread on processors, by processes beside a GPU.

Beside a GPU a batch costs the host most: the geometry of chains and thousands of small operations
to start. Threads would take turns at that; processes, each with its own context on the device, do
not.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

import torch

__all__ = ["Prefetcher", "default_workers"]

Made = TypeVar("Made")
Build = Callable[..., Callable[[int], Any]]

MOST_WORKERS = 8
"""More wait for the device."""

_make: Callable[[int], Any] | None = None
"""Makes the batches of this process, where it is one of `Prefetcher`'s."""


def default_workers(device: torch.device) -> int:
    """How many make batches unless told: on a GPU, half the processors, 8 at most."""
    return 1 if device.type == "cpu" else min(MOST_WORKERS, max(1, (os.cpu_count() or 2) // 2))


def _end_with_parent() -> None:
    multiprocessing.connection.wait([multiprocessing.parent_process().sentinel])
    os._exit(0)


def _prepare(build: Build, arguments: Sequence[Any]) -> None:
    global _make
    # The parent decides when this process ends, also when the parent is killed.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(1)
    _make = build(*arguments)


def _made(number: int) -> tuple[Any, float]:
    begun = time.perf_counter()
    made = _make(number)
    return made, time.perf_counter() - begun


class Prefetcher(Generic[Made]):
    """``build(*arguments)(number)`` for the numbers from `first` on, in order.

    Parameters
    ----------
    build, arguments
        What makes a maker of batches. Where processes are used all of these are sent to them, and
        what the maker returns is sent back: arrays of numpy, not tensors.
    workers
        Threads or processes.
    processes
        Whether they are processes.
    first
        The first number.
    """

    def __init__(
        self,
        build: Build,
        arguments: Sequence[Any],
        *,
        workers: int,
        processes: bool,
        first: int = 0,
    ) -> None:
        self.workers, self.made, self.busy = workers, 0, 0.0
        self._pool: Executor
        if processes:
            self._pool = ProcessPoolExecutor(
                workers, multiprocessing.get_context("spawn"), _prepare, (build, arguments)
            )
            self._work = _made
        else:
            self._pool = ThreadPoolExecutor(workers, thread_name_prefix="prefetch")
            maker = build(*arguments)

            def work(number: int) -> tuple[Any, float]:
                begun = time.perf_counter()
                made = maker(number)
                return made, time.perf_counter() - begun

            self._work = work
        self._number = first
        self._waiting: deque[Future] = deque(self._submit() for _ in range(2 * workers + 2))

    def _submit(self) -> Future:
        self._number += 1
        return self._pool.submit(self._work, self._number - 1)

    def next(self) -> Made:
        """The next one; waits for it."""
        self._waiting.append(self._submit())
        made, seconds = self._waiting.popleft().result()
        self.made += 1
        self.busy += seconds
        return made

    @property
    def speed(self) -> float:
        """How many a second are made where nobody is held up."""
        return self.made / self.busy * self.workers if self.busy else 0.0

    def close(self) -> None:
        """Stop the workers."""
        self._pool.shutdown(cancel_futures=True)
