"""``critasser open``: show what a job has made, finished or not."""

from __future__ import annotations

from chimerax.core.commands import BoolArg, CmdDesc
from chimerax.core.errors import UserError
from chimerax.map import MapArg

from ..jobs.engine_job import jobs_of
from ..jobs.folder import read_placement
from ..jobs.starting import waits
from ..jobs.triggers import triggers
from ..models.job_map import copy_in_folder, map_of, open_map
from ..session.locks import worker
from ..session.messages import tell
from ..session.settings import remember_job
from ..views.follow import follow, view_of
from .arguments import JobFolderArg

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(
        required=[("folder", JobFolderArg)],
        keyword=[("in_map", MapArg), ("with_map", BoolArg), ("wait", BoolArg)],
        synopsis="Show what a job has made",
    )


def command(session, folder, *, in_map=None, with_map=False, wait=None):
    """Open the results of a job, and follow it if it still runs.

    Parameters
    ----------
    session : chimerax.core.session.Session
    folder : Path
    in_map : chimerax.map.Volume, optional
        Lay the results in this map, wherever it has been moved to; else in the job's own map, if
        that is open, or where it was.
    with_map : bool
        Open the job's copy of its map too, unless it is open already.
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
        if with_map and in_map is None and map_of(session, folder) is None:
            open_map(session, folder)
        job.view.reveal(in_map)
        if waits(session, wait):
            job.wait()
        return job.view.group
    name, _ = read_placement(folder)
    known = in_map if in_map is not None else map_of(session, folder)
    if known is None and with_map and open_map(session, folder) is None:
        session.logger.warning(f"{folder} holds no map of its own")
    view = view_of(session, folder, in_map=in_map)
    if worker(folder) is not None:
        follow(session, folder, name, view, wait=waits(session, wait))
        return view.group
    view.catch_up()
    view.finish()
    remember_job(session, str(folder))
    triggers(session).activate_trigger("job opened", folder)
    if known is None and not with_map and copy_in_folder(folder) is not None:
        text = f"critasser {name}: its map is not open"
        tell(session, text, (("critasser open", folder, "withMap true"), "open it too"))
    if not view.is_open:
        session.logger.warning(f"{folder}: the job has made nothing yet that could be shown")
    return view.group
