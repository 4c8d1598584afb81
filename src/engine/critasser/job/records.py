"""Files of unknown origin: JSON, checksums, and lines that are added to a file.

What lies in a job folder may be anything: a pipe, a device, a link out of it, a file of any size.
Only regular files are opened here, and only up to a size.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from critasser.errors import InputError
from critasser.writing import appearing

__all__ = [
    "append_text",
    "as_json",
    "checksum",
    "is_marker",
    "open_to_append",
    "opened_regular",
    "plain",
    "read_bytes",
    "read_json",
    "write_json",
]

LARGEST_JSON = 16 << 20
"""Bytes; `results.json` of the largest job has less than one million."""

LARGEST_NUMBER = 1e18
"""What no number of a marker reaches; JSON knows numbers that are none, such as 1e400."""

_BLOCK = 1 << 20
"""Bytes read at once."""

_NO_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_BINARY = getattr(os, "O_BINARY", 0)


@contextlib.contextmanager
def opened_regular(path: Path) -> Iterator[BinaryIO | None]:
    """Open a regular file for reading; None where there is none, without waiting for a pipe."""
    file = None
    try:
        # Before it is opened too: some devices do something when they are.
        if stat.S_ISREG(path.stat().st_mode):
            file = os.fdopen(os.open(path, os.O_RDONLY | _NO_WAITING | _BINARY), "rb")
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                file.close()
                file = None
    except (OSError, ValueError):
        file = None
    if file is None:
        yield None
        return
    with file:
        yield file


def read_bytes(path: Path, most: int) -> bytes | None:
    """The content of a regular file of at most so many bytes, or None."""
    with opened_regular(path) as file:
        if file is None:
            return None
        try:
            content = file.read(most + 1)
        except OSError:
            return None
    return content if len(content) <= most else None


def append_text(path: Path, text: str) -> None:
    """Add text to a regular file, which is made where there is none.

    Raises
    ------
    InputError
        There is something else than a regular file.
    OSError
        It cannot be written.
    """
    handle = open_to_append(path)
    try:
        content = text.encode("utf-8", errors="backslashreplace")
        while content:
            content = content[os.write(handle, content) :]
    finally:
        os.close(handle)


def open_to_append(path: Path) -> int:
    """Open a regular file, or make one, to write at its end; gives the file descriptor.

    Raises
    ------
    InputError
        There is something else than a regular file.
    OSError
        It cannot be opened.
    """
    try:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | _NO_WAITING | _BINARY
        handle = os.open(path, flags, 0o644)
    except OSError as error:
        if path.exists() and not path.is_file():
            raise InputError(f"{path}: is no plain file; remove it") from error
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise InputError(f"{path}: is no plain file; remove it")
    return handle


def write_json(path: Path, content: object) -> None:
    """Write JSON by atomic rename; NaN and infinity become null."""
    with appearing(path) as temporary:
        temporary.write_text(as_json(plain(content), indent=1) + "\n", encoding="utf-8")


def as_json(content: object, indent: int | None = None) -> str:
    """JSON that is valid UTF-8 whatever the texts in it: names of files may not be."""
    text = json.dumps(content, indent=indent, ensure_ascii=False, allow_nan=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(content, indent=indent, ensure_ascii=True, allow_nan=False)
    return text


def read_json(path: Path) -> dict[str, Any] | None:
    """A JSON object of a regular file, or None where there is none that can be read."""
    content = read_bytes(path, LARGEST_JSON)
    if content is None:
        return None
    try:
        found = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def plain(value: object) -> object:
    """Arrays, numpy numbers, tuples and paths as what JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return value


def checksum(path: Path) -> str:
    """SHA-256 of a regular file's content.

    Raises
    ------
    InputError
        It is none, or cannot be read.
    """
    digest = hashlib.sha256()
    with opened_regular(path) as file:
        if file is None:
            raise InputError(f"{path}: no plain file that can be read")
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


_MARKER = {
    "key": str,
    "outputs": dict,
    "artifacts": dict,
    "seconds": (int, float),
    "cpu_seconds": (int, float),
    "peak_memory_bytes": (int, float),
    "warnings": list,
    "summary": dict,
}
"""What the marker of a finished stage holds."""


def is_marker(content: Mapping[str, Any]) -> bool:
    """Whether a JSON object is the marker of a finished stage, with numbers that are finite."""
    if any(not isinstance(content.get(name), kind) for name, kind in _MARKER.items()):
        return False
    texts = [*content["outputs"].values(), *content["warnings"]]
    for pair in content["artifacts"].values():
        if not isinstance(pair, list) or len(pair) != 2:
            return False
        texts.extend(pair)
    numbers = [content[name] for name in ("seconds", "cpu_seconds", "peak_memory_bytes")]
    numbers += [number for number in content["summary"].values() if isinstance(number, float)]
    return all(isinstance(text, str) for text in texts) and all(
        not isinstance(number, bool) and abs(number) < LARGEST_NUMBER for number in numbers
    )
