"""``critasser jobs delete``: delete a job's folder."""

from __future__ import annotations

from chimerax.core.commands import BoolArg, CmdDesc, Or, PositiveIntArg
from chimerax.core.errors import UserError

from ..jobs.deletion import delete_job
from ..jobs.engine_job import jobs_of
from ..session.quoting import quoted_path
from ..session.settings import forget_job
from .arguments import JobFolderArg

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(
        required=[("job", Or(PositiveIntArg, JobFolderArg))],
        keyword=[("confirm", BoolArg)],
        synopsis="Delete the folder of a job",
    )


def command(session, job, *, confirm=False) -> None:
    """Delete a job's files; refused when anything else is in its folder.

    Parameters
    ----------
    session : chimerax.core.session.Session
    job : int or Path
        Number of a job of this session, or its folder.
    confirm : bool
        Do not ask. Needed in scripts and without a GUI, where there is nobody to be asked.
    """
    folder = _folder(session, job)
    for one in jobs_of(session):
        if one.folder == folder and one.outcome in ("queued", "running"):
            raise UserError(f"job {one.id} is {one.outcome}: first, critasser stop {one.id}")
    if not confirm:
        if not session.ui.is_gui or session.in_script:
            raise UserError(
                "this deletes all that the job has made; if that is wanted: critasser jobs "
                f"delete {quoted_path(folder)} confirm true"
            )
        from chimerax.ui.ask import ask  # Qt, which is not there without a window

        question = f"Delete the Critasser job in {folder} and all that it has made?"
        if ask(session, question, ["delete", "keep"], default="keep") != "delete":
            return
    freed = delete_job(folder)
    forget_job(session, str(folder))
    for one in jobs_of(session):
        if one.folder == folder:
            session.tasks.remove(one)
    session.logger.info(f"{folder} deleted, {freed / 2**20:.0f} MB")


def _folder(session, job):
    if not isinstance(job, int):
        return job
    found = {one.id: one.folder for one in jobs_of(session)}
    if job not in found:
        known = ", ".join(map(str, found)) or "none"
        raise UserError(f"there is no job {job} in this session; there are: {known}")
    return found[job]
