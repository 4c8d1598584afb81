"""What the commands that start or follow a job have in common."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from chimerax.core.errors import UserError

from ..jobs.queue import free_now, installing, runs_on
from ..jobs.telling import tell

__all__ = ["follow", "start", "waits"]


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
    view,
    wait: bool,
    again: bool = False,
    prepare: Callable[[], None] | None = None,
):
    """Start an engine in a folder and watch it, or queue it when its device is taken.

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
    prepare : callable, optional
        Writes what the engine needs and takes long to write: in the job's thread where somebody
        works on meanwhile.

    Returns
    -------
    BuildJob
    """
    from ..jobs.engine import environment
    from ..jobs.job import BuildJob
    from ..jobs.process import EngineProcess
    from ..jobs.queue import device_of
    from ..jobs.request import mark_taken, write_request
    from ..jobs.settings import remember_job

    def launch() -> EngineProcess:
        process = EngineProcess(command, folder, environment())
        with contextlib.suppress(OSError):  # the disk may be full: the engine will say so
            mark_taken(folder)
        return process

    def get_ready() -> None:
        if prepare is not None:
            prepare()
        try:
            _, _, _, kind, *arguments = command  # as `engine_command` makes it
            write_request(folder, kind, arguments, again=again)
        except OSError as error:
            raise UserError(f"{folder}: cannot write there, {error.strerror}") from error

    device = device_of(command, folder)
    later = get_ready if prepare is not None and session.ui.is_gui and not wait else None
    if later is None:
        get_ready()
    if later is None and free_now(session, device):
        try:
            process = launch()
        except OSError as error:
            raise UserError(f"the engine could not be started: {error}") from None
        job = BuildJob(session, folder, name, view, process, skip=again, device=device)
    else:
        job = BuildJob(
            session, folder, name, view, skip=again, prepare=later, launch=launch, device=device
        )
    remember_job(session, str(folder))
    _announce(session, job)
    return _watch(job, wait)


def follow(session, folder: Path, name: str, view, *, wait: bool):
    """Watch an engine that works in a folder already."""
    from ..jobs.job import BuildJob
    from ..jobs.settings import remember_job

    job = BuildJob(session, folder, name, view, device=runs_on(folder))
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
    if job.outcome == "queued" and free_now(session, job.device, but=job):
        text = f"critasser {job.name} is job {job.id} in {job.folder}; its map is being written"
        tell(session, text, (("critasser stop", job.id), "stop it"))
    elif job.outcome == "queued":
        until = f"the {'GPU' if job.device == 'gpu' else 'processor'} is free"
        if installing(session):
            until = "the installation is over"
        text = (
            f"critasser {job.name} waits as job {job.id} in {job.folder} until {until}; it starts "
            "by itself"
        )
        tell(session, text, (("critasser stop", job.id), "take it back"))
    else:
        text = f"critasser {job.name} runs as job {job.id} in {job.folder}"
        tell(session, text, (("critasser stop", job.id), "stop it"))
