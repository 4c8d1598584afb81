"""Warnings and notes of an engine as it writes them into its log, long before its results."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from ..session.files import open_regular
from ..session.quoting import one_line

__all__ = ["WarningReader"]

_AT_ONCE = 1 << 20
"""Bytes of the log that are read in one go."""

_LONGEST_LINE = 64 << 10
"""Bytes of the longest line of a log; one without an end is not waited for."""

_MOST = 100
"""Warnings that are told; the log has them all."""

_WARNING = re.compile(r"\d\d:\d\d:\d\d warning: (.+)")


class WarningReader:
    """Follows a growing `log.txt`.

    Parameters
    ----------
    folder : Path
    skip : bool
        Leave out what is there already, the lines of an earlier run.
    """

    def __init__(self, folder: Path, *, skip: bool = False) -> None:
        self._path = folder / "log.txt"
        self._offset = 0
        self._rest = b""
        self.found: list[str] = []
        if skip:
            with contextlib.suppress(OSError):
                self._offset = self._path.stat().st_size

    def read(self) -> list[str]:
        """Warnings that have come since the last call, each but once."""
        try:
            with open_regular(self._path) as file:
                file.seek(self._offset)
                fresh = file.read(_AT_ONCE)
        except OSError:
            return []
        self._offset += len(fresh)
        *lines, self._rest = (self._rest + fresh).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            self._rest = b""
        new: list[str] = []
        for line in lines:
            match = _WARNING.match(line.decode("utf-8", errors="replace"))
            text = one_line(match[1]) if match is not None else ""
            if text and text not in self.found and len(self.found) < _MOST:
                self.found.append(text)
                new.append(text)
        return new
