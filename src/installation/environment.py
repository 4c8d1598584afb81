"""Find the engine's Python, check it, and make the command lines that run the engine."""

from __future__ import annotations

import os
from pathlib import Path

from chimerax.core.errors import UserError

from ..session.platforms import cache_folder
from ..session.settings import settings
from .marker import install_command, read_marker
from .probe import Probe, fingerprint, probe
from .requirements import names, requirements_hash, requirements_lines, unmet

__all__ = [
    "check_python",
    "configured_python",
    "engine_command",
    "environment",
    "engine_folder",
    "examine",
    "remember",
    "requirements_file",
]

_OURS = ("PYTHONHOME", "PYTHONSTARTUP", "PYTHONNOUSERSITE", "PYTHONEXECUTABLE", "SSL_CERT_FILE")
"""Variables that ChimeraX sets, or that make sense to its own Python only."""


def engine_folder() -> Path:
    """The folder of the bundle that holds the package `critasser`."""
    return Path(__file__).resolve().parents[1] / "engine"


def requirements_file() -> Path:
    """The list of what the engine needs."""
    return engine_folder() / "requirements.txt"


def environment() -> dict[str, str]:
    """What the engine's process is to find in its environment.

    Everything that is there, because macOS needs it, except for what is meant for ChimeraX's own
    Python; `PYTHONPATH` leads to the bundle's engine and nowhere else.
    """
    found = {name: value for name, value in os.environ.items() if name not in _OURS}
    found.update(
        PYTHONPATH=str(engine_folder()),
        # From 3.11 on Python then imports nothing from the folder that it is started in.
        PYTHONSAFEPATH="1",
        PYTHONUNBUFFERED="1",
        PYTHONIOENCODING="utf-8",
        # Bytecode and compiled kernels are kept beside their modules unless told otherwise; there
        # they would be left behind when the bundle is uninstalled.
        PYTHONDONTWRITEBYTECODE="1",
        NUMBA_CACHE_DIR=os.environ.get("NUMBA_CACHE_DIR")
        or str(cache_folder(os.environ, Path.home())),
    )
    return found


def check_python(python: Path) -> str:
    """Version of the engine as this Python runs it, if it has all that the engine needs.

    Raises
    ------
    UserError
        It does not run the engine; the reason and the remedy are in the message.
    """
    return examine(python).engine


def examine(python: Path) -> Probe:
    """Look at a Python closely: a tenth of a second, or some seconds where disks are slow.

    Raises
    ------
    UserError
        It does not run the engine, or lacks something; reason and remedy are in the message.
    """
    lines = requirements_lines(requirements_file())
    try:
        found = probe(python, names(lines), environment())
    except UserError as error:
        raise UserError(f"{error}. {_remedy(python)}") from None
    if lacking := unmet(lines, found.versions):
        raise UserError(
            f"{python} does not suit this version of Critasser: {', '.join(lacking)}. "
            f"{_remedy(python)}"
        )
    return found


def remember(session, python: Path, found: Probe) -> None:
    """Keep for later that this Python was found right."""
    mark = fingerprint(python, found.site, _state())
    settings(session).checked = mark or []


def configured_python(session) -> Path:
    """The Python that `critasser install` or `critasser location` has set, still in order.

    What was found right once is taken to be so while neither interpreter, nor packages, nor the
    bundle's requirements have changed: two calls of `stat`.

    Raises
    ------
    UserError
        None was set, or it works no longer.
    """
    kept = settings(session)
    if not kept.python:
        raise UserError(
            "Critasser's engine is not installed yet; once: critasser install\n"
            "(or, for an environment of your own that has what it needs: "
            "critasser location /path/to/environment)"
        )
    python = Path(kept.python)
    checked = kept.checked
    if len(checked) > 1 and checked == fingerprint(python, checked[1], _state()):
        return python
    remember(session, python, examine(python))
    return python


def _state() -> str:
    """What must not have changed on the bundle's side."""
    return f"{requirements_hash(requirements_file())} {engine_folder()}"


def _remedy(python: Path) -> str:
    """How to mend the environment of this Python."""
    folder = python.parent.parent
    if read_marker(folder) is not None:
        return f"Mend it by: {install_command(folder)}"
    return (
        "Make an environment by: critasser install\nor install there what is needed: "
        f'"{python}" -m pip install -r "{requirements_file()}"'
    )


def engine_command(python: Path, command: str, *arguments: str | os.PathLike) -> list[str]:
    """Command line of one of the engine's commands with these arguments."""
    return [str(python), "-m", "critasser", command, *map(str, arguments)]
