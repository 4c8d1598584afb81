"""``critasser location``: show or set the Python that runs the engine."""

from __future__ import annotations

import os
from pathlib import Path

from chimerax.core.commands import BoolArg, CmdDesc, FileNameArg
from chimerax.core.errors import UserError

from ..installation.device_look import DeviceLook
from ..installation.environment import examine, remember
from ..jobs.starting import waits
from ..session.platforms import environment_python
from ..session.settings import settings

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(
        optional=[("python", FileNameArg)],
        keyword=[("wait", BoolArg)],
        synopsis="Show or set the Python that runs the engine",
    )


def command(session, python=None, *, wait=None):
    """Show which Python runs the engine, or set it once it has been seen to do so.

    Parameters
    ----------
    session : chimerax.core.session.Session
    python : str, optional
        The program, or the folder of its environment.
    wait : bool, optional
        Come back when its torch has told on what it computes, which takes seconds; by default in
        scripts and without a GUI. Otherwise that is logged later.

    Returns
    -------
    Path or None
    """
    kept = settings(session)
    if python is None and not kept.python:
        session.logger.info(
            "Critasser's engine is not installed yet: critasser install, or, for an environment "
            "of your own: critasser location /path/to/environment"
        )
        return None
    path = Path(kept.python) if python is None else _program(python)
    found = examine(path)
    if python is not None:
        kept.python = str(path)
        kept.save("python")
    remember(session, path, found)
    version = ".".join(map(str, found.python))
    said = "is run by" if python is None else "will be run by"
    session.logger.info(
        f"Critasser {found.engine} {said} {path} (Python {version}, torch "
        f"{found.versions.get('torch')}), which has all that this version of the bundle needs"
    )
    look = DeviceLook(session, path)
    look.start()
    if waits(session, wait):
        look.wait()
    return path


def _program(given: str) -> Path:
    """The program of what was typed."""
    # Not resolved: an environment's python is a link, and followed it would leave the environment.
    path = Path(os.path.abspath(os.path.expanduser(given)))
    if not path.is_dir():
        return path
    for program in (environment_python(path), path / "bin" / "python", path / "python.exe"):
        if program.exists():
            return program
    raise UserError(f"{path} is no environment of Python: there is no python in it")
