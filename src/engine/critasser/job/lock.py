"""One engine at a time in a job folder."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from critasser.errors import InputError
from critasser.job.records import read_json

__all__ = ["take_lock"]


def take_lock(folder: Path) -> Path:
    """Make ``folder/lock``, also when one of a dead process is there.

    The file holds ``{"pid", "started", "host"}``; `started` is the process's own start time, so
    that another process which got the same number later is not taken for the holder.

    Returns
    -------
    Path
        The lock, to be removed when the work is over.

    Raises
    ------
    InputError
        A living process holds it, or the folder cannot be written in.
    """
    path = folder / "lock"
    own = {"pid": os.getpid(), "started": _started(os.getpid()), "host": socket.gethostname()}
    try:
        for _ in range(10):
            try:
                handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
            except FileExistsError:
                _clear(path)
                continue
            with os.fdopen(handle, "w") as file:
                json.dump(own, file)
            return path
    except OSError as error:
        raise InputError(
            f"{folder}: cannot write in the job folder ({error.strerror}); choose another with -o"
        ) from error
    raise InputError(f"{folder}: in use by another Critasser; wait for it or stop it")


def _clear(path: Path) -> None:
    """Remove the lock of a dead process; two that try cannot both remove a living one's."""
    holder = read_json(path)
    if holder is None:
        time.sleep(0.5)  # perhaps it is being written just now
        holder = read_json(path)
    if holder is not None and _alive(holder):
        _in_use(path, holder)
    aside = path.with_name(f".part-{os.getpid()}-stale-lock")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return
    taken = read_json(aside)
    if taken is not None and taken != holder and _alive(taken):
        aside.rename(path)
        _in_use(path, taken)
    aside.unlink()


def _in_use(path: Path, holder: Mapping[str, Any]) -> None:
    raise InputError(
        f"{path.parent}: in use by process {holder.get('pid')} on {holder.get('host')}; wait for "
        f"it, stop it by making a file {path.parent / 'cancel'}, or delete {path} if that process "
        "is gone"
    )


def _alive(holder: Mapping[str, Any]) -> bool:
    """Whether the process of a lock still runs; on another machine that is taken for granted."""
    if holder.get("host") != socket.gethostname():
        return True
    pid, started = holder.get("pid"), holder.get("started")
    if not isinstance(pid, int) or not isinstance(started, (int, float)) or pid <= 0:
        return False
    now = _started(pid)
    return now is not None and abs(now - started) < 2.0


def _started(pid: int) -> float | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None
