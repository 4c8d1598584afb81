"""Read a text file by lines while another process writes it."""

from __future__ import annotations

import contextlib
from pathlib import Path

from .files import open_regular

__all__ = ["GrowingFile"]

_LONGEST_LINE = 1 << 20
"""Bytes of the longest line; one without an end is not waited for."""


class GrowingFile:
    """Gives each line once, when it is complete.

    Parameters
    ----------
    path : Path
        Need not be there yet.
    skip : bool
        Leave out what is there already, the lines of an earlier run.
    largest : int, optional
        Bytes from the file's beginning after which nothing is read any more.
    """

    def __init__(self, path: Path, *, skip: bool = False, largest: int | None = None) -> None:
        self._path = path
        self._largest = largest
        self._offset = 0
        self._rest = b""
        if skip:
            with contextlib.suppress(OSError):
                self._offset = path.stat().st_size

    def lines(self, most: int) -> list[bytes]:
        """Lines that were completed since the last call, without their ends.

        Parameters
        ----------
        most : int
            Bytes to read.
        """
        if self._largest is not None:
            most = min(most, max(self._largest - self._offset, 0))
        try:
            with open_regular(self._path) as file:
                file.seek(self._offset)
                fresh = file.read(most)
        except OSError:
            return []
        self._offset += len(fresh)
        *lines, self._rest = (self._rest + fresh).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            self._rest = b""
        return lines
