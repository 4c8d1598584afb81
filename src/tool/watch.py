"""Watch the list of jobs and the chosen job for all pages."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from Qt.QtCore import QObject, QTimer, Signal

from ..jobs.engine_job import jobs_of
from ..jobs.failures import reason
from ..jobs.folder import ProgressReader
from ..jobs.queue import free_now
from ..jobs.triggers import triggers
from ..jobs.warnings import WarningReader
from ..session.files import read_json
from ..session.settings import settings
from ..session.wording import in_chimerax
from .joblist import JobLine, JobList, folder_lines
from .outcome import Outcome, read_energies, read_outcome
from .stages import Energies, History

__all__ = ["Watch"]

_AT_ONCE = 1 << 17
"""Bytes of progress that are read between two turns of the event loop: a few milliseconds."""


class Watch(QObject):
    """The list of jobs and the chosen one.

    Folders of other times, which may lie on a slow disk, are looked at in a thread.

    Signals: `listed` when the list has changed, `aged` when only times in it have, `chosen` when
    another job is looked at, `told` when it has told something or a second has passed, `made` when
    its results have changed, `opened` when the person has opened a job.

    Parameters
    ----------
    session : chimerax.core.session.Session
    """

    listed = Signal()
    aged = Signal()
    chosen = Signal()
    told = Signal()
    made = Signal()
    opened = Signal()

    def __init__(self, session) -> None:
        super().__init__()
        self._session = session
        self._list = JobList()
        self._looks = False
        self._again = False
        self._closed = False
        self.folder: Path | None = None
        self.history = History()
        self.outcome: Outcome | None = None
        self._file_energies = Energies.of({})
        self._reader: ProgressReader | None = None
        self._warnings: WarningReader | None = None
        self._numbers: set[int] = {job.id for job in jobs_of(session)}
        self._idle: set[int] = set()
        self._news = [
            triggers(session).add_handler(name, lambda _, job: self._heard(job))
            for name in ("job started", "job changed", "job ended")
        ]
        self._news.append(
            triggers(session).add_handler("job opened", lambda _, folder: self._opened(folder))
        )
        self._news.append(
            triggers(session).add_handler("jobs listed", lambda *_: self.list_again())
        )
        self._news.append(
            settings(session).triggers.add_handler(
                "setting changed", lambda _, what: self._set(what)
            )
        )
        self._second = QTimer(self)
        self._second.setInterval(1000)
        self._second.timeout.connect(self._tick)
        self._more = QTimer(self)
        self._more.setSingleShot(True)
        self._more.timeout.connect(self._read)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.list_again)
        self.list_again()
        self._first = QTimer(self)
        self._first.setSingleShot(True)
        self._first.timeout.connect(self._choose_first)
        self._first.start(0)

    def close(self) -> None:
        """Look no longer."""
        self._closed = True
        for handler in self._news:
            handler.remove()
        for timer in (self._first, self._second, self._more, self._soon):
            timer.stop()

    def _choose_first(self) -> None:
        """Look at the latest job, unless another one has been chosen."""
        if self.folder is None and self.lines:
            self.choose(self.lines[0].folder)

    @property
    def lines(self) -> list[JobLine]:
        """Jobs of this ChimeraX and recent folders."""
        return self._list.lines

    @property
    def line(self) -> JobLine | None:
        """The chosen job in the list."""
        return next((line for line in self.lines if line.folder == self.folder), None)

    @property
    def runs(self) -> bool:
        """Whether the chosen job is at work."""
        return self.line is not None and self.line.state == "running"

    @property
    def energies(self) -> Energies:
        """Of the assembly: as told while it runs, of its table when it is over."""
        told = self.history.energies
        return told if len(told) >= len(self._file_energies) else self._file_energies

    @property
    def warnings(self) -> tuple[str, ...]:
        """Of the engine: those of its log while it runs, of its results when it is over."""
        if self.outcome is not None and not self.runs:
            return self.outcome.warnings
        found = () if self._warnings is None else self._warnings.found
        return tuple(in_chimerax(text) for text in found)

    @property
    def failure(self) -> str:
        """Why the chosen job failed, and what to do; empty for one that did not."""
        if self.line is None or self.line.state != "failed":
            return ""
        return reason(self.folder, None, self.history.state)

    def list_again(self) -> None:
        """Look which jobs there are."""
        jobs = jobs_of(self._session)
        changed = self._list.keep(jobs)
        self._tell_list(self._list.renew(jobs) or changed)
        if self._looks:
            self._again = True
            return
        mine = {job.folder for job in jobs}
        recent = map(Path, settings(self._session).recent_jobs)
        self._look([folder for folder in recent if folder not in mine], self._list.put)

    def _look(self, folders: Sequence[Path], take) -> None:
        """Look at folders in a thread; what is found is taken in the main one."""
        self._looks = True

        def look() -> None:
            gone = self.folder if self.folder is not None and not self.folder.is_dir() else None
            self._session.ui.thread_safe(self._found, folder_lines(folders), gone, take)

        threading.Thread(target=look, name="critasser jobs", daemon=True).start()

    def _found(self, lines: Sequence[JobLine], gone: Path | None, take) -> None:
        self._looks = False
        if self._closed:
            return
        ran = self.runs
        self._tell_list(take(lines))
        if gone is not None and gone == self.folder:
            self._leave()
        elif ran and not self.runs:
            self._look_at_results()
            self.made.emit()
        self._choose_first()
        self._read()
        if self._again:
            self._again = False
            self.list_again()

    def _tell_list(self, changed: bool) -> None:
        (self.listed if changed else self.aged).emit()

    def _leave(self) -> None:
        """The chosen job was deleted: look at the latest other one, or at none."""
        self.folder, self._reader, self._warnings, self.outcome = None, None, None, None
        self.history, self._file_energies = History(), Energies.of({})
        self.chosen.emit()
        self.made.emit()

    def _set(self, what: tuple) -> None:
        """A setting has changed; a job that is deleted is taken off the recent ones."""
        if what[0] == "recent_jobs" and set(what[1]) - set(what[2]):
            self._soon.start(0)

    def _opened(self, folder: Path) -> None:
        """The person has opened a job: look at it."""
        self.list_again()
        self.choose(folder)
        self.opened.emit()

    def choose(self, folder: Path) -> None:
        """Look at another job."""
        if folder == self.folder:
            return
        self.folder = folder
        self._open()
        self.chosen.emit()
        self.made.emit()

    def _open(self) -> None:
        """Begin to read the chosen folder."""
        self.history = History()
        self._reader = ProgressReader(self.folder)
        self._warnings = WarningReader(self.folder)
        self.history.expect((read_json(self.folder / "job.json") or {}).get("expected"))
        self._look_at_results()
        self._read()

    def _look_at_results(self) -> None:
        self.outcome = read_outcome(self.folder)
        self._file_energies = read_energies(self.folder)

    def _read(self) -> None:
        events = self._reader.read(_AT_ONCE) if self._reader is not None else []
        self.history.feed(events)
        if self._warnings is not None:
            self._warnings.read()
        if events:
            self._more.start(0)
        self._second.start() if self.runs else self._second.stop()
        self.told.emit()

    def _tick(self) -> None:
        """A second has passed; a job that another ChimeraX watches sends no news."""
        line = self.line
        if line is not None and line.number is None and not self._looks:
            self._look([line.folder], self._list.replace)
        self._read()

    def _heard(self, job) -> None:
        """A job has changed; in the main thread."""
        self._tell_list(self._list.renew([job]))
        # One that waits, or is taken back, does not push aside what is being looked at: neither
        # now nor when its turn comes.
        waits = job.outcome == "queued" and not free_now(
            self._session, jobs_of(self._session), job.device, but=job
        )
        idle = (waits or job.outcome == "cancelled") and self.folder is not None
        goes_on = job.folder == self.folder and job.id in self._idle and job.outcome == "running"
        new = job.id not in self._numbers
        self._numbers.add(job.id)
        (self._idle.add if job.outcome == "queued" else self._idle.discard)(job.id)
        if (new and not idle) or goes_on:
            if job.folder == self.folder:
                self.folder = None  # it goes on: read anew
            self.choose(job.folder)
        elif job.folder == self.folder:
            self._read()
            if job.outcome not in ("running", "queued"):
                self._look_at_results()
                self.made.emit()
