"""The job folder as its reader sees it: all that this side knows of a running engine.

The engine appends lines to `progress.jsonl`, holds `lock` while it works, and looks for a file
`cancel`. Nothing in a folder is trusted: lines may be half written, paths may lead elsewhere.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..session.files import as_number, open_regular, read_json, touch_inside, write_inside
from ..session.growing_file import GrowingFile
from ..session.quoting import one_line

__all__ = [
    "Event",
    "ProgressReader",
    "free_folder",
    "job_kind",
    "last_line",
    "read_map_source",
    "read_origin",
    "read_placement",
    "request_stop",
    "stop_was_asked",
    "write_name",
    "write_origin",
    "write_placement",
]

INPUTS = "inputs"
"""Folder of what we hand to the engine; it expects nothing else in a new job folder."""

KINDS = ("build", "score", "rebuild", "fit")
"""Commands of the engine that work in a job folder."""

_PLACEMENT = f"{INPUTS}/chimerax.json"
_STOP = "cancel"
"""File that asks the engine to stop; it removes it when it begins."""

_AT_ONCE = 16 << 20
"""Bytes of progress that are read in one go."""

_MOST_PROGRESS = 256 << 20
"""Bytes of progress that are read at all, a hundred times those of a long job."""

_TAIL = 8192
"""Bytes at the end of the log in which its last line is looked for."""


@dataclass(frozen=True)
class Event:
    """One line of `progress.jsonl`.

    Attributes
    ----------
    state : str
        ``running``, ``finished``, ``cancelled`` or ``failed``.
    stage, message : str
    fraction : float
        Of the whole run, 0 to 1.
    remaining : float or None
        Seconds.
    artifact : str or None
        Path, relative to the folder, of a file that is ready.
    kind : str or None
        What the artifact is.
    stage_fraction : float
        Of the stage, 0 to 1.
    numbers : dict of str to float or None
        What the stage measures as it goes, by name.
    expected : dict of str to float or None
        Seconds that each stage is expected to take, by name, in their order.
    time : float or None
        Seconds since 1970.
    """

    state: str
    stage: str
    message: str
    fraction: float
    remaining: float | None = None
    artifact: str | None = None
    kind: str | None = None
    stage_fraction: float = 0.0
    numbers: dict[str, float] | None = None
    expected: dict[str, float] | None = None
    time: float | None = None

    @classmethod
    def from_line(cls, line: bytes) -> Event | None:
        """The event of a line; None for what is none."""
        try:
            content = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(content, dict) or not isinstance(content.get("stage"), str):
            return None
        return cls(
            state=one_line(str(content.get("state") or "running")),
            stage=one_line(content["stage"]),
            message=one_line(str(content.get("message") or "")),
            fraction=_share(content.get("fraction")),
            remaining=as_number(content.get("remaining")),
            artifact=_text(content.get("artifact")),
            kind=_text(content.get("kind")),
            stage_fraction=_share(content.get("stage_fraction")),
            numbers=_numbers(content.get("numbers")),
            expected=_numbers(content.get("expected")),
            time=as_number(content.get("time")),
        )


class ProgressReader:
    """Follows a growing `progress.jsonl`.

    Parameters
    ----------
    folder : Path
    skip : bool
        Leave out what is there already, the lines of an earlier run.
    """

    def __init__(self, folder: Path, *, skip: bool = False) -> None:
        self._file = GrowingFile(folder / "progress.jsonl", skip=skip, largest=_MOST_PROGRESS)

    def read(self, most: int = _AT_ONCE) -> list[Event]:
        """Events of the lines that were completed since the last call.

        Parameters
        ----------
        most : int
            Bytes to read.
        """
        events = (Event.from_line(line) for line in self._file.lines(most) if line.strip())
        return [event for event in events if event is not None]


def job_kind(folder: Path) -> str:
    """The engine's command that made a job: ``build``, ``score``, ``rebuild`` or ``fit``."""
    kind = (read_json(folder / "job.json") or {}).get("kind")
    return kind if kind in KINDS else "build"


def request_stop(folder: Path) -> None:
    """Ask the engine in this folder to stop."""
    touch_inside(folder, _STOP)


def stop_was_asked(folder: Path) -> bool:
    """Whether the engine in this folder was asked to stop, and has not begun anew since."""
    return (folder / _STOP).is_file()


def last_line(folder: Path) -> str:
    """What the engine said last, without its own name before it."""
    try:
        with open_regular(folder / "log.txt") as file:
            file.seek(max(os.fstat(file.fileno()).st_size - _TAIL, 0))
            lines = file.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    spoken = [line.strip() for line in lines if line.strip()]
    return re.sub(r"^critasser( build| fit)?: ", "", spoken[-1]) if spoken else ""


def free_folder(parent: Path, name: str) -> Path:
    """A folder that does not exist yet: NAME, NAME_2, NAME_3 …"""
    candidate, number = parent / name, 1
    while candidate.exists():
        number += 1
        candidate = parent / f"{name}_{number}"
    return candidate


def write_placement(
    folder: Path, name: str, frame: list[list[float]] | None, source: str | None = None
) -> None:
    """Remember the job's name, and how the written map lies in the map's own coordinates.

    Parameters
    ----------
    folder : Path
    name : str
    frame : 3 rows of 4 numbers
        Rotation and translation from the engine's coordinates to the map's.
    source : str, optional
        The file that the map was opened from.
    """
    content = {"name": name, "frame": frame}
    if source:
        content["map"] = source
    write_inside(folder, _PLACEMENT, json.dumps(content, indent=1) + "\n")


def write_name(folder: Path, name: str) -> None:
    """Give a job another name; all else that is kept with it stays.

    Raises
    ------
    OSError
        The folder cannot be written to.
    """
    (folder / INPUTS).mkdir(exist_ok=True)
    content = {**(read_json(folder / _PLACEMENT) or {}), "name": name}
    write_inside(folder, _PLACEMENT, json.dumps(content, indent=1) + "\n")


def read_map_source(folder: Path) -> Path | None:
    """The file that the job's map was opened from, which is to be compared only."""
    source = (read_json(folder / _PLACEMENT) or {}).get("map")
    if not isinstance(source, str):
        inputs = (read_json(folder / "job.json") or {}).get("inputs")
        entry = inputs.get("map") if isinstance(inputs, dict) else None
        source = entry.get("path") if isinstance(entry, dict) else None
    try:
        return Path(source).resolve() if isinstance(source, str) and source else None
    except (OSError, ValueError, RuntimeError):
        return None


def read_placement(folder: Path) -> tuple[str, list[list[float]] | None]:
    """What `write_placement` wrote; a job from the command line has its folder's name and None."""
    content: Mapping[str, Any] = read_json(folder / _PLACEMENT) or {}
    frame = content.get("frame")
    if not (
        isinstance(frame, list)
        and len(frame) == 3
        and all(isinstance(row, list) and len(row) == 4 for row in frame)
        and all(as_number(value) is not None for row in frame for value in row)
    ):
        frame = None
    return one_line(str(content.get("name") or folder.name)), frame


def write_origin(folder: Path, name: str, number: tuple[int, ...], path: Path | None) -> None:
    """Remember which open model a job was begun from: its name, number and file."""
    content = read_json(folder / _PLACEMENT) or {}
    content["model"] = {
        "name": name,
        "number": list(number),
        "path": None if path is None else str(path),
    }
    write_inside(folder, _PLACEMENT, json.dumps(content, indent=1) + "\n")


def read_origin(folder: Path) -> tuple[str, tuple, Path | None] | None:
    """What `write_origin` wrote: name, number and file, which are to be compared only."""
    content = (read_json(folder / _PLACEMENT) or {}).get("model")
    if not isinstance(content, dict) or not isinstance(content.get("number"), list):
        return None
    path = content.get("path")
    return (
        str(content.get("name")),
        tuple(content["number"]),
        Path(path) if isinstance(path, str) else None,
    )


def _share(value: Any) -> float:
    return min(max(as_number(value) or 0.0, 0.0), 1.0)


def _numbers(value: Any) -> dict[str, float] | None:
    """Those entries of a mapping that are finite numbers; None for what is no mapping."""
    if not isinstance(value, Mapping):
        return None
    found = {str(name): as_number(entry) for name, entry in value.items()}
    return {name: entry for name, entry in found.items() if entry is not None}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
