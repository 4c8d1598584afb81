"""Warnings and notes of an engine as it writes them into its log, long before its results."""

from __future__ import annotations

import re
from pathlib import Path

from ..session.growing_file import GrowingFile
from ..session.quoting import one_line

__all__ = ["WarningReader"]

_AT_ONCE = 1 << 20
"""Bytes of the log that are read in one go."""

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
        self._file = GrowingFile(folder / "log.txt", skip=skip)
        self.found: list[str] = []

    def read(self) -> list[str]:
        """Warnings that have come since the last call, each but once."""
        new: list[str] = []
        for line in self._file.lines(_AT_ONCE):
            match = _WARNING.match(line.decode("utf-8", errors="replace"))
            text = one_line(match[1]) if match is not None else ""
            if text and text not in self.found and len(self.found) < _MOST:
                self.found.append(text)
                new.append(text)
        return new
