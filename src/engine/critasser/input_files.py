"""Open a person's files: regular ones only, gzipped or not, and no more of them than is asked."""

from __future__ import annotations

import gzip
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from critasser.errors import InputError

__all__ = ["opened", "read_bytes"]

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
OTHER_PACKINGS = {
    b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd", b"7z\xbc\xaf": "7z",
    b"Rar!": "rar", ZIP_MAGIC: "zip (as documents of Word are)",
}  # fmt: skip
"""First bytes of files that are packed otherwise than by gzip."""

OTHER_CONTENTS = {
    b"<!doctype html": "is a web page and not the file itself: the download failed, repeat it",
    b"<html": "is a web page and not the file itself: the download failed, repeat it",
    b"version https://git-lfs": "is a pointer of Git LFS and not the file itself: get that by "
    "git lfs pull",
    b"<?xml version='1.0' encoding='UTF-8'?><Error>".lower(): "is what a server said in place of "
    "the file: the download failed, check its address",
}
"""First bytes, in small letters, of what lies in the place of a file; what to do about each."""

HOW = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Without waiting: a named pipe that nobody writes to would hold us for ever."""


@contextmanager
def opened(path: str | os.PathLike, *, archive: bool = False) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked where gzipped.

    Parameters
    ----------
    path : path
    archive : bool
        It may be packed by zip, and is given as it is.

    Yields
    ------
    binary file
        A `gzip.GzipFile` where the file is gzipped, whatever its name is.

    Raises
    ------
    InputError
        There is no such file, or it cannot be read; it is a folder, a named pipe or a device; it
        is damaged, also where that shows only while the block reads it.
    """
    path = Path(path)
    try:
        handle = os.open(path, HOW)
    except ValueError:
        raise InputError(f"{str(path)!r} is no path: it holds a NUL character.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        raise InputError(f"{path} is {_special(mode)}, not a file: give a file.")
    with os.fdopen(handle, "rb") as file:
        try:
            first = file.read(max(map(len, (*OTHER_PACKINGS, *OTHER_CONTENTS))))
            packed = first.startswith(GZIP_MAGIC)
            for magic, program in OTHER_PACKINGS.items():
                if first.startswith(magic) and not (archive and magic == ZIP_MAGIC):
                    raise InputError(f"{path} is packed by {program}: unpack it first.")
            for begin, what in OTHER_CONTENTS.items():
                if first.lstrip().lower().startswith(begin):
                    raise InputError(f"{path} {what}.")
            file.seek(0)
            if packed:
                with gzip.open(file) as unpacked:
                    yield unpacked
            else:
                yield file
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(
                f"{path} is cut off or damaged ({error}): copy or download it again."
            ) from None
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None


def read_bytes(path: str | os.PathLike, max_bytes: int, remedy: str) -> bytes:
    """The content of a file, unpacked; errors as `opened`.

    Parameters
    ----------
    path : path
    max_bytes : int
        Largest size, unpacked; no more than that is unpacked.
    remedy : str
        What to do with a larger file, for the message.

    Raises
    ------
    InputError
        Also where the file is larger.
    """
    with opened(path) as file:
        raw = file.read(max_bytes + 1)
    if len(raw) > max_bytes:
        raise InputError(f"{path} is larger than {max_bytes / 2**20:.3g} MB: {remedy}")
    return raw


def _special(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a directory"
    return "a named pipe" if stat.S_ISFIFO(mode) else "a device or socket"
