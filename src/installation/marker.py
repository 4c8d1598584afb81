"""A folder that `critasser install` has made, known by the file that it keeps there.

Only such a folder is ever mended or removed, and of it only what an environment consists of.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

from chimerax.core.errors import UserError

from ..session.files import read_json
from ..session.locks import this_process, worker
from ..session.quoting import command_text

__all__ = [
    "check_removable",
    "claim",
    "clear",
    "default_folder",
    "folder_size",
    "install_command",
    "read_marker",
    "release",
    "remove",
    "scratch",
    "write_marker",
]

_MARKER = "critasser-engine.json"
_OURS = ("Include", "Lib", "Scripts", "bin", "include", "lib", "lib64", "man", "share", "etc",
         "pyvenv.cfg", ".gitignore", "scratch", "log.txt", "lock")  # fmt: skip
"""All that an environment consists of, the marker aside."""


def default_folder() -> Path:
    """Where the environment is unless a folder is given; short, for Windows limits paths."""
    return Path.home() / "critasser" / "engine"


def install_command(folder: Path) -> str:
    """The command that makes or mends an environment in a folder."""
    if folder == default_folder():
        return "critasser install"
    return command_text("critasser install", folder)


def read_marker(folder: Path) -> dict[str, Any] | None:
    """What is known of an environment of ours; None for any other folder."""
    content = read_json(folder / _MARKER)
    return content if content is not None and content.get("made_by") == "critasser" else None


def write_marker(folder: Path, **content: Any) -> None:
    """Keep what is known, by atomic rename."""
    part = folder / f".{_MARKER}.part"
    text = json.dumps({"made_by": "critasser", **content}, indent=1)
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(folder / _MARKER)


def scratch(folder: Path) -> Path:
    """Where pip unpacks: on the disk that was found large enough, and cleared afterwards."""
    return folder / "scratch"


def claim(folder: Path) -> None:
    """Make the folder ours, unless it belongs to somebody else or is at work.

    Raises
    ------
    UserError
        It is another's, another ChimeraX works in it, or it cannot be written to.
    """
    if os.path.lexists(folder) and not folder.is_dir():
        raise UserError(f"{folder} is no folder")
    if folder.is_dir() and read_marker(folder) is None and any(folder.iterdir()):
        raise UserError(
            f"{folder} is not empty and was not made by critasser install: give another folder, "
            "or, if it is an environment that has what the engine needs: critasser location"
        )
    _check_idle(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if read_marker(folder) is None:
            write_marker(folder, state="begun")
        (folder / "lock").write_text(json.dumps(this_process()), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{folder}: cannot write there, {error.strerror}") from None


def _check_idle(folder: Path) -> None:
    if worker(folder) is not None:
        raise UserError(f"critasser install is at work in {folder}: stop it, or wait for it")


def check_removable(folder: Path) -> None:
    """Refuse to touch a folder that is not ours.

    Raises
    ------
    UserError
        It carries no marker of ours, or is at work.
    """
    if folder.is_symlink() or read_marker(folder) is None:
        raise UserError(f"{folder} was not made by critasser install, and is left alone")
    _check_idle(folder)


def release(folder: Path) -> None:
    """Let go of a folder, and leave nothing behind that pip was unpacking."""
    shutil.rmtree(scratch(folder), ignore_errors=True)
    with contextlib.suppress(OSError):
        (folder / "lock").unlink()


def clear(folder: Path) -> list[str]:
    """Remove what an environment consists of, the marker aside.

    Returns
    -------
    list of str
        What else is there, and stays.
    """
    for name in _OURS:
        path = folder / name
        if name == "lock" or not os.path.lexists(path):
            continue
        if path.is_dir() and not path.is_symlink():
            _remove_tree(path)
        else:
            path.unlink()
    known = {_MARKER, "lock"}
    return sorted(path.name for path in folder.iterdir() if path.name not in known)


def remove(folder: Path) -> list[str]:
    """Remove an environment; only one that carries our marker.

    Returns
    -------
    list of str
        What was not ours in it; then the folder stays with that.

    Raises
    ------
    UserError
        It is not ours, or something in it cannot be removed.
    """
    check_removable(folder)
    try:
        left = clear(folder)
        for name in ("lock", _MARKER):
            (folder / name).unlink(missing_ok=True)
        if not left:
            folder.rmdir()
    except OSError as error:
        raise UserError(
            f"{folder}: {error.filename or 'a file'} cannot be removed, {error.strerror}. "
            "Close what uses it, then give the same command again"
        ) from None
    return left


def _remove_tree(path: Path) -> None:
    """As `shutil.rmtree`, which follows no links, with patience for virus scanners."""
    for pause in (0.5, 2.0, None):
        try:
            shutil.rmtree(path)
            return
        except OSError:
            if pause is None:
                raise
            time.sleep(pause)


def folder_size(folder: Path) -> int:
    """Bytes of all files in a folder, links not followed."""
    total = 0
    for where, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(where, name)).st_size
            except OSError:
                continue
    return total
