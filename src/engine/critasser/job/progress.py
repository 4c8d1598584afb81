"""How a run tells where it stands, and how a person stops it.

A line of `progress.jsonl` is one JSON object:

================ ==========================================================================
``time``          seconds since 1970
``state``         ``running``, then once ``finished``, ``cancelled`` or ``failed``
``stage``         name of the stage
``fraction``      of the whole run, 0 to 1
``stage_fraction`` of the stage, 0 to 1
``message``       one line for a person
``remaining``     seconds that the rest is expected to take, or null
``artifact``      only when a file is ready: its path relative to the job folder
``kind``          only with ``artifact``: map, calpha, traces, templates, calpha_models,
                  models, table or report
``numbers``       only where a stage has some to be plotted: an object of numbers by name, such
                  as ``cycle``, ``lowest_energy`` and ``mean_energy`` in the assembly
``expected``      only in the first line of a run: an object of the seconds that each stage is
                  expected to take, in the order of the stages
================ ==========================================================================

A run that was killed may leave half a line behind; a reader skips what it cannot parse.
"""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from critasser.errors import Cancelled
from critasser.job.records import append_text, as_json, opened_regular
from critasser.job.time_left import TimeLeft
from critasser.job.unloaded_clock import UnloadedClock
from critasser.text import printable

__all__ = ["CancelWatch", "Event", "Progress"]

Listener = Callable[["Event"], None]

_SHORTEST_INTERVAL = 0.3
"""Seconds between two lines of the same stage, and between two looks for the cancel file."""

_GRACE = 1.2
"""Seconds that the running stage has to notice a cancel before the process is ended under it."""


SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""What asks a run to stop: Ctrl-C, a batch system, a terminal that is closed."""


@dataclass(frozen=True)
class Event:
    """One line of `progress.jsonl`."""

    time: float
    state: str
    stage: str
    fraction: float
    stage_fraction: float
    message: str
    remaining: float | None
    artifact: str | None = None
    kind: str | None = None
    numbers: Mapping[str, float] | None = None
    expected: Mapping[str, float] | None = None

    def as_json(self) -> str:
        """One line, without the keys that say nothing."""
        record = {
            key: value
            for key, value in asdict(self).items()
            if value is not None or key == "remaining"
        }
        for key in ("time", "fraction", "stage_fraction", "remaining"):
            if record[key] is not None:
                record[key] = round(record[key], 4)
        for key in ("numbers", "expected"):
            if key in record:
                record[key] = {name: round(number, 4) for name, number in record[key].items()}
        return as_json(record)


class Progress:
    """Fractions, time left and artifacts of a run, written to a file and told to listeners.

    Parameters
    ----------
    path : Path
        `progress.jsonl`; lines are appended.
    expected : mapping of str to float
        Seconds that each stage is expected to take, in the order in which they run; see
        `TimeLeft`.
    cancelled : callable
        Whether the run is to stop; asked at most every 0.3 s.
    listeners : sequence of callable
        Each is given every `Event`.
    """

    def __init__(
        self,
        path: Path,
        expected: Mapping[str, float],
        cancelled: Callable[[], bool] = lambda: False,
        listeners: tuple[Listener, ...] = (),
    ) -> None:
        self._path = path
        self._time_left = TimeLeft(expected)
        self._clock = UnloadedClock()
        self._cancelled = cancelled
        self._listeners = listeners
        self._stage = ""
        self._share = (0.0, 1.0)
        self._elsewhere = False
        self._last: Event | None = None
        self._last_look = 0.0
        self._numbers: dict[str, float] = {}
        self._mend_last_line()

    def _mend_last_line(self) -> None:
        with opened_regular(self._path) as file:
            if file is None or not os.fstat(file.fileno()).st_size:
                return
            file.seek(-1, os.SEEK_END)
            whole = file.read(1) == b"\n"
        if not whole:
            append_text(self._path, "\n")

    @property
    def stage(self) -> str:
        """Name of the stage that runs."""
        return self._stage

    def expect(self, stage: str, seconds: float) -> None:
        """Expect another time of a stage that is still to come than at first."""
        self._time_left.expect(stage, seconds)

    def begin(self, stage: str, part: int = 0, parts: int = 1) -> None:
        """A stage starts, or one of its equal parts."""
        if part == 0 or stage != self._stage:
            self._stage = stage
            self._time_left.begin(stage, self._clock())
        self._share = (part / parts, 1.0 / parts)
        self._numbers = {}
        self._tell(0.0, "starts" if parts == 1 else f"part {part + 1} of {parts} starts")

    def end(self, *, restored: bool = False, message: str = "done") -> None:
        """The stage, or its part, is over; `restored` when it was found done already."""
        self._tell(1.0, message)
        if self._share[0] + self._share[1] < 1 - 1e-9:
            return
        self._time_left.end(self._clock(), restored=restored)

    def __call__(self, fraction: float, message: str = "") -> None:
        """What stages call: fraction 0..1 of the stage; raises `Cancelled` when asked to stop."""
        now = time.monotonic()
        if now - self._last_look < _SHORTEST_INTERVAL:
            return
        self._last_look = now
        self.check()
        self._tell(min(max(float(fraction), 0.0), 1.0), message)

    def of_stage(self, fraction: float, message: str = "") -> None:
        """As a call, with the fraction of the whole stage, where other processes do parts of it at
        a time; this one's clock then tells little of the load."""
        part, self._share, self._elsewhere = self._share, (0.0, 1.0), True
        try:
            self(fraction, message)
        finally:
            self._share, self._elsewhere = part, False

    def measure(self, **numbers: float) -> None:
        """Numbers to be plotted; they travel with the next line, later ones in place of earlier."""
        self._numbers.update(
            {name: float(number) for name, number in numbers.items() if math.isfinite(number)}
        )

    def check(self) -> None:
        """Raise `Cancelled` when the person asked to stop."""
        if self._cancelled():
            raise Cancelled("stopped on request")

    def artifact(self, path: str, kind: str, message: str) -> None:
        """A file is ready to be shown."""
        fraction = self._last.stage_fraction if self._last else 0.0
        self._emit("running", fraction, message, path, kind)

    def close(self, state: str, message: str) -> None:
        """The last line of a run: finished, cancelled or failed."""
        self._emit(state, 1.0 if state == "finished" else None, message)

    def _tell(self, fraction_of_part: float, message: str) -> None:
        start, width = self._share
        fraction = start + width * fraction_of_part
        if self._last is not None and self._last.stage == self._stage:
            # Stages that repeat a step may tell less than before; a bar does not go back.
            fraction = max(fraction, self._last.stage_fraction)
        self._emit("running", fraction, message)

    def _emit(
        self,
        state: str,
        stage_fraction: float | None,
        message: str,
        artifact: str | None = None,
        kind: str | None = None,
    ) -> None:
        if stage_fraction is None:
            stage_fraction = self._last.stage_fraction if self._last else 0.0
        fraction = self._time_left.share_done(stage_fraction)
        if self._last is not None:
            # Expectations change on the way; a bar does not go back.
            fraction = max(fraction, self._last.fraction)
        now = self._clock(elsewhere=self._elsewhere)
        remaining = self._time_left.remaining(stage_fraction, now)
        event = Event(
            time=time.time(),
            state=state,
            stage=self._stage,
            fraction=1.0 if state == "finished" else fraction,
            stage_fraction=stage_fraction,
            message=printable(message),
            remaining=remaining if state == "running" else None,
            artifact=artifact,
            kind=kind,
            numbers=self._numbers or None,
            expected=dict(self._time_left.expected) if self._last is None else None,
        )
        self._numbers = {}
        self._last = event
        append_text(self._path, event.as_json() + "\n")
        for listener in self._listeners:
            listener(event)


class CancelWatch:
    """Notices a request to stop: the cancel file, or one of `SIGNALS`.

    The signal handlers and a thread only raise a flag, which the running stage meets at its next
    progress call. When the stage sits in a long call outside Python and does not look for 1.2 s,
    the thread ends the process itself: finished stages are whole by construction.

    Parameters
    ----------
    cancel_file : Path
    last_words : callable or None
        Called before the process is ended from the thread; None never ends it.
    """

    def __init__(self, cancel_file: Path, last_words: Callable[[], None] | None = None) -> None:
        self._file = cancel_file
        self._last_words = last_words
        self._requested = threading.Event()
        self._over = threading.Event()
        self._watched: tuple[int, ...] = ()

    def __call__(self) -> bool:
        """Whether the run is to stop."""
        return self._requested.is_set() or self._file.exists()

    @contextlib.contextmanager
    def watching(self) -> Iterator[CancelWatch]:
        """Watch for the length of a ``with`` block; signals only when in the main thread."""
        reader, writer = socket.socketpair()
        reader.setblocking(False)
        writer.setblocking(False)
        restore: list[tuple[int, Any]] = []
        previous_wakeup = -1
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                # Who starts a program by nohup wants it to outlive the terminal.
                if signal.getsignal(number) != signal.SIG_IGN:
                    restore.append((number, signal.signal(number, self._handle)))
            self._watched = tuple(number for number, _ in restore)
            # The C handler writes here even while the main thread is inside a long C call.
            previous_wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        thread = threading.Thread(target=self._watch, args=(reader,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            writer.send(b"\0")  # wakes the thread
            if restore:
                signal.set_wakeup_fd(previous_wakeup)
            for number, handler in restore:
                signal.signal(number, handler)
            thread.join(timeout=2 * _SHORTEST_INTERVAL)
            reader.close()
            writer.close()

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self._requested.set()

    def _watch(self, reader: socket.socket) -> None:
        since: float | None = None
        while not self._over.is_set():
            ready, _, _ = select.select([reader], [], [], _SHORTEST_INTERVAL)
            if ready and set(self._watched) & set(reader.recv(64)):
                self._requested.set()
            if not self():
                continue
            self._requested.set()
            since = since or time.monotonic()
            if self._last_words and time.monotonic() - since > _GRACE and not self._over.is_set():
                self._last_words()
                os._exit(130)
