"""Work in a thread as a ChimeraX task that talks in the main thread."""

from __future__ import annotations

import datetime
import queue
import threading
import traceback
from collections.abc import Callable
from typing import Any

from chimerax.core.errors import UserError
from chimerax.core.tasks import Job, TaskState

from .messages import state_word

__all__ = ["BackgroundWork", "Stopped", "works_of"]

_LOOK = 0.2


def works_of(session) -> list[BackgroundWork]:
    """Installations and the like of this session."""
    return [task for task in session.tasks.list() if isinstance(task, BackgroundWork)]


class Stopped(Exception):  # noqa: N818, it is no error
    """The person has asked to stop."""


class BackgroundWork(Job):
    """A task that is not an engine.

    Subclasses say what to do in `work`, in the thread, and use `in_main` for whatever touches
    log, settings or models. A UserError or Stopped that leaves `work` is how it ended.

    Parameters
    ----------
    session : chimerax.core.session.Session
    name : str
        For people.
    """

    SESSION_ENDURING = True
    SESSION_SAVE = False

    def __init__(self, session, name: str) -> None:
        super().__init__(session)
        self.name = name
        self.outcome = "running"
        self.reason = ""
        self._queue: queue.SimpleQueue[tuple[Callable, tuple]] = queue.SimpleQueue()
        self._ready = threading.Event()
        self._over = threading.Event()
        self._stop = threading.Event()
        self._awaited = False

    def __str__(self) -> str:
        return f"critasser {self.name}, ID {self.id}"

    def work(self) -> None:
        """Do it; in a thread."""
        raise NotImplementedError

    def in_main(self, function: Callable, *arguments: Any) -> None:
        """Have a function called in the main thread, soon and in order."""
        self._queue.put((function, arguments))
        session = self.session
        if not self._awaited and session is not None and session.ui.is_gui:
            session.ui.thread_safe(self.deliver)

    def stopped(self) -> bool:
        """Whether the person has asked to stop."""
        return self._stop.is_set()

    # As for a build: Task marks a task as running only after its thread has begun, so that one
    # which ends at once would look running for ever.

    def start(self, *args, **keywords) -> None:
        """Begin."""
        super().start(*args, **keywords)
        self._ready.set()

    def run(self) -> None:
        """Work to the end, whatever comes; in a thread of its own."""
        self._ready.wait()
        try:
            self.work()
            outcome = "finished"
        except Stopped:
            outcome = "cancelled"
        except UserError as error:
            outcome, self.reason = "failed", str(error)
            self.in_main(self._log, "error", f"critasser {self.name}: {error}")
        except Exception as error:
            outcome, self.reason = "failed", f"{type(error).__name__}: {error}"
            text = f"critasser {self.name} failed\n{traceback.format_exc()}"
            self.in_main(self._log, "bug", text)
        if outcome == "cancelled":
            self.in_main(self._log, "info", f"critasser {self.name} was stopped")
        self.end_time = datetime.datetime.now()
        self.in_main(self._log, "status", f"critasser {self.name}: {state_word(outcome)}")
        self.outcome = outcome
        self._over.set()

    def running(self) -> bool:
        """Whether it is at work."""
        return not self._over.is_set()

    def terminate(self) -> None:
        """Ask it to stop; the task is over when it has."""
        if self._over.is_set():
            return
        self._stop.set()
        if self._terminate is not None:
            self._terminate.set()
        self.state = TaskState.TERMINATING

    def exited_normally(self) -> bool:
        """Whether it came to its end."""
        return self.outcome == "finished"

    def on_finish(self) -> None:
        """Called by the base class when the thread is over: it knows no failure."""
        if self.outcome == "failed" and self.state != TaskState.FAILED:
            self.state = TaskState.FAILED

    def deliver(self) -> None:
        """Call what waits to be called; in the main thread."""
        while True:
            try:
                function, arguments = self._queue.get_nowait()
            except queue.Empty:
                return
            try:
                function(*arguments)
            except UserError as error:
                self.session.logger.error(f"critasser {self.name}: {error}")
            except Exception:  # what comes after it is to be told all the same
                self.session.logger.bug(f"critasser {self.name}\n{traceback.format_exc()}")

    def wait(self) -> None:
        """Block until it is over; in the main thread.

        Raises
        ------
        UserError
            It failed.
        """
        self._awaited = True
        thread = self._thread
        try:
            while not self._over.wait(_LOOK):
                self.deliver()
                if self.session.ui.is_gui:
                    self.session.update_loop.update_graphics_now()
        except KeyboardInterrupt:
            self.terminate()
            self._over.wait(15)
            raise
        if thread is not None:
            thread.join(timeout=10)
        self.on_finish()
        self.deliver()
        if self.outcome == "failed":
            raise UserError(f"critasser {self.name} failed, see above")

    def _log(self, level: str, text: str) -> None:
        getattr(self.session.logger, level)(text)
