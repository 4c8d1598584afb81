"""``critasser jobs rename``: call a job by another name."""

from __future__ import annotations

from chimerax.core.commands import CmdDesc, StringArg
from chimerax.core.errors import UserError

from ..jobs.engine_job import jobs_of
from ..jobs.folder import write_name
from ..jobs.triggers import triggers
from ..session.quoting import one_line
from ..views.results import open_group
from .arguments import JobFolderArg

__all__ = ["command", "description"]

_LONGEST = 100
"""Letters of a name."""


def description():
    """How the command is typed."""
    return CmdDesc(
        required=[("folder", JobFolderArg), ("name", StringArg)],
        synopsis="Call a job by another name",
    )


def command(session, folder, name) -> None:
    """Give a job another name, in lists, messages and models; its folder stays where it is.

    Parameters
    ----------
    session : chimerax.core.session.Session
    folder : Path
    name : str

    Raises
    ------
    UserError
        No name, too long a one, or the folder cannot be written to.
    """
    name = one_line(name)
    if not 0 < len(name) <= _LONGEST:
        raise UserError(f"a name has 1 to {_LONGEST} letters")
    try:
        write_name(folder, name)
    except OSError as error:
        raise UserError(f"{folder}: cannot write there, {error.strerror}") from None
    for job in jobs_of(session):
        if job.folder == folder:
            job.name = name
    if (group := open_group(session, folder)) is not None:
        group.job_name = name
        group.name = f"critasser {name}"
    triggers(session).activate_trigger("jobs listed", folder)
