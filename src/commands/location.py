"""``critasser location``: the Python that runs the engine."""

from __future__ import annotations

import os
from pathlib import Path

from chimerax.core.errors import UserError

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    from chimerax.core.commands import CmdDesc, OpenFileNameArg

    return CmdDesc(
        optional=[("python", OpenFileNameArg)],
        synopsis="Show or set the Python that runs the engine",
    )


def command(session, python=None):
    """Show which Python runs the engine, or set it once it has been seen to do so.

    Parameters
    ----------
    session : chimerax.core.session.Session
    python : str, optional
        The program, or the folder of its environment.

    Returns
    -------
    Path or None
    """
    from ..jobs.engine import check_python
    from ..jobs.settings import settings

    kept = settings(session)
    if python is None:
        if not kept.python:
            session.logger.info(
                "Critasser does not know yet which Python runs its engine; give it by: "
                "critasser location /path/to/environment/bin/python"
            )
            return None
        version = check_python(Path(kept.python))
        session.logger.info(f"Critasser {version} is run by {kept.python}")
        return Path(kept.python)
    # Not resolved: an environment's python is a link, and followed it would leave the environment.
    path = Path(os.path.abspath(os.path.expanduser(python)))
    if path.is_dir():
        path = _of_environment(path)
    version = check_python(path)
    kept.python = str(path)
    kept.save("python")
    session.logger.info(f"Critasser {version} will be run by {path}")
    return path


def _of_environment(folder: Path) -> Path:
    for relative in ("bin/python", "Scripts/python.exe", "python.exe"):
        if (folder / relative).exists():
            return folder / relative
    raise UserError(f"{folder} is no environment of Python: there is no python in it")
