"""Processes of this machine."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from typing import Any

import psutil

from critasser.executors.executor import NONE, Arguments, Done, Told, Work, done_here, tally
from critasser.executors.process import GRACE

__all__ = ["LocalExecutor", "processors"]

WORTHWHILE = 5.0
"""Seconds of an item from which on processes are started for it: each takes two to three seconds of
processor time to load libraries and kernels."""

PROCESS_BYTES = 0.6e9
"""Of memory that a process takes besides what it is given. Measured with the atoms of 80 residues:
0.49."""

COPIES = 10
"""Times what it is given that a process takes. Measured with atoms in a box of 260³ voxels: 10.4.
"""

USABLE_MEMORY = 0.8
"""Share of the free memory that processes may take."""

POLL = 0.2
"""Seconds between looks whether to stop."""

START = "import sys; sys.path[:] = {path!r}; from critasser.executors.process import main; main()"
"""Python of a process. Multiprocessing would run the person's script again in each."""


class LocalExecutor:
    """Does items in processes of this machine, as many as it has processors and memory for.

    Parameters
    ----------
    most : int, optional
        Processes at most; as many as this process may use processors without it.
    worthwhile : float, optional
        Seconds of an item from which on processes are started; `WORTHWHILE` without it.
    """

    def __init__(self, most: int | None = None, *, worthwhile: float | None = None) -> None:
        self.most = most or processors()
        self.worthwhile = WORTHWHILE if worthwhile is None else worthwhile

    def at_once(self, count: int, seconds: float) -> int:
        """See `Executor`."""
        return max(1, min(count, self.most)) if seconds >= self.worthwhile else 1

    def map(
        self,
        work: Work,
        items: Sequence[Arguments],
        *,
        shared: Arguments = NONE,
        seconds: float = 0.0,
        progress: Told | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> Generator[Done]:
        """See `Executor`."""
        many = self.at_once(len(items), seconds)
        packed = b""
        if many > 1:
            packed = pickle.dumps(dict(shared), pickle.HIGHEST_PROTOCOL)
            many = min(many, _room(len(packed)))
        given = 0
        if many > 1:
            try:
                for one in _in_processes(many, work, items, packed, progress):
                    given += 1
                    yield one
            except _LostError:
                if tell is not None:
                    tell(
                        "a process was ended from outside, most likely for want of memory; the "
                        "rest is done one after another"
                    )
        rest = _rest_of(progress, given, len(items))
        yield from done_here(work, items[given:], shared, rest)

    def close(self) -> None:
        """See `Executor`; processes end with each `map`."""


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _room(given: int) -> int:
    """Processes that the free memory has room for, each with so many bytes given."""
    free = USABLE_MEMORY * psutil.virtual_memory().available
    return int(free / (PROCESS_BYTES + COPIES * given))


def _rest_of(progress: Told | None, given: int, many: int) -> Told | None:
    """Progress of the last items, as part of that of all."""
    if progress is None:
        return None
    return lambda fraction, message: progress((given + fraction * (many - given)) / many, message)


class _LostError(Exception):
    """A process ended before its work did."""


class _Process:
    """One that does items, and puts what it says into a queue: itself, and a message or None."""

    def __init__(self, said: queue.SimpleQueue) -> None:
        self.number: int | None = None
        start = START.format(path=sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-c", start], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._listening = threading.Thread(target=self._listen, args=(said,), daemon=True)
        self._listening.start()

    def share(self, packed: bytes) -> None:
        """Tell it what all items have in common, before any of them."""
        self._send(packed)

    def give(self, number: int, work: Work, item: Arguments) -> None:
        """Let it do an item."""
        self.number = number
        self._send(pickle.dumps((work, item), pickle.HIGHEST_PROTOCOL))

    def _send(self, packed: bytes) -> None:
        try:
            pickle.dump(packed, self._process.stdin, pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()
        except OSError as error:
            raise _LostError from error

    def _listen(self, said: queue.SimpleQueue) -> None:
        try:
            while True:
                said.put((self, pickle.load(self._process.stdout)))
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            said.put((self, None))

    def stop(self) -> None:
        """Let it end what it has started, and itself."""
        self._process.terminate()

    def end(self, seconds: float) -> None:
        """See it end, killed if it takes longer than that."""
        try:
            self._process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listening.join()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()


def _in_processes(
    many: int, work: Work, items: Sequence[Arguments], packed: bytes, progress: Told | None
) -> Generator[Done]:
    said: queue.SimpleQueue[tuple[_Process, Any]] = queue.SimpleQueue()
    left = list(enumerate(items))[::-1]
    fractions = [0.0] * len(items)
    came: dict[int, Callable[[], Done]] = {}
    processes: list[_Process] = []
    try:
        for _ in range(many):
            processes.append(_Process(said))
            processes[-1].share(packed)
            number, item = left.pop()
            processes[-1].give(number, work, item)
        for number in range(len(items)):
            while number not in came:
                if progress is not None:
                    done = len(came)
                    progress(*tally(fractions, done, min(many, len(items) - done)))
                try:
                    process, message = said.get(timeout=POLL)
                except queue.Empty:
                    continue
                if message is None:
                    raise _LostError
                if isinstance(message, float):
                    fractions[process.number] = message
                    continue
                fractions[process.number] = 1.0
                came[process.number] = message
                if left:
                    following, item = left.pop()
                    process.give(following, work, item)
            yield came[number].get()
    finally:
        for process in processes:
            process.stop()
        latest = time.monotonic() + GRACE
        for process in processes:
            process.end(latest - time.monotonic())
