"""``critasser report``: show the report of a job in the web browser of the system."""

from __future__ import annotations

import webbrowser

from chimerax.core.commands import CmdDesc
from chimerax.core.errors import UserError

from ..session.files import inside
from .arguments import JobFolderArg

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(
        required=[("folder", JobFolderArg)],
        synopsis="Show the report of a job in the web browser",
    )


def command(session, folder) -> str:
    """Open `report.html` of a job.

    Not in ChimeraX's own browser: it runs commands of a page's links, and a job's folder may come
    from anywhere.

    Parameters
    ----------
    session : chimerax.core.session.Session
    folder : Path

    Returns
    -------
    str
        The address.

    Raises
    ------
    UserError
        The job has no report, or there is no browser.
    """
    report = inside(folder, "report.html")
    if report is None:
        raise UserError(f"{folder} has no report yet: it is written when a job ends")
    address = report.as_uri()
    if not webbrowser.open(address):
        raise UserError(f"no web browser could be started: open {report} yourself")
    return address
