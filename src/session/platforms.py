"""Differences between Linux, macOS and Windows, as functions of the name of the platform.

`system` is `sys.platform` throughout: ``linux``, ``darwin`` or ``win32``.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import PurePath, PurePosixPath, PureWindowsPath

__all__ = [
    "cache_folder",
    "environment_python",
    "interpreter_beside",
    "kill_command",
    "process_options",
    "site_packages",
]

# Named by number, since `subprocess` knows these names on Windows only.
_NEW_PROCESS_GROUP = 0x00000200
_NO_WINDOW = 0x08000000


def environment_python(folder: PurePath, system: str = sys.platform) -> PurePath:
    """The Python of a virtual environment."""
    return folder / "Scripts" / "python.exe" if system == "win32" else folder / "bin" / "python"


def site_packages(
    folder: PurePath, version: tuple[int, int], system: str = sys.platform
) -> PurePath:
    """Where a virtual environment of this version of Python keeps its packages."""
    if system == "win32":
        return folder / "Lib" / "site-packages"
    return folder / "lib" / f"python{version[0]}.{version[1]}" / "site-packages"


def interpreter_beside(
    program: PurePath, version: tuple[int, int], system: str = sys.platform
) -> PurePath:
    """The Python interpreter of the ChimeraX whose program this is.

    The program may be ChimeraX itself or already a Python; links are to be resolved before. Its
    interpreter lies in the same folder, on macOS in `Contents/bin` beside `Contents/MacOS`.
    """
    if system == "win32":
        return program.parent / "python.exe"
    name = f"python{version[0]}.{version[1]}"
    if system == "darwin" and program.parent.name == "MacOS":
        return program.parent.parent / "bin" / name
    return program.parent / name


def cache_folder(
    environ: Mapping[str, str], home: PurePath, system: str = sys.platform
) -> PurePath:
    """Where compiled kernels are kept from one run to the next."""
    kind = PureWindowsPath if system == "win32" else PurePosixPath
    if system == "win32":
        base = kind(environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif system == "darwin":
        base = kind(home / "Library" / "Caches")
    else:
        base = kind(environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "critasser" / "numba"


def process_options(system: str = sys.platform) -> dict:
    """Keywords of `subprocess.Popen` for a process with a group of its own and no window.

    A new session is made by `setsid` in the child, in C: no Python code runs between fork and exec.
    """
    if system == "win32":
        return {"creationflags": _NEW_PROCESS_GROUP | _NO_WINDOW}
    return {"start_new_session": True}


def kill_command(pid: int) -> list[str]:
    """What ends a process with all its children on Windows, where there are no signals."""
    return ["taskkill", "/F", "/T", "/PID", str(pid)]


def run_quietly(command: list[str], **keywords) -> subprocess.CompletedProcess:
    """Run a short command without a window; its output as text, whatever bytes it is."""
    options = process_options()
    options.pop("start_new_session", None)
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        **options,
        **keywords,
    )
