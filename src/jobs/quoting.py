"""Paths as words of a command."""

from __future__ import annotations

import os
import re
import unicodedata

from chimerax.core.errors import UserError

__all__ = ["quoted_path"]

_ENDS = re.compile(r"[\s;]")


def quoted_path(path: str | os.PathLike) -> str:
    """A path as one word of a command, whatever is in it.

    ChimeraX's own quoting leaves a semicolon bare, and with it the rest of the path would be run as
    a command. Its parser knows no escapes in paths: a quote ends where a blank, a semicolon or
    nothing follows it.

    Raises
    ------
    UserError
        No way of quoting leads back to the path.
    """
    text = os.fspath(path)
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
        raise UserError(
            f"{text!r} has characters that no command can hold: rename the file or its folder"
        )
    if text and text[0] not in "\"'" and not _ENDS.search(text):
        return text
    for quote in "\"'":
        if not re.search(rf"{quote}[\s;]", text):
            return f"{quote}{text}{quote}"
    raise UserError(
        f"{text!r} has both kinds of quotes before blanks, which no command can hold: rename the "
        "file or its folder"
    )
