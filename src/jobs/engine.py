"""Where the engine's Python is, and how it is called."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from chimerax.core.errors import UserError

from .settings import settings

__all__ = [
    "build_command",
    "check_python",
    "configured_python",
    "engine_command",
    "environment",
]

_OURS = ("PYTHONHOME", "PYTHONSTARTUP", "PYTHONNOUSERSITE", "PYTHONEXECUTABLE", "SSL_CERT_FILE")
"""Variables that ChimeraX sets, or that make sense to its own Python only."""


def engine_folder() -> Path:
    """The folder of the bundle that holds the package `critasser`."""
    return Path(__file__).resolve().parents[1] / "engine"


def environment() -> dict[str, str]:
    """What the engine's process is to find in its environment.

    Everything that is there, because macOS needs it, except for what is meant for ChimeraX's own
    Python; `PYTHONPATH` leads to the bundle's engine and nowhere else.
    """
    found = {name: value for name, value in os.environ.items() if name not in _OURS}
    found.update(
        PYTHONPATH=str(engine_folder()),
        PYTHONUNBUFFERED="1",
        PYTHONIOENCODING="utf-8",
        # Bytecode and compiled kernels are kept beside their modules unless told otherwise; there
        # they would be left behind when the bundle is uninstalled.
        PYTHONDONTWRITEBYTECODE="1",
        NUMBA_CACHE_DIR=os.environ.get("NUMBA_CACHE_DIR") or str(_cache_folder()),
    )
    return found


def _cache_folder() -> Path:
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home())
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "critasser" / "numba"


def check_python(python: Path) -> str:
    """Version of the engine as this Python runs it.

    Raises
    ------
    UserError
        It does not run the engine; the reason and the remedy are in the message.
    """
    command = [str(python), "-m", "critasser", "--version"]
    try:
        done = subprocess.run(
            command,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=120,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"{python} did not start the engine within two minutes") from None
    except OSError as error:
        raise UserError(f"{python} cannot be run: {error.strerror}") from None
    said = done.stdout.strip()
    if done.returncode or not said.startswith("critasser "):
        reason = (done.stderr.strip().splitlines() or [said or "no reason given"])[-1]
        raise UserError(
            f"{python} does not run the engine: {reason}. Give the Python of an environment in "
            "which Critasser is installed (its requirements are torch, numba, OpenMM …)"
        )
    return said.removeprefix("critasser ")


def configured_python(session) -> Path:
    """The Python that was set by `critasser location`, checked anew.

    Raises
    ------
    UserError
        None was set, or it works no longer.
    """
    python = settings(session).python
    if not python:
        raise UserError(
            "Critasser does not know yet which Python runs its engine: give it once by\n"
            "critasser location /path/to/environment/bin/python"
        )
    try:
        check_python(Path(python))
    except UserError as error:
        raise UserError(
            f"{error}. Mend it, or give another by: critasser location PYTHON"
        ) from None
    return Path(python)


def build_command(python: Path, *arguments: str | os.PathLike) -> list[str]:
    """Command line of `critasser build` with these arguments."""
    return engine_command(python, "build", *arguments)


def engine_command(python: Path, command: str, *arguments: str | os.PathLike) -> list[str]:
    """Command line of one of the engine's commands with these arguments."""
    return [str(python), "-m", "critasser", command, *map(str, arguments)]
