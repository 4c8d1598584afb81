"""Read from a job folder in which state its job is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..session.files import as_number, open_regular, read_json
from ..session.locks import worker
from .folder import Event, read_placement, stop_was_asked
from .request import waits_again, waits_elsewhere, was_taken_back

__all__ = ["JobRecord", "began", "is_job", "read_record", "taken"]

_HEAD = 4 << 10
"""Bytes at the beginning of `progress.jsonl` in which its first line is looked for."""

_TAIL = 32 << 10
"""Bytes at the end of `progress.jsonl` in which its last whole line is looked for."""


@dataclass(frozen=True)
class JobRecord:
    """A job as its folder shows it.

    Attributes
    ----------
    folder : Path
    name : str
    state : str
        ``queued`` (no engine has taken up what was asked for last), ``running``, ``finished``,
        ``cancelled`` or ``failed``, which an engine that ended without a word is too.
    stage : str
        The last one; empty before the first.
    fraction : float
        Of the whole run, 0 to 1.
    seconds : float or None
        That its finished stages took.
    etm : float or None
        Of the first model.
    started : float or None
        Seconds since 1970 at which its engine first said something.
    elsewhere : bool
        It is queued in another ChimeraX, which will start it.
    """

    folder: Path
    name: str
    state: str
    stage: str = ""
    fraction: float = 0.0
    seconds: float | None = None
    etm: float | None = None
    started: float | None = None
    elsewhere: bool = False


def is_job(folder: Path) -> bool:
    """Whether a folder holds a job, begun or not."""
    names = ("job.json", "progress.jsonl", "lock", "inputs/request.json")
    return any((folder / name).is_file() for name in names)


def read_record(folder: Path) -> JobRecord:
    """Read a job folder; what is missing or damaged in it is left out."""
    name, _ = read_placement(folder)
    last = _last_event(folder)
    results = read_json(folder / "results.json") or {}
    if worker(folder) is not None:
        state = "running"
    elif waits_again(folder) and not was_taken_back(folder):
        state = "queued"
    elif last is not None:
        ended = last.state in ("finished", "cancelled", "failed")
        state = last.state if ended else _ended_silently(folder)
    elif results:
        state = "finished"
    elif waits_elsewhere(folder) is not None:
        state = "queued"  # or its engine is just being started there
    else:
        # An engine that refuses its input says so in its log, and makes nothing else.
        begun = any((folder / name).exists() for name in ("job.json", "log.txt"))
        waited = "cancelled" if was_taken_back(folder) else "queued"
        state = _ended_silently(folder) if begun else waited
    return JobRecord(
        folder,
        name,
        state,
        last.stage if last else "",
        last.fraction if last else float(state == "finished"),
        _seconds(folder, results),
        _etm(results),
        began(folder),
        state == "queued" and waits_elsewhere(folder) is not None,
    )


def _ended_silently(folder: Path) -> str:
    """State of a job whose engine was gone before it could say why."""
    return "cancelled" if stop_was_asked(folder) else "failed"


def began(folder: Path) -> float | None:
    """When the engine of a job first said something, in seconds since 1970."""
    try:
        with open_regular(folder / "progress.jsonl") as file:
            lines = file.read(_HEAD).split(b"\n")
    except OSError:
        return None
    events = (Event.from_line(line) for line in lines if line.strip())
    return next((event.time for event in events if event is not None), None)


def taken(folder: Path) -> float | None:
    """Seconds that the finished stages of a job took; None where none is known."""
    return _seconds(folder, read_json(folder / "results.json") or {})


def _last_event(folder: Path) -> Event | None:
    try:
        with open_regular(folder / "progress.jsonl") as file:
            file.seek(max(os.fstat(file.fileno()).st_size - _TAIL, 0))
            lines = file.read().split(b"\n")[:-1]
    except OSError:
        return None
    events = (Event.from_line(line) for line in reversed(lines) if line.strip())
    return next((event for event in events if event is not None), None)


def _etm(results: Mapping) -> float | None:
    models = results.get("models")
    first = models[0] if isinstance(models, list) and models else None
    return as_number(first.get("etm")) if isinstance(first, dict) else None


def _seconds(folder: Path, results: Mapping) -> float | None:
    timings = results.get("timings")
    if isinstance(timings, dict):
        found = [as_number(value) for value in timings.values()]
    else:
        try:
            markers = sorted((folder / "stages").glob("*.json"))
        except OSError:
            markers = []
        found = [as_number((read_json(path) or {}).get("seconds")) for path in markers]
    known = [value for value in found if value is not None]
    return sum(known) if known else None
