"""What the commands that start or follow a job have in common."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from chimerax.core.errors import UserError

__all__ = ["command_link", "follow", "start", "waits"]


def waits(session, wait: bool | None) -> bool:
    """Whether a command blocks: as told, else in scripts and without a GUI."""
    if wait is None:
        return bool(session.in_script) or not session.ui.is_gui
    return wait


def command_link(text: str, label: str) -> str:
    """HTML for the log: a link that runs a command."""
    return f'<a href="cxcmd:{escape(text)}">{escape(label)}</a>'


def start(
    session,
    folder: Path,
    name: str,
    command: Sequence[str],
    *,
    view,
    wait: bool,
    again: bool = False,
):
    """Start an engine in a folder and watch it.

    Parameters
    ----------
    session : chimerax.core.session.Session
    folder : Path
    name : str
    command : sequence of str
    view : chimerax.critasser.models.results.Results
    wait : bool
    again : bool
        The folder holds an earlier run.

    Returns
    -------
    BuildJob
    """
    from ..jobs.engine import environment
    from ..jobs.job import BuildJob
    from ..jobs.process import EngineProcess
    from ..jobs.settings import remember_job

    try:
        process = EngineProcess(command, folder, environment())
    except OSError as error:
        raise UserError(f"the engine could not be started: {error}") from None
    job = BuildJob(session, folder, name, view, process, skip=again)
    remember_job(session, str(folder))
    _announce(session, job)
    return _watch(job, wait)


def follow(session, folder: Path, name: str, view, *, wait: bool):
    """Watch an engine that works in a folder already."""
    from ..jobs.job import BuildJob
    from ..jobs.settings import remember_job

    job = BuildJob(session, folder, name, view)
    remember_job(session, str(folder))
    _announce(session, job)
    return _watch(job, wait)


def _watch(job, wait: bool):
    job.start()
    if wait:
        job.wait()
        if job.outcome == "failed":
            raise UserError(f"critasser {job.name} failed, see above")
    return job


def _announce(session, job) -> None:
    if not session.ui.is_gui:
        session.logger.info(f"critasser {job.name} runs as job {job.id} in {job.folder}")
        return
    stop = command_link(f"critasser stop {job.id}", "stop it")
    session.logger.info(
        f"critasser {escape(job.name)} runs as job {job.id} in {escape(str(job.folder))} ({stop})",
        is_html=True,
    )
