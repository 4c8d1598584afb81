"""The list of jobs: those of this ChimeraX, and folders of earlier ones."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..jobs.record import began, is_job, read_record, taken

__all__ = ["JobLine", "JobList", "folder_lines"]

_MOST = 30
"""Jobs that are listed."""


@dataclass(frozen=True)
class JobLine:
    """A job in the list: one of this ChimeraX, or the folder of an earlier one.

    Attributes
    ----------
    folder : Path
    name : str
    state : str
        ``queued``, ``running``, ``finished``, ``cancelled`` or ``failed``.
    number : int or None
        By which `critasser stop` knows it; None for one of another time.
    waits : str
        For what a queued one waits; empty where no ChimeraX waits with it.
    when : float
        Seconds since 1970, when its engine began. Lines that differ in times alone are equal.
    took : float or None
        Seconds that its finished stages took; None while it runs.
    """

    folder: Path
    name: str
    state: str
    number: int | None
    when: float = field(compare=False)
    took: float | None = field(default=None, compare=False)
    waits: str = ""


class JobList:
    """Jobs of this ChimeraX, latest first, then recent folders; no folder is looked at here."""

    def __init__(self) -> None:
        self.lines: list[JobLine] = []
        self._own: dict[Path, JobLine] = {}
        self._others: list[JobLine] = []

    def renew(self, jobs: Iterable) -> bool:
        """Take what these jobs of this ChimeraX are now; whether the list is another one."""
        for job in jobs:
            before = self._own.get(job.folder)
            if before is None or before.number <= job.id:
                ended = job.outcome not in ("queued", "running")
                self._own[job.folder] = JobLine(
                    job.folder,
                    job.name,
                    job.outcome,
                    job.id,
                    _when(job.folder, began(job.folder)),
                    taken(job.folder) if ended else None,
                    job.waits_for,
                )
        return self._join()

    def keep(self, jobs: Iterable) -> bool:
        """Forget jobs of this ChimeraX that are not among these; whether the list is another."""
        kept = {job.id for job in jobs}
        self._own = {at: line for at, line in self._own.items() if line.number in kept}
        return self._join()

    def put(self, others: Sequence[JobLine]) -> bool:
        """Take the lines of recent folders; whether the list is another one."""
        self._others = list(others)
        return self._join()

    def replace(self, lines: Sequence[JobLine]) -> bool:
        """Take new lines for some recent folders; whether the list is another one."""
        fresh = {line.folder: line for line in lines}
        self._others = [fresh.get(line.folder, line) for line in self._others]
        return self._join()

    def _join(self) -> bool:
        own = sorted(self._own.values(), key=lambda line: line.number, reverse=True)
        others = [line for line in self._others if line.folder not in self._own]
        before, self.lines = self.lines, [*own, *others][: max(_MOST, len(own))]
        return self.lines != before


def folder_lines(folders: Iterable[Path]) -> list[JobLine]:
    """Lines of those folders that hold a job; reads files of each, so better in a thread."""
    lines = []
    for folder in folders:
        if len(lines) >= _MOST:
            break
        with contextlib.suppress(OSError):  # a folder that may not be read
            if is_job(folder):
                record = read_record(folder)
                waits = "its turn in another ChimeraX" if record.elsewhere else ""
                when = _when(folder, record.started)
                took = record.seconds if record.state not in ("queued", "running") else None
                lines.append(JobLine(folder, record.name, record.state, None, when, took, waits))
    return lines


def _when(folder: Path, started: float | None) -> float:
    """When a job began, or, as long as no engine has, when it was asked for."""
    if started is not None:
        return started
    for name in ("inputs/request.json", "job.json", ""):
        try:
            return (folder / name).stat().st_mtime
        except OSError:
            continue
    return time.time()
