"""Find a Python to make an environment from: ChimeraX's own, or another one here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from chimerax.core.errors import UserError

from ..session.platforms import interpreter_beside, run_quietly

__all__ = ["Interpreter", "candidates", "find_interpreter"]

OLDEST, NEWEST = (3, 10), (3, 13)
"""Versions for which all packages that the engine needs have wheels."""

_SCRIPT = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"


@dataclass(frozen=True)
class Interpreter:
    """A Python that can make environments.

    Attributes
    ----------
    path : Path
    version : tuple of int
        Major and minor.
    """

    path: Path
    version: tuple[int, int]


def candidates(system: str = sys.platform) -> Iterator[Path]:
    """Pythons that may do, the likeliest first.

    `sys.executable` is ChimeraX itself in an installed ChimeraX; its interpreter lies beside.
    """
    own = Path(os.path.realpath(sys.executable))
    yield interpreter_beside(own, sys.version_info[:2], system)
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            yield Path(found)
    for name in ("python3", "python"):
        found = shutil.which(name)
        if found:
            yield Path(found)


def find_interpreter(
    given: Path | None = None, ask: Callable[[Path], str] | None = None
) -> Interpreter:
    """The first Python that does.

    Parameters
    ----------
    given : Path, optional
        The only one to try.
    ask : function, optional
        Tells a Python's version, as ``3.11``; raises ValueError with a reason.

    Raises
    ------
    UserError
        None does; the message tells why each does not.
    """
    ask = ask or _ask
    reasons = []
    for path in [given] if given is not None else candidates():
        try:
            version = tuple(int(part) for part in ask(path).split("."))
        except ValueError as error:
            reasons.append(f"{path}: {error}")
            continue
        if OLDEST <= version <= NEWEST:
            return Interpreter(path, version)
        reasons.append(f"{path}: version {'.'.join(map(str, version))}")
    raise UserError(
        "no Python from 3.10 to 3.13 that can make an environment was found "
        f"({'; '.join(dict.fromkeys(reasons))}). Install one, from python.org or by your system's "
        "packages (on Debian and Ubuntu also python3-venv), then: critasser install python PATH"
    )


def _ask(path: Path) -> str:
    if not path.is_file():
        raise ValueError("not there")
    try:
        done = run_quietly([str(path), "-I", "-c", _SCRIPT], timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ValueError(f"does not run ({type(error).__name__})") from None
    lines = (done.stderr if done.returncode else done.stdout).strip().splitlines()
    if done.returncode or not lines:
        raise ValueError(lines[-1] if lines else f"exit status {done.returncode}")
    return lines[-1]
