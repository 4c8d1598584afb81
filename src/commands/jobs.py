"""``critasser jobs``: builds of this ChimeraX, and folders of earlier ones."""

from __future__ import annotations

from html import escape
from pathlib import Path

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    from chimerax.core.commands import CmdDesc

    return CmdDesc(synopsis="List jobs, running and past")


def command(session):
    """List jobs in the log.

    Returns
    -------
    list of BuildJob
        Those of this session.
    """
    from ..jobs.folder import worker
    from ..jobs.job import duration, jobs_of
    from ..jobs.settings import settings
    from .running import command_link

    jobs = jobs_of(session)
    rows = []
    for job in jobs:
        if not session.ui.is_gui:
            job.deliver()
        where = "" if job.last is None else f"{job.last.stage}, {job.last.fraction:.0%}"
        running = job.outcome == "running"
        link = (
            command_link(f"critasser stop {job.id}", "stop")
            if running
            else _folder_links(job.folder, finished=job.outcome == "finished")
        )
        state = f"{job.outcome} ({where})" if running and where else job.outcome
        state += f", {duration(job.runtime.total_seconds())}"
        rows.append((str(job.id), job.name, state, str(job.folder), link))
    known = {str(job.folder) for job in jobs}
    for path in settings(session).recent_jobs:
        folder = Path(path)
        if path in known or not folder.is_dir():
            continue
        finished = (folder / "results.json").exists()
        state = "finished" if finished else "unfinished"
        if worker(folder) is not None:
            state = "running"
        links = _folder_links(folder, finished=finished or state == "running")
        rows.append(("", folder.name, state, path, links))
    if not rows:
        session.logger.info("No Critasser jobs yet")
        return jobs
    if session.ui.is_gui:
        session.logger.info(_table(rows), is_html=True)
    else:
        lines = (f"{number or '-':>3}  {state:<30} {path}" for number, _, state, path, _ in rows)
        session.logger.info("\n".join(lines))
    return jobs


def _folder_links(folder: Path, *, finished: bool) -> str:
    from chimerax.core.commands import FileNameArg

    from .running import command_link

    path = FileNameArg.unparse(str(folder))
    links = [command_link(f"critasser open {path}", "open")]
    if not finished:
        links.append(command_link(f"critasser resume {path}", "resume"))
    return " ".join(links)


def _table(rows) -> str:
    """The folder comes last, because it may be too long for the log's width."""
    heads = "".join(f"<th align=left>{head}</th>" for head in ("job", "name", "", "", "folder"))
    body = "".join(
        "<tr>"
        + "".join(f"<td nowrap>{escape(cell)}&nbsp;</td>" for cell in (number, name, state))
        + f"<td nowrap>{links}&nbsp;</td><td>{escape(folder)}</td></tr>"
        for number, name, state, folder, links in rows
    )
    return f"<table><tr>{heads}</tr>{body}</table>"
