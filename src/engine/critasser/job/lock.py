"""One engine at a time in a job folder."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from critasser.errors import InputError
from critasser.job.records import opened_regular, read_json

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

__all__ = ["Lock", "take_lock"]

WRITING_TIME = 0.5
"""Seconds that another process may take between making a lock and writing into it."""

ATTEMPTS = 10
"""Times that a lock which keeps vanishing and coming back is tried for."""

STATE_FIELD, STARTED_FIELD = 3, 22
"""Fields of Linux's /proc/<pid>/stat, from 1: state, and start in clock ticks since boot."""


@dataclass(frozen=True)
class Lock:
    """A lock that this process holds.

    Attributes
    ----------
    path : Path
    handle : int
        The open file, on which the operating system's lock is held too.
    """

    path: Path
    handle: int

    def release(self) -> None:
        """Let others in."""
        with contextlib.suppress(OSError):
            self.path.unlink()
        with contextlib.suppress(OSError):
            os.close(self.handle)


def take_lock(folder: Path) -> Lock:
    """Make ``folder/lock``, also when one of a dead process is there.

    The file holds ``{"pid", "started", "host", "boot"}``. `started` and `boot` tell the process
    from another that got the same number later: on Linux clock ticks from boot to the process's
    start and the number of the boot, neither of which moves when the clock is set; elsewhere the
    start in whole seconds and "".

    Raises
    ------
    InputError
        A living process holds it, or the folder cannot be written in.
    """
    path = folder / "lock"
    pid = os.getpid()
    own = {"pid": pid, "started": _started(pid), "host": socket.gethostname(), "boot": _boot()}
    try:
        for _ in range(ATTEMPTS):
            try:
                handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o644)
            except FileExistsError:
                _clear(path)
                continue
            _hold(handle)
            os.write(handle, json.dumps(own).encode())
            return Lock(path, handle)
    except OSError as error:
        raise InputError(
            f"{folder}: cannot write in the job folder ({error.strerror}); choose another with -o"
        ) from error
    raise InputError(f"{folder}: in use by another Critasser; wait for it or stop it")


def _clear(path: Path) -> None:
    """Remove the lock of a dead process; two that try cannot both remove a living one's."""
    if stat.S_ISDIR(path.lstat().st_mode):
        raise InputError(f"{path}: is a folder, not a lock; remove it")
    holder = read_json(path)
    if holder is None:
        time.sleep(WRITING_TIME)  # perhaps it is being written just now
        holder = read_json(path)
    if _held(path) or (holder is not None and _alive(holder)):
        _in_use(path, holder or {})
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


def _hold(handle: int) -> None:
    """Lock an open file by the operating system, where it can; a file system may refuse."""
    if fcntl is not None:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _held(path: Path) -> bool:
    """Whether a process, of this machine or container or not, holds the file locked."""
    if fcntl is None:
        return False
    with opened_regular(path) as file:
        if file is None:
            return False
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
    return False


def _alive(holder: Mapping[str, Any]) -> bool:
    """Whether the process of a lock still runs; on another machine that is taken for granted."""
    if holder.get("host") != socket.gethostname():
        return True
    pid, started = holder.get("pid"), holder.get("started")
    if type(pid) is not int or type(started) is not int or pid <= 0:
        return False
    return holder.get("boot") == _boot() and _started(pid) == started


def _boot() -> str:
    """What tells this boot of the machine from all others; "" where it has no such number."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _started(pid: int) -> int | None:
    """When a process started: on Linux in clock ticks since boot, elsewhere in whole seconds since
    1970; None when it is gone."""
    try:
        content = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return _started_elsewhere(pid) if not Path("/proc/self/stat").exists() else None
    # The second field is the program's name in parentheses, with anything in it.
    fields = content.rpartition(b")")[2].split()
    after_name = STATE_FIELD
    if fields[STATE_FIELD - after_name] in (b"Z", b"X"):
        return None
    return int(fields[STARTED_FIELD - after_name])


def _started_elsewhere(pid: int) -> int | None:
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return round(process.create_time())
    except (psutil.Error, OverflowError):
        return None
