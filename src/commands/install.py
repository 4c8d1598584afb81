"""``critasser install``: make the Python environment in which the engine runs."""

from __future__ import annotations

import os
from pathlib import Path

from chimerax.core.commands import (
    BoolArg,
    CmdDesc,
    EnumOf,
    OpenFileNameArg,
    OpenFolderNameArg,
    SaveFolderNameArg,
)
from chimerax.core.errors import UserError

from ..installation.installer import Installation
from ..installation.marker import default_folder, read_marker
from ..installation.removal import Removal
from ..jobs.engine_job import jobs_of
from ..jobs.starting import waits
from ..session.settings import settings

__all__ = ["command", "description"]

DEVICES = ("auto", "cpu", "gpu", "cu118", "cu126", "cu128", "cu130")


def description():
    """How the command is typed."""
    return CmdDesc(
        optional=[("folder", SaveFolderNameArg)],
        keyword=[
            ("device", EnumOf(DEVICES)),
            ("wheels", OpenFolderNameArg),
            ("python", OpenFileNameArg),
            ("remove", BoolArg),
            ("wait", BoolArg),
        ],
        synopsis="Install what the engine needs, in an environment of its own",
    )


def command(
    session, folder=None, *, device="auto", wheels=None, python=None, remove=False, wait=None
):
    """Make, mend or remove the engine's environment.

    Parameters
    ----------
    session : chimerax.core.session.Session
    folder : str, optional
        Where; unless given, where it is already, or ``~/critasser/engine``.
    device : str
        For which device torch is installed: ``auto`` looks for a GPU, ``cpu`` takes the smallest
        build, ``gpu`` insists on one; or a build by its name.
    wheels : str, optional
        A folder of wheels to use instead of the network.
    python : str, optional
        The Python to make the environment from; ChimeraX's own unless given.
    remove : bool
        Remove it instead.
    wait : bool, optional
        Come back when it is done; by default in scripts and without a GUI.

    Returns
    -------
    BackgroundWork
        The task.

    Raises
    ------
    UserError
        The folder is not ours to use, a build runs there, and so on.
    """
    place = _place(session, folder)
    _check_unused(session, place)
    if remove:
        work = Removal(session, place)
    else:
        if wheels is not None:
            wheels = _absolute(wheels)
            if not any(wheels.glob("*.whl")):
                raise UserError(f"{wheels} holds no wheels (*.whl)")
        base = None if python is None else _absolute(python)
        work = Installation(session, place, device, wheels, base)
        session.logger.info(f"critasser install: the engine's environment in {place}")
    work.start()
    if waits(session, wait):
        work.wait()
    return work


def _absolute(path: str) -> Path:
    """Not resolved: an environment's python is a link, and followed it would lead elsewhere."""
    return Path(os.path.abspath(os.path.expanduser(path)))


def _place(session, folder: str | None) -> Path:
    if folder is not None:
        return _absolute(folder)
    python = settings(session).python
    if python and read_marker(Path(python).parent.parent) is not None:
        return Path(python).parent.parent
    return default_folder()


def _check_unused(session, folder: Path) -> None:
    """Packages are not to be changed under an engine that runs."""
    python = settings(session).python
    if not python or not Path(python).is_relative_to(folder):
        return
    waiting = [job.id for job in jobs_of(session) if job.outcome in ("queued", "running")]
    if waiting:
        numbers = ", ".join(map(str, waiting))
        raise UserError(
            f"builds run in this environment or wait to (job {numbers}): stop or await them first"
        )
