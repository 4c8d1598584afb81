"""Run the engine of a job as a ChimeraX task.

A worker thread looks at the engine twice a second and queues what it finds. Everything that
touches models, log or status line is done by `deliver`, in the main thread: called through
`session.ui.thread_safe` when there is a GUI, or by `wait` when a command blocks.
"""

from __future__ import annotations

import contextlib
import datetime
import queue
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from chimerax.core.errors import UserError
from chimerax.core.tasks import Job, TaskState

from ..session.locks import worker
from ..session.messages import duration, state_word, tell
from ..session.processes import LoggedProcess, end_process
from ..session.settings import forget_job, remember_open
from ..session.turns import short_turns
from .failures import why_failed
from .folder import Event, ProgressReader, request_stop
from .queue import take_turn
from .request import keep_waiting, release, take_back
from .stage_titles import title_of
from .triggers import triggers
from .view import JobView
from .warnings import WarningReader

__all__ = ["EngineJob", "jobs_of"]

LOOK = 0.5
"""Seconds between two looks at the engine."""

PATIENCE = 5.0
"""Seconds that an engine has to stop by itself; again as many after SIGTERM, then it is killed."""

GONE = 60.0
"""Seconds for which a job's folder may be out of reach before its engine is given up."""

_CANCELLED = 130
"""Exit status of an engine that was asked to stop."""

def jobs_of(session) -> list[EngineJob]:
    """Jobs of this session, in the order of their numbers."""
    # A copy of the list, for threads ask too: `find_by_class` fails when a task comes meanwhile.
    jobs = [task for task in session.tasks.list() if isinstance(task, EngineJob)]
    return sorted(jobs, key=lambda job: job.id)


class EngineJob(Job):
    """A build, score, rebuild or fit, whose engine this ChimeraX starts or has found at work.

    `outcome` is ``queued``, ``running``, ``finished``, ``cancelled`` or ``failed``; `events` are
    all that have been shown so far, `last` is the latest of them.

    Parameters
    ----------
    session : chimerax.core.session.Session
    folder : Path
    name : str
        For people.
    view : JobView
        Shows what the job makes.
    process : LoggedProcess or None
        None for an engine that was started elsewhere, or is still to be started.
    skip : bool
        `progress.jsonl` holds lines of an earlier run.
    prepare : callable or None
        Writes what the engine needs, in the job's thread, before it waits for its turn; raises
        UserError where that is no good.
    launch : callable or None
        Starts the engine when the device is free: the job is queued.
    device : str
        ``gpu`` or ``cpu``.
    """

    # Closing a session takes the models away, not the work.
    SESSION_ENDURING = True
    SESSION_SAVE = False

    def __init__(
        self,
        session,
        folder: Path,
        name: str,
        view: JobView,
        process: LoggedProcess | None = None,
        *,
        skip: bool = False,
        prepare: Callable[[], None] | None = None,
        launch: Callable[[], LoggedProcess] | None = None,
        device: str = "cpu",
    ) -> None:
        self.folder = folder
        self.name = name
        self.last: Event | None = None
        self.events: list[Event] = []
        self.outcome = "running" if launch is None else "queued"
        self.device = device
        self.view = view
        self._prepare = prepare
        self._launch = launch
        self._process = process
        self._reader = ProgressReader(folder, skip=skip)
        self._warnings = WarningReader(folder, skip=skip)
        self._queue: queue.SimpleQueue[Event | str] = queue.SimpleQueue()
        self._ready = threading.Event()
        self._over = threading.Event()
        self._stop = threading.Event()
        self._ending = threading.Lock()
        self._posted = False
        self._awaited = False
        self._delivered = False
        self._crash = ""
        self._refused = ""
        self._said = ""
        self._status: int | None = None
        self._told = (0.0, "")
        # Only now: this makes the job known to others, who may ask it all that is above.
        super().__init__(session)

    def __str__(self) -> str:
        return f"critasser {self.name}, ID {self.id}"

    # Task's own `start` marks the task as running only after its thread has begun, so that one
    # which ends at once would look running for ever: the thread waits for `_ready`.

    def start(self, *args, **keywords) -> None:
        """Begin to watch, or to wait for the device."""
        super().start(*args, **keywords)
        if self.outcome == "queued":
            self.state = TaskState.QUEUED
        remember_open(self.session, str(self.folder), True)
        triggers(self.session).activate_trigger("job started", self)
        if self._prepare is not None and self.session.ui.is_gui:
            # When the command is over: until then the two would hold each other up.
            self.session.ui.thread_safe(self._ready.set)
        else:
            self._ready.set()

    def run(self) -> None:
        """Watch until the engine has ended; in a thread of its own."""
        self._ready.wait()
        try:
            if self._launch is None or (self._prepared() and self._wait_for_turn()):
                self._watch()
        except Exception:
            self._crash = traceback.format_exc()
        # Before the outcome is known: after that the job may be asked for again.
        if self._launch is not None and self._process is None and self._stop.is_set():
            take_back(self.folder)
        elif self._launch is not None or self._process is not None:
            release(self.folder)
        self._conclude()
        self.end_time = datetime.datetime.now()
        with self._ending:
            self._over.set()
        self._post()

    @property
    def stopping(self) -> bool:
        """Whether the person has asked it to stop."""
        return self._stop.is_set()

    @property
    def waits_for(self) -> str:
        """What a queued job waits for."""
        if self.outcome != "queued":
            return ""
        return "another build to end" if self._prepare is None else "its inputs to be written"

    def running(self) -> bool:
        """Whether the engine is at work."""
        if self._process is not None:
            return self._process.status() is None
        return worker(self.folder) is not None

    def next_check(self) -> float:
        """Seconds to the next look."""
        return LOOK

    def monitor(self) -> None:
        """Queue what is new in the folder."""
        if warnings := self._warnings.read():
            for text in warnings:
                self._queue.put(text)
            self._post()
        while events := self._reader.read():
            for event in events:
                self._said = event.state
                self._queue.put(event)
            self._post()

    def _prepared(self) -> bool:
        """Write what is still to be written; whether that was possible."""
        if self._prepare is not None:
            try:
                with short_turns():
                    self._prepare()
            except UserError as error:
                self._refused = f"critasser {self.name}: {error}"
                return False
            self._prepare = None
            self._post()
        return True

    def _wait_for_turn(self) -> bool:
        """Start the engine when the device is free; whether it came to that."""
        session = self.session
        while not take_turn(session, lambda: jobs_of(session), self):
            keep_waiting(self.folder)
            if self._stop.wait(self.next_check()):
                return False
        if self._stop.is_set():
            return False
        try:
            self._process = self._launch()
        except OSError as error:
            self._refused = f"critasser {self.name}: the engine could not be started: {error}"
            return False
        self.start_time = datetime.datetime.now()
        self.state = TaskState.RUNNING
        self._post()
        return True

    def _watch(self) -> None:
        asked, seen = None, time.monotonic()
        while self.running():
            self.monitor()
            if self.folder.is_dir():
                seen = time.monotonic()
            elif time.monotonic() - seen > GONE:
                if self._process is not None:
                    self._process.kill()
                break
            if asked is None and self._stop.wait(self.next_check()):
                asked = time.monotonic()
            elif asked is not None:
                self._insist(time.monotonic() - asked)
                time.sleep(0.1)
        if self._stop.is_set() and self._process is not None:
            self._process.kill()  # what it may have left behind in its group
        self.monitor()

    def _insist(self, since: float) -> None:
        """Stop the engine, the harder the longer it has been asked to."""
        if since < PATIENCE:
            return
        kill = since > 2 * PATIENCE
        if self._process is not None:
            (self._process.kill if kill else self._process.terminate)()
        elif pid := worker(self.folder):
            end_process(pid, kill=kill)

    def _conclude(self) -> None:
        """Find out how it ended."""
        self._status = status = None if self._process is None else self._process.status()
        if self._crash or self._refused or not self.folder.is_dir():
            self.outcome = "failed"
        elif status == 0 or (status is None and self._said == "finished"):
            self.outcome = "finished"
        elif self._stop.is_set() or status == _CANCELLED or self._said == "cancelled":
            self.outcome = "cancelled"
        else:
            self.outcome = "failed"

    def terminate(self) -> None:
        """Ask the engine to stop; the task is over when it has."""
        with self._ending:
            if self._over.is_set():
                return
            if self.outcome == "running":
                with contextlib.suppress(OSError):  # the folder may have vanished
                    request_stop(self.folder)
            self._stop.set()
            if self._terminate is not None:
                self._terminate.set()
            self.state = TaskState.TERMINATING
        self._post()

    def exited_normally(self) -> bool:
        """Whether the build came to its end."""
        return self.outcome == "finished"

    def on_finish(self) -> None:
        """Called by the base class when the thread is over and the state is set."""
        self._correct_state()
        if self.session.ui.is_gui:
            self.deliver()

    def _correct_state(self) -> None:
        """The base class knows no failure: it has set FINISHED."""
        if self.outcome == "failed" and self.state != TaskState.FAILED:
            self.state = TaskState.FAILED

    def _post(self) -> None:
        """Have `deliver` called in the main thread, once for all that waits in the queue."""
        session = self.session  # gone when ChimeraX has quit
        if self._awaited or self._posted or session is None or not session.ui.is_gui:
            return
        self._posted = True
        session.ui.thread_safe(self.deliver)

    def deliver(self) -> None:
        """Show what has come; in the main thread."""
        self._posted = False
        over = self._over.is_set()
        before = self.last
        with contextlib.suppress(queue.Empty):
            while True:
                news = self._queue.get_nowait()
                if isinstance(news, str):
                    self._safely(self.view.warn, news)
                    continue
                self.last = news
                self.events.append(news)
                self._safely(self.view.show, news)
        # Only the last: a job that is found at work has said thousands of lines already.
        if self.last is not None and self.last is not before:
            self._tell(self.last)
        if self._delivered:
            return
        if over:
            self._delivered = True
            remember_open(self.session, str(self.folder), False)
            self._finish()
        name = "job ended" if over else "job changed"
        triggers(self.session).activate_trigger(name, self)

    def _safely(self, function: Callable, *arguments) -> None:
        """Let the view show something; whatever happens there does not end the watch."""
        try:
            function(*arguments)
        except Exception:
            text = f"critasser {self.name}: results could not be shown\n{traceback.format_exc()}"
            self.session.logger.bug(text)

    def wait(self) -> None:
        """Block until the job is over, showing what comes; in the main thread."""
        self._awaited = True
        self._ready.set()
        thread = self._thread
        try:
            while not self._over.wait(LOOK):
                self.deliver()
                if self.session.ui.is_gui:
                    self.session.update_loop.update_graphics_now()
        except KeyboardInterrupt:
            self.terminate()
            self._over.wait(3 * PATIENCE)
            raise
        if thread is not None:
            thread.join(timeout=10)
        self._correct_state()
        self.deliver()

    def _tell(self, event: Event) -> None:
        """The status line; without a GUI every status is a line, so fewer of them."""
        now, pause = time.monotonic(), 0.0 if self.session.ui.is_gui else 10.0
        if event.stage == self._told[1] and now - self._told[0] < pause:
            return
        self._told = (now, event.stage)
        left = "" if event.remaining is None else f", about {duration(event.remaining)} left"
        done = f"{event.message}, {event.fraction:.0%} done{left}"
        self.session.logger.status(f"critasser {self.name}: {title_of(event.stage)} – {done}")

    def _finish(self) -> None:
        """Tell how it ended; in the main thread, once."""
        logger = self.session.logger
        logger.status(f"critasser {self.name}: {state_word(self.outcome)}")
        if self.outcome == "finished":
            self._safely(self.view.finish)
        elif self.outcome == "cancelled":
            self._tell_how_to_go_on()
        elif self._crash:
            logger.bug(f"critasser {self.name}: watching the engine failed\n{self._crash}")
        elif self._refused:
            logger.error(self._refused)
            if not self.folder.is_dir():
                forget_job(self.session, str(self.folder))
        else:
            logger.error(why_failed(self.folder, self.name, self._status, self._said))

    def _tell_how_to_go_on(self) -> None:
        waited = self._launch is not None and self._process is None
        what = "it had not begun" if waited else "what it finished is kept"
        tell(
            self.session,
            f"critasser {self.name} was stopped; {what}",
            (("critasser resume", self.folder), "go on"),
            (("critasser jobs delete", self.folder), "delete"),
        )
