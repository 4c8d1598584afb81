"""Start the engine of a job, or queue the job while its device is taken."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from chimerax.core.errors import UserError

from ..installation.environment import engine_folder, environment
from ..session.messages import tell
from ..session.processes import LoggedProcess
from ..session.settings import remember_job, settings
from .engine_job import EngineJob, jobs_of
from .queue import device_of, free_now, installing, processes
from .request import mark_taken, write_request
from .view import JobView

__all__ = ["announce", "start", "waits", "watch"]

_SPREAD = ("build", "rebuild")
"""Commands of the engine that compute models and templates in parallel."""


def waits(session, wait: bool | None) -> bool:
    """Whether a command blocks: as told, else in scripts and without a GUI."""
    if wait is None:
        return bool(session.in_script) or not session.ui.is_gui
    return wait


def start(
    session,
    folder: Path,
    name: str,
    command: Sequence[str],
    *,
    view: JobView,
    wait: bool,
    again: bool = False,
    prepare: Callable[[], Sequence[str] | None] | None = None,
):
    """Start an engine in a folder and watch it, or queue it when its device is taken.

    Parameters
    ----------
    session : chimerax.core.session.Session
    folder : Path
    name : str
    command : sequence of str
    view : JobView
    wait : bool
    again : bool
        The folder holds an earlier run.
    prepare : callable, optional
        Writes what the engine needs and takes long to write: in the job's thread where somebody
        works on meanwhile. May give further arguments of the engine.

    Returns
    -------
    EngineJob
    """

    command = list(command)

    def launch() -> LoggedProcess:
        words = [*command, *_where(session, command, device)]
        process = LoggedProcess(words, folder, environment(), engine_folder())
        with contextlib.suppress(OSError):  # the disk may be full: the engine will say so
            mark_taken(folder)
        return process

    def get_ready() -> None:
        if prepare is not None:
            command.extend(prepare() or ())
        try:
            _, _, _, kind, *arguments = command  # as `engine_command` makes it
            write_request(folder, kind, arguments, again=again)
        except OSError as error:
            raise UserError(f"{folder}: cannot write there, {error.strerror}") from error

    device = device_of(command, folder)
    later = get_ready if prepare is not None and session.ui.is_gui and not wait else None
    if later is None:
        get_ready()
    if later is None and free_now(session, jobs_of(session), device):
        try:
            process = launch()
        except OSError as error:
            raise UserError(f"the engine could not be started: {error}") from None
        job = EngineJob(session, folder, name, view, process, skip=again, device=device)
    else:
        job = EngineJob(
            session, folder, name, view, skip=again, prepare=later, launch=launch, device=device
        )
    remember_job(session, str(folder))
    announce(session, job)
    return watch(job, wait)


def _where(session, command: Sequence[str], device: str) -> tuple[str, ...]:
    """Arguments that say where the engine computes in parallel: no part of the job, which may be
    gone on with elsewhere."""
    _, _, _, kind, *_ = command
    word = settings(session).executor or f"local:{processes(device)}"
    return ("--executor", word) if kind in _SPREAD else ()


def watch(job, wait: bool):
    """Begin to watch a job, and come back when it is over if that is wished.

    Raises
    ------
    UserError
        It was waited for, and failed.
    """
    job.start()
    if wait:
        job.wait()
        if job.outcome == "failed":
            raise UserError(f"critasser {job.name} failed, see above")
    return job


def announce(session, job) -> None:
    """Tell that a job runs, or for what it waits, with a link that stops it."""
    if job.outcome == "queued" and free_now(session, jobs_of(session), job.device, but=job):
        text = f"critasser {job.name} is job {job.id} in {job.folder}; its inputs are being written"
        tell(session, text, (("critasser stop", job.id), "stop it"))
    elif job.outcome == "queued":
        until = f"the {'GPU' if job.device == 'gpu' else 'processor'} is free"
        if installing(session):
            until = "the installation is over"
        text = (
            f"critasser {job.name} waits as job {job.id} in {job.folder} until {until}; it starts "
            "by itself"
        )
        tell(session, text, (("critasser stop", job.id), "cancel it"))
    else:
        text = f"critasser {job.name} runs as job {job.id} in {job.folder}"
        tell(session, text, (("critasser stop", job.id), "stop it"))
