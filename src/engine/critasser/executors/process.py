"""A process of this machine that does items: what `LocalExecutor` starts.

It reads from standard input what all items share, then a function and an item, again and again, and
writes to standard output how far it is and what came out, all pickled by the process that started
it and for that one. SIGTERM, or the end of standard input, whatever happened to the one that
started it, is raised in the work, so that this can end processes of its own.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import threading
import time
import traceback
from dataclasses import dataclass
from types import FrameType
from typing import BinaryIO

from critasser.executors.executor import Done, timed

__all__ = ["GRACE", "Outcome", "main"]

INTERVAL = 0.3
"""Seconds between two messages of how far it is."""

GRACE = 2.0
"""Seconds in which work that is to stop can end what it has started itself."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of an item in another process.

    Attributes
    ----------
    done : Done or None
    error : BaseException or None
        What it raised.
    trace : str
        Where.
    """

    done: Done | None = None
    error: BaseException | None = None
    trace: str = ""

    def get(self) -> Done:
        """What came out, or the error raised again."""
        if self.error is not None:
            raise self.error from RuntimeError(f"in another process:\n{self.trace}")
        return self.done

    @classmethod
    def of(cls, error: BaseException) -> Outcome:
        """An error, or where it cannot be sent what it says."""
        trace = "".join(traceback.format_exception(error))
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            error = RuntimeError(f"{type(error).__name__}: {error}")
        return cls(error=error, trace=trace)


class _Stopped(BaseException):
    """Nobody wants the work any more."""


def main() -> None:
    """Do items until there are no more."""
    signal.signal(signal.SIGTERM, _stop)
    # Ctrl-C reaches all processes of a terminal; the first one decides what becomes of the others.
    # Not ignored, which processes that the work starts would inherit.
    signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        _work()
    except _Stopped:
        os._exit(0)


def _stop(number: int, frame: FrameType | None) -> None:
    raise _Stopped


def _work() -> None:
    given, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # what libraries print is for the log
    inbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(given, inbox), daemon=True).start()
    shared = pickle.loads(inbox.get())
    while True:
        last = 0.0

        def told(fraction: float, message: str = "") -> None:
            nonlocal last
            if time.monotonic() - last >= INTERVAL:
                last = time.monotonic()
                _send(answers, min(max(float(fraction), 0.0), 1.0))

        packed = inbox.get()
        try:
            work, item = pickle.loads(packed)
            outcome = Outcome(timed(work, shared, item, told))
        except _Stopped:
            raise
        except BaseException as error:
            outcome = Outcome.of(error)
        _send(answers, outcome)


def _listen(given: BinaryIO, inbox: queue.SimpleQueue) -> None:
    try:
        while True:
            inbox.put(pickle.load(given))
    except (EOFError, OSError, pickle.UnpicklingError):
        os.kill(os.getpid(), signal.SIGTERM)  # the main thread wakes up from it
        time.sleep(GRACE)
        os._exit(0)


def _send(answers: BinaryIO, message: float | Outcome) -> None:
    with contextlib.suppress(BrokenPipeError):  # standard input has ended too
        pickle.dump(message, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()
