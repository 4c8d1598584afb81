"""What a job was asked for, kept in its folder until an engine has taken it up.

A build that waits for its turn, or whose ChimeraX ended before it came, is started from this. Like
all in a job folder it is not trusted: nothing that it names outside the folder is used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chimerax.core.errors import UserError

from .folder import INPUTS, KINDS, read_json

__all__ = ["Request", "read_request", "write_request"]

_FILE = f"{INPUTS}/request.json"
_OPTION = re.compile(r"-o|--[a-z][a-z-]*")
_WORD = re.compile(r"[\w.+][\w.+-]*")


@dataclass(frozen=True)
class Request:
    """Arguments of the engine, those that are files absolute.

    Attributes
    ----------
    inputs : tuple of str
        For a build map and sequence.
    options : dict of str to tuple of str
        Values of each option, by its name with the dashes.
    command : str
        One of `KINDS`.
    """

    inputs: tuple[str, ...]
    options: dict[str, tuple[str, ...]]
    command: str = "build"

    @classmethod
    def of(cls, arguments: Sequence[str], command: str = "build") -> Request:
        """Take arguments apart."""
        inputs: list[str] = []
        options: dict[str, list[str]] = {}
        values = inputs
        for word in map(str, arguments):
            if _OPTION.fullmatch(word):
                values = options.setdefault(word, [])
                values.clear()
            else:
                values.append(word)
        kept = {name: tuple(found) for name, found in options.items()}
        return cls(tuple(inputs), kept, command)

    def arguments(self) -> list[str]:
        """Put them together again."""
        return [*self.inputs, *(w for name, found in self.options.items() for w in (name, *found))]


def write_request(folder: Path, command: str, arguments: Sequence[str]) -> None:
    """Keep the arguments of a job, paths relative to its folder so that it can be moved."""
    words = [_relative(str(word), folder) for word in arguments]
    text = json.dumps({"command": command, "arguments": words}, indent=1) + "\n"
    (folder / _FILE).write_text(text, encoding="utf-8")


def read_request(folder: Path) -> Request | None:
    """What `write_request` kept; None where there is nothing.

    Raises
    ------
    UserError
        It is not as we write it, or leads out of the folder.
    """
    content = read_json(folder / _FILE)
    if content is None:
        return None
    words = content.get("arguments")
    command = content.get("command", "build")
    listed = isinstance(words, list) and all(isinstance(word, str) for word in words)
    if command not in KINDS or not listed:
        raise UserError(f"{folder / _FILE} is damaged: start the job again in another folder")
    return Request.of([_trusted(word, folder) for word in words], command)


def _relative(word: str, folder: Path) -> str:
    path = Path(word)
    if not path.is_absolute() or not path.is_relative_to(folder):
        return word
    return "./" + path.relative_to(folder).as_posix()


def _trusted(word: str, folder: Path) -> str:
    """An option, a number, a plain word, or a path in the folder, made absolute."""
    if _OPTION.fullmatch(word) or (_WORD.fullmatch(word)):
        return word
    path = (folder / word).resolve()
    if word.startswith("-") or not path.is_relative_to(folder.resolve()):
        raise UserError(
            f"{folder / _FILE} names {word!r}, which is not in the job's folder: refused. Start "
            "the job again in another folder"
        )
    return str(path)
