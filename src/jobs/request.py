"""Keep in a job folder what was asked for, until an engine has taken it up.

A build that waits for its turn, or whose ChimeraX ended before it came, is started from this. Like
all in a job folder it is not trusted: of files it may name those in the folder, the map of the
folder's own job, and for a rebuild a model of another job, which knows its map there.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chimerax.core.errors import UserError

from ..session.files import inside, read_json, write_inside
from ..session.locks import alive, this_process
from .folder import INPUTS, KINDS

__all__ = [
    "Request",
    "files_of_request",
    "is_model",
    "map_of_job",
    "mark_taken",
    "keep_waiting",
    "read_request",
    "release",
    "take_back",
    "waits_elsewhere",
    "waits_again",
    "was_taken_back",
    "write_request",
]

_FILE = f"{INPUTS}/request.json"
_OPTION = re.compile(r"-o|--[a-z][a-z-]*")
_FOLDERS = ("-o", "--resume")
_FILES = (
    "--contacts", "--half-maps", "--library", "--map", "--mask", "--sequence", "--templates",
    "--pae",
)
_NONE = "-"
"""Of a file among several that there is none."""

_VALUES = (
    "--device", "--models", "--quality", "--resolution", "--seed", "--stretch", "--symmetry",
)
_MODEL = re.compile(r"5_models/\w[\w.-]*")


@dataclass(frozen=True)
class Request:
    """Arguments of the engine, those that are files absolute.

    Attributes
    ----------
    inputs : tuple of str or path
        For a build map and sequence.
    options : dict of str to tuple of str or path
        Values of each option, by its name with the dashes.
    command : str
        One of `KINDS`.
    """

    inputs: tuple[str | os.PathLike, ...]
    options: dict[str, Sequence[str | os.PathLike]]
    command: str = "build"

    def arguments(self) -> list[str | os.PathLike]:
        """Put them together again."""
        return [*self.inputs, *(w for name, found in self.options.items() for w in (name, *found))]


def write_request(
    folder: Path, command: str, arguments: Sequence[str], *, again: bool = False
) -> None:
    """Keep the arguments of a job, files as such and so that the folder can be moved.

    Parameters
    ----------
    folder : Path
    command : str
        One of `KINDS`.
    arguments : sequence of str
    again : bool
        The job is to be gone on with.
    """
    words = [_kept(str(word), folder) for word in arguments]
    (folder / INPUTS).mkdir(exist_ok=True)
    owner = this_process()
    _write(folder, {"command": command, "arguments": words, "again": again, "owner": owner})


def mark_taken(folder: Path) -> None:
    """Note that an engine has taken a request up; from now on `job.json` tells what it does."""
    content = read_json(folder / _FILE)
    if content is not None:
        _write(folder, {**content, "taken": True})


def take_back(folder: Path) -> None:
    """Note that a job that waited for its turn has been taken back; resuming it asks again."""
    content = read_json(folder / _FILE)
    if content is not None:
        content.pop("owner", None)
        with contextlib.suppress(OSError):  # the folder may have vanished
            _write(folder, {**content, "taken_back": True})


def was_taken_back(folder: Path) -> bool:
    """Whether the last request of a job has been taken back before an engine took it up."""
    content = read_json(folder / _FILE) or {}
    return content.get("taken_back") is True and content.get("taken") is not True


def waits_again(folder: Path) -> bool:
    """Whether a job that has been at work is to be gone on with by what its request says."""
    content = read_json(folder / _FILE) or {}
    return content.get("again") is True and content.get("taken") is not True


def read_request(folder: Path) -> Request | None:
    """What `write_request` kept; None where there is nothing.

    Raises
    ------
    UserError
        It is not as we write it, leads out of the folder, or to a model that is gone.
    """
    content = read_json(folder / _FILE)
    if content is None:
        return None
    words = content.get("arguments")
    command = content.get("command", "build")
    if command not in KINDS or not isinstance(words, list):
        raise UserError(f"{folder / _FILE} is damaged: start the job again in another folder")
    inputs: list[str] = []
    options: dict[str, list[str]] = {}
    option, values = "", inputs
    for word in words:
        if isinstance(word, str) and _OPTION.fullmatch(word):
            option, values = word, options.setdefault(word, [])
            values.clear()
        else:
            values.append(_trusted(word, option, command, folder))
    return Request(tuple(inputs), {name: tuple(found) for name, found in options.items()}, command)


def files_of_request(folder: Path) -> Iterator[str]:
    """Paths in the folder, relative to it, that a request names; those of a damaged one too."""
    words = (read_json(folder / _FILE) or {}).get("arguments")
    for word in words if isinstance(words, list) else ():
        if isinstance(word, dict) and "job" not in word and isinstance(word.get("path"), str):
            yield word["path"]


def is_model(name: str) -> bool:
    """Whether a file of a job folder, by its path in it, is an all-atom model of it."""
    return bool(_MODEL.fullmatch(name))


def map_of_job(folder: Path) -> str:
    """The map that a job in a folder has been given.

    Raises
    ------
    UserError
        Its description names none.
    """
    inputs = (read_json(folder / "job.json") or {}).get("inputs")
    entry = inputs.get("map") if isinstance(inputs, dict) else None
    path = entry.get("path") if isinstance(entry, dict) else None
    if not isinstance(path, str) or not Path(path).is_absolute():
        raise UserError(f"{folder / 'job.json'} is damaged: it names no map")
    return path


def release(folder: Path) -> None:
    """Note that this ChimeraX has no more to do with a job; its request stays."""
    content = read_json(folder / _FILE)
    if content is not None and content.pop("owner", None) == this_process():
        with contextlib.suppress(OSError):  # when ChimeraX ends it is the same
            _write(folder, content)


def keep_waiting(folder: Path) -> None:
    """A sign to other machines that a job is still waited with here."""
    with contextlib.suppress(OSError):
        os.utime(folder / _FILE)


def waits_elsewhere(folder: Path) -> int | None:
    """Process of another ChimeraX in which a job waits for its turn, or is being started.

    It is 0 for one on another machine, None where there is none.
    """
    owner = (read_json(folder / _FILE) or {}).get("owner")
    found = alive(owner, folder / _FILE) if isinstance(owner, dict) else None
    return None if found == os.getpid() else found


def _write(folder: Path, content: dict[str, Any]) -> None:
    """By atomic rename, for another ChimeraX may look."""
    write_inside(folder, _FILE, json.dumps(content, indent=1) + "\n")


def _kept(word: str, folder: Path) -> str | dict[str, str]:
    """A word as it is written; only what is a file here is one there."""
    path = Path(word)
    if not path.is_absolute():
        return word
    if path.is_relative_to(folder):
        return {"path": path.relative_to(folder).as_posix()}
    source = path.parent.parent
    name = f"{path.parent.name}/{path.name}"
    if _MODEL.fullmatch(name) and (source / "job.json").is_file():
        return {"job": str(source), "path": name}
    if (folder / "job.json").is_file() and word == map_of_job(folder):
        return {"input": "map"}
    return word


def _trusted(word: Any, option: str, command: str, folder: Path) -> str:
    """A value where a value belongs, or an absolute path to a file that may be named."""
    if isinstance(word, str) and option in _VALUES and not word.startswith("-"):
        return word
    if word == _NONE and option == "--pae":
        return word
    if isinstance(word, dict) and isinstance(word.get("path"), str):
        name = word["path"]
        if "job" in word:
            if command == "rebuild" and not option:
                return _model_of_job(word["job"], name, folder)
        elif option in _FOLDERS:
            if name == ".":
                return str(folder)
        elif (not option or option in _FILES) and not Path(name).is_absolute():
            path = (folder / name).resolve()
            if path.is_relative_to(folder.resolve()):
                return str(path)
    elif word == {"input": "map"} and not option:
        return map_of_job(folder)
    raise UserError(
        f"{folder / _FILE} names {word!r}, which is not in the job's folder: refused. Start the "
        "job again in another folder"
    )


def _model_of_job(source: Any, name: str, folder: Path) -> str:
    """A model where its own job has put it."""
    path = None
    if isinstance(source, str) and Path(source).is_absolute() and _MODEL.fullmatch(name):
        path = inside(Path(source), name) if (Path(source) / "job.json").is_file() else None
    if path is None:
        raise UserError(
            f"{folder / _FILE}: {name} of the job in {source} is not there any more, which was to "
            "be rebuilt: start from the model that you have, by critasser rebuild"
        )
    return str(path)
