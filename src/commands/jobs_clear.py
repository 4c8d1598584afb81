"""``critasser jobs clear``: take jobs that are over off the list; their folders stay."""

from __future__ import annotations

from pathlib import Path

from chimerax.core.commands import CmdDesc

from ..jobs.engine_job import jobs_of
from ..jobs.record import is_job, read_record
from ..jobs.triggers import triggers
from ..session.settings import forget_job, settings
from .arguments import JobFolderArg

__all__ = ["command", "description"]

_ALIVE = ("queued", "running")


def description():
    """How the command is typed."""
    return CmdDesc(
        optional=[("folder", JobFolderArg)],
        synopsis="Remove jobs that are over from the list",
    )


def command(session, folder=None) -> list[str]:
    """Forget jobs that are over; what they have made stays, and `critasser open` lists them again.

    Parameters
    ----------
    session : chimerax.core.session.Session
    folder : Path, optional
        All that are over unless given.

    Returns
    -------
    list of str
        Folders that are listed no more.
    """
    mine = {job.folder: job for job in jobs_of(session)}
    if folder is None:
        known = [*map(Path, settings(session).recent_jobs), *mine]
    else:
        known = [folder]
    gone = [one for one in dict.fromkeys(known) if not _alive(one, mine)]
    for one in gone:
        forget_job(session, str(one))
    for job in jobs_of(session):
        if job.folder in gone and job.outcome not in _ALIVE:
            session.tasks.remove(job)
    triggers(session).activate_trigger("jobs listed", folder)
    session.logger.status(f"{len(gone)} jobs removed from the list; their folders stay", log=True)
    return [str(one) for one in gone]


def _alive(folder: Path, mine: dict) -> bool:
    """Whether a job runs or waits, here or elsewhere."""
    if folder in mine:
        return mine[folder].outcome in _ALIVE
    return is_job(folder) and read_record(folder).state == "running"
