"""A running engine as a ChimeraX task.

A worker thread looks at the engine twice a second and queues what it finds. Everything that
touches models, log or status line is done by `deliver`, in the main thread: called through
`session.ui.thread_safe` when there is a GUI, or by `wait` when a command blocks.
"""

from __future__ import annotations

import datetime
import queue
import threading
import time
import traceback
from html import escape
from pathlib import Path

from chimerax.core.tasks import Job, TaskState

from .advice import advice
from .folder import Event, ProgressReader, last_line, request_stop, worker
from .process import EngineProcess, end_process

__all__ = ["BuildJob", "duration", "jobs_of", "triggers"]

LOOK = 0.5
"""Seconds between two looks at the engine."""

PATIENCE = 5.0
"""Seconds that an engine has to stop by itself; again as many after SIGTERM, then it is killed."""

_CANCELLED = 130

TRIGGERS = ("job started", "job changed", "job ended")


def triggers(session):
    """What tells of the jobs of a session, always in the main thread; data is the `BuildJob`.

    ``job started`` when one is started or followed; ``job changed`` when it has said something;
    ``job ended`` once, when `outcome` is final.

    Returns
    -------
    chimerax.core.triggerset.TriggerSet
    """
    found = getattr(session, "_critasser_job_triggers", None)
    if found is None:
        from chimerax.core.triggerset import TriggerSet

        found = session._critasser_job_triggers = TriggerSet()
        for name in TRIGGERS:
            found.add_trigger(name)
    return found


def duration(seconds: float) -> str:
    """A time for people: 8 s, 3 min, 2 h 05 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{round(whole / 60)} min"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def jobs_of(session) -> list[BuildJob]:
    """Jobs of this session, in the order of their numbers."""
    return sorted(session.tasks.find_by_class(BuildJob), key=lambda job: job.id)


class BuildJob(Job):
    """A build, whether this ChimeraX started its engine or found it at work in a folder.

    Parameters
    ----------
    session : chimerax.core.session.Session
    folder : Path
    name : str
        For people.
    view
        Shows events: `show(event)`, `finish(event)`; see `chimerax.critasser.models.results`.
    process : EngineProcess or None
        None for an engine that was started elsewhere.
    skip : bool
        `progress.jsonl` holds lines of an earlier run.
    """

    # Closing a session takes the models away, not the work.
    SESSION_ENDURING = True
    SESSION_SAVE = False

    def __init__(
        self,
        session,
        folder: Path,
        name: str,
        view,
        process: EngineProcess | None = None,
        *,
        skip: bool = False,
    ) -> None:
        super().__init__(session)
        self.folder = folder
        self.name = name
        self.last: Event | None = None
        self.outcome = "running"
        self.view = view
        self._process = process
        self._reader = ProgressReader(folder, skip=skip)
        self._queue: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._ready = threading.Event()
        self._over = threading.Event()
        self._stop = threading.Event()
        self._ending = threading.Lock()
        self._posted = False
        self._awaited = False
        self._delivered = False
        self._crash = ""
        self._said = ""
        self._status: int | None = None
        self._told = (0.0, "")

    def __str__(self) -> str:
        return f"critasser {self.name}, ID {self.id}"

    # Task's own `start` marks the task as running only after its thread has begun, so that one
    # which ends at once would look running for ever: the thread waits for `_ready`.

    def start(self, *args, **keywords) -> None:
        """Begin to watch."""
        super().start(*args, **keywords)
        self._ready.set()
        triggers(self.session).activate_trigger("job started", self)

    def run(self) -> None:
        """Watch until the engine has ended; in a thread of its own."""
        self._ready.wait()
        try:
            self._watch()
        except Exception:
            self._crash = traceback.format_exc()
        self._conclude()
        self.end_time = datetime.datetime.now()
        with self._ending:
            self._over.set()
        self._post()

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
        for event in self._reader.read():
            self._said = event.state
            self._queue.put(event)
            self._post()

    def _watch(self) -> None:
        asked = None
        while self.running():
            self.monitor()
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
        if self._crash:
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
            request_stop(self.folder)
            self._stop.set()
            if self._terminate is not None:
                self._terminate.set()
            self.state = TaskState.TERMINATING

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
        while True:
            try:
                event = self._queue.get_nowait()
            except queue.Empty:
                break
            self.last = event
            self.view.show(event)
            self._tell(event)
        last = over and not self._delivered
        if last:
            self._delivered = True
            self._finish()
        if not self._delivered or last:
            name = "job ended" if last else "job changed"
            triggers(self.session).activate_trigger(name, self)

    def wait(self) -> None:
        """Block until the job is over, showing what comes; in the main thread."""
        self._awaited = True
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
        now = time.monotonic()
        pause = 0.0 if self.session.ui.is_gui else 10.0
        if event.stage == self._told[1] and now - self._told[0] < pause:
            return
        self._told = (now, event.stage)
        text = f"critasser {self.name}: {event.stage} – {event.message}, {event.fraction:.0%} done"
        if event.remaining is not None:
            text += f", about {duration(event.remaining)} left"
        self.session.logger.status(text)

    def _finish(self) -> None:
        """Tell how it ended; in the main thread, once."""
        logger = self.session.logger
        logger.status(f"critasser {self.name}: {self.outcome}")
        if self.outcome == "finished":
            self.view.finish()
        elif self.outcome == "cancelled":
            self._tell_how_to_go_on()
        elif self._crash:
            logger.bug(f"critasser {self.name}: watching the engine failed\n{self._crash}")
        else:
            logger.error(self._complaint())

    def _tell_how_to_go_on(self) -> None:
        """With a link, where there is a log to click in."""
        from chimerax.core.commands import FileNameArg

        logger = self.session.logger
        resume = f"critasser resume {FileNameArg.unparse(str(self.folder))}"
        told = f"critasser {self.name} was stopped; what it finished is kept. Go on by: "
        if self.session.ui.is_gui:
            link = f'<a href="cxcmd:{escape(resume)}">{escape(resume)}</a>'
            logger.info(escape(told) + link, is_html=True)
        else:
            logger.info(told + resume)

    def _complaint(self) -> str:
        """Why it failed, what to do, and where to read more."""
        line = last_line(self.folder) or "nothing"
        remedy = advice(line, self._status)
        if self._status is not None and self._status < 0:
            line = f"the engine was ended by signal {-self._status}; it said last: {line}"
        elif self._status is None and self._said == "running":
            line = f"the engine ended without a word of why; it said last: {line}"
        parts = [f"critasser {self.name}: {line}", remedy, f"More in {self.folder / 'log.txt'}"]
        return "\n".join(part for part in parts if part)
