"""``critasser open``: show what a job has made, finished or not."""

from __future__ import annotations

from chimerax.core.commands import BoolArg, CmdDesc
from chimerax.core.errors import UserError
from chimerax.map import MapArg

from ..jobs.engine_job import jobs_of
from ..jobs.folder import read_placement
from ..jobs.starting import waits
from ..session.locks import worker
from ..session.settings import remember_job
from ..views.follow import follow, view_of
from .arguments import JobFolderArg

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(
        required=[("folder", JobFolderArg)],
        keyword=[("in_map", MapArg), ("wait", BoolArg)],
        synopsis="Show what a job has made",
    )


def command(session, folder, *, in_map=None, wait=None):
    """Open the results of a job, and follow it if it still runs.

    Parameters
    ----------
    session : chimerax.core.session.Session
    folder : Path
    in_map : chimerax.map.Volume, optional
        Lay the results in this map, wherever it has been moved to; else they are where the map
        was when it was opened.
    wait : bool, optional
        For a job that still runs: come back when it is over.

    Returns
    -------
    chimerax.core.models.Model or None
        The group of results; None when there is nothing to show yet.
    """
    for job in jobs_of(session):
        if job.folder != folder or job.outcome not in ("queued", "running"):
            continue
        if job.outcome == "queued":
            raise UserError(f"that is job {job.id}, which waits for {job.waits_for}")
        if job.view.is_open and in_map is None:
            raise UserError(f"that is job {job.id}, which runs and is shown already")
        job.view.reveal(in_map)
        if waits(session, wait):
            job.wait()
        return job.view.group
    name, _ = read_placement(folder)
    view = view_of(session, folder, in_map=in_map)
    if worker(folder) is not None:
        follow(session, folder, name, view, wait=waits(session, wait))
        return view.group
    view.catch_up()
    view.finish()
    remember_job(session, str(folder))
    if not view.is_open:
        session.logger.warning(f"{folder}: the job has made nothing yet that could be shown")
    return view.group
