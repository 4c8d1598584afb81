"""``critasser jobs``: list the jobs of this session and of earlier ones."""

from __future__ import annotations

import time
from html import escape
from pathlib import Path

from chimerax.core.commands import CmdDesc

from ..jobs.engine_job import jobs_of
from ..jobs.record import is_job, read_record
from ..jobs.stage_titles import title_of
from ..session.messages import duration, open_words, state_word
from ..session.quoting import command_link, quotable
from ..session.settings import settings

__all__ = ["command", "description"]

_HEADS = ("job", "name", "state", "began", "took", "eTM", "")


def description():
    """How the command is typed."""
    return CmdDesc(synopsis="List jobs, running and past")


def command(session):
    """List jobs in the log.

    Returns
    -------
    list of EngineJob
        Those of this session.
    """
    jobs = jobs_of(session)
    rows = []
    latest = {job.folder: job for job in jobs}
    for job in jobs:
        if not session.ui.is_gui:
            job.deliver()
        rows.append(_row_of_job(job, latest[job.folder] is job))
    known = {str(job.folder) for job in jobs}
    for path in settings(session).recent_jobs:
        if path not in known and is_job(Path(path)):
            rows.append(_row(read_record(Path(path))))
    if not rows:
        session.logger.info("No Critasser jobs yet")
        return jobs
    if session.ui.is_gui:
        session.logger.info(_table(rows), is_html=True)
    else:
        lines = (
            f"{number or '-':>3}  {began:<12}  {', '.join(filter(None, (state, stage, told))):<40} "
            f"{'eTM ' + etm if etm else '':<8} {folder}"
            for number, _, state, stage, began, told, etm, _, folder in rows
        )
        session.logger.info("\n".join(lines))
    return jobs


def _row_of_job(job, latest: bool) -> tuple:
    """What is told of a job; of the latest run in its folder also what can be done with it."""
    record = read_record(job.folder)
    stage = ""
    if job.outcome == "running" and job.last is not None:
        stage = f"{title_of(job.last.stage)}, {job.last.fraction:.0%}"
    elif job.outcome in ("cancelled", "failed"):
        stage = title_of(record.stage)
    shown = getattr(job.view, "is_open", True)
    links = _links(job.folder, job.outcome, mine=True, shown=shown) if latest else ""
    if job.outcome in ("queued", "running"):
        stop = command_link("stop", "critasser stop", job.id)
        links = " ".join(filter(None, (stop, links)))
    etm = record.etm if job.outcome == "finished" else None
    took = job.runtime.total_seconds() if record.seconds is None else record.seconds
    said = [event.time for event in job.events if event.time is not None]  # in this run
    if job.outcome == "running" and said:
        took = time.time() - said[0]
    told = "" if job.outcome == "queued" else duration(max(took, 0.0))
    return (
        str(job.id), job.name, state_word(job.outcome), stage, _began(record), told, _score(etm),
        links, str(job.folder),
    )  # fmt: skip


def _row(record) -> tuple:
    stage = title_of(record.stage) if record.state != "finished" else ""
    if record.state == "running":
        stage += f", {record.fraction:.0%}"
    told = "" if record.seconds is None else duration(record.seconds)
    etm = record.etm if record.state == "finished" else None
    links = "" if record.elsewhere else _links(record.folder, record.state)
    return (
        "", record.name, state_word(record.state), stage, _began(record), told, _score(etm), links,
        str(record.folder),
    )  # fmt: skip


def _began(record) -> str:
    """When an engine took the job up, as people here write it."""
    if record.started is None:
        return ""
    try:
        return time.strftime("%d %b %H:%M", time.localtime(record.started))
    except (OverflowError, ValueError, OSError):  # a folder may say anything
        return ""


def _score(etm: float | None) -> str:
    return "" if etm is None else f"{etm:.2f}"


def _links(folder: Path, state: str, *, mine: bool = False, shown: bool = False) -> str:
    """What can be done with a job in this state."""
    if quotable(folder) is None:
        return ""
    links = []
    if (state != "queued" or (folder / "job.json").is_file()) and not (
        state == "running" and shown
    ):
        links.append(command_link("open", *open_words(folder)))
    waits = state == "queued" and not mine  # its ChimeraX has ended
    if waits or state in ("cancelled", "failed"):
        links.append(command_link("resume", "critasser resume", folder))
    if waits or state not in ("queued", "running"):
        links.append(command_link("delete", "critasser jobs delete", folder))
    return " ".join(links)


def _table(rows) -> str:
    """As narrow as the log; the folder is seen where the mouse rests on a name."""
    heads = "".join(f"<th align=left>{head}&nbsp;</th>" for head in _HEADS)
    lines = []
    for number, name, state, stage, began, told, etm, links, folder in rows:
        may_break = escape(name).replace("_", "_<wbr>")
        named = f'<td title="{escape(folder)}">{may_break}&nbsp;</td>'
        cells = (", ".join(filter(None, (state, stage))), began, told, etm)
        rest = "".join(f"<td>{escape(cell)}&nbsp;</td>" for cell in cells)
        lines.append(f"<tr><td>{escape(number)}&nbsp;</td>{named}{rest}<td>{links}</td></tr>")
    return f"<table><tr>{heads}</tr>{''.join(lines)}</table>"
