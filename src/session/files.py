"""Files that may come from anywhere: read with a bound, written only where they are meant to be.

Only regular files are read, for a pipe in place of one would never end, nor would a device. A file
in a job's folder is written by a new one that takes its place, so that no link leads elsewhere.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

__all__ = [
    "append_to",
    "as_number",
    "inside",
    "open_regular",
    "read_json",
    "read_regular",
    "touch_inside",
    "write_inside",
]

LARGEST_JSON = 16 << 20
"""Bytes of the largest description or result of a job, hundreds of times what one takes."""

_NOT_BLOCKING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""A pipe is opened at once, to be seen as one; Windows would translate ends of lines."""

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def open_regular(path: Path) -> BinaryIO:
    """Open a file to be read.

    Raises
    ------
    OSError
        It is not there, may not be read, is not a regular file, or no file has such a name.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        file = os.fdopen(os.open(path, os.O_RDONLY | _NOT_BLOCKING), "rb")
    except ValueError as error:  # NUL, or halves of pairs
        raise OSError(errno.EINVAL, "no file has such a name", repr(path)) from error
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # another one by now
        file.close()
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return file


def read_regular(path: Path, most: int) -> bytes:
    """All of a file.

    Parameters
    ----------
    path : Path
    most : int
        Bytes of the largest that is read.

    Raises
    ------
    OSError
        As `open_regular`, or it is larger.
    """
    with open_regular(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it has more than {most} bytes", str(path))
    return content


def read_json(path: Path) -> dict[str, Any] | None:
    """A JSON object, or None where there is none that can be read."""
    try:
        content = json.loads(read_regular(path, LARGEST_JSON).decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def inside(folder: Path, relative: str) -> Path | None:
    """The file at a path that a job folder names; None unless it is a regular file in it."""
    if not relative or os.path.isabs(relative):
        return None
    try:
        path = (folder / relative).resolve()
        return path if path.is_relative_to(folder.resolve()) and path.is_file() else None
    except (OSError, ValueError, RuntimeError):  # no name of a file; links in a circle
        return None


def write_inside(folder: Path, relative: str, text: str) -> None:
    """Write a file of a folder, by a new one that takes its place.

    Raises
    ------
    OSError
        It cannot be written, or the place for it leads out of the folder.
    """
    path = folder / relative
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        raise OSError(errno.ELOOP, "it leads out of the folder", str(path.parent))
    part = path.with_name(f".part-{path.name}")
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    with part.open("x", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)


def touch_inside(folder: Path, name: str) -> None:
    """Make an empty file in a folder, unless something of that name is there already.

    Raises
    ------
    OSError
        It cannot be made, or is a link.
    """
    flags = os.O_WRONLY | os.O_CREAT | _NO_LINK | _NOT_BLOCKING
    os.close(os.open(folder / name, flags, 0o666))


def append_to(path: Path) -> BinaryIO:
    """Open a file to be written on at its end.

    Raises
    ------
    OSError
        It cannot be written, or is something else than a regular file.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | _NO_LINK | _NOT_BLOCKING
    file = os.fdopen(os.open(path, flags, 0o666), "ab")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return file


def as_number(value: Any) -> float | None:
    """A finite number of JSON, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if abs(number) < float("inf") else None
