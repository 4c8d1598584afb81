"""Find jobs at the start of ChimeraX that an earlier one has left at work.

The start is not delayed: folders, which may lie on a slow disk, are looked at by a thread, a
while after the window has appeared.
"""

from __future__ import annotations

import threading
from pathlib import Path

from ..jobs.record import JobRecord, is_job, read_record
from ..session.messages import open_words, tell
from ..session.settings import remember_open, settings

__all__ = ["look_for_jobs", "look_later"]

_PAUSE = 1500
"""Milliseconds from the window to the look."""


def look_later(session) -> None:
    """Look for jobs once the window is there and ChimeraX has settled."""
    from chimerax.core.triggerset import DEREGISTER

    def ready(*_):
        # Held by the session, or the timer would be collected before it fires.
        session._critasser_timer = session.ui.timer(_PAUSE, look_for_jobs, session)
        return DEREGISTER

    session.ui.triggers.add_handler("ready", ready)


def look_for_jobs(session) -> threading.Thread | None:
    """Look at the folders of jobs that had not ended; what is found is told in the main thread."""
    paths = list(settings(session).open_jobs)
    if not paths:
        return None

    def look() -> None:
        folders = [Path(path) for path in paths]
        records = [read_record(folder) if is_job(folder) else None for folder in folders]
        session.ui.thread_safe(_attach, session, list(zip(paths, records)))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    return thread


def _attach(session, records: list[tuple[str, JobRecord | None]]) -> None:
    """Follow what runs, tell of what ended, and offer to start what waited."""
    from ..jobs.engine_job import jobs_of

    known = {str(job.folder) for job in jobs_of(session)}
    for path, record in records:
        if path in known:
            continue
        if record is None:
            remember_open(session, path, False)
            session.logger.info(f"critasser: the job in {path} is not there any more")
        elif record.state == "running":
            _follow(session, record)
        elif record.elsewhere:  # which also takes it off the list that all ChimeraX share
            tell(session, f"critasser {record.name} waits for its turn in another ChimeraX")
        else:
            remember_open(session, path, False)
            _tell(session, record)


def _follow(session, record: JobRecord) -> None:
    from ..jobs.engine_job import EngineJob
    from ..jobs.queue import runs_on
    from .follow import view_of

    folder = record.folder
    view = view_of(session, folder, hidden=True)
    job = EngineJob(session, folder, record.name, view, device=runs_on(folder))
    job.start()
    tell(
        session,
        f"critasser {record.name} still runs, {record.fraction:.0%} done, as job {job.id}",
        (open_words(folder), "show what it has made"),
        (("critasser stop", job.id), "stop it"),
    )


def _tell(session, record: JobRecord) -> None:
    show = (open_words(record.folder), "show it")
    resume = (("critasser resume", record.folder), "go on")
    delete = (("critasser jobs delete", record.folder), "delete")
    if record.state == "finished":
        etm = "" if record.etm is None else f", eTM {record.etm:.2f}"
        tell(session, f"critasser {record.name} finished while ChimeraX was away{etm}", show)
    elif record.state == "queued":
        text = f"critasser {record.name} was still waiting for its turn when ChimeraX ended"
        tell(session, text, (resume[0], "start it"), delete)
    else:
        text = f"critasser {record.name} {record.state} while ChimeraX was away"
        if record.state == "cancelled":
            text = f"critasser {record.name} was stopped while ChimeraX was away"
        tell(session, text, show, resume, delete)
