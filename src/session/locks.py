"""Which process works in a folder: the file ``lock`` that it holds there.

``{"pid", "started", "host", "boot"}``: a process number is given again after a while, so that the
time at which the process started goes with it. On Linux that is in clock ticks since the system
started, field 22 of ``/proc/PID/stat``, since times of day change when the clock is set; ``boot``
tells one start of the system from the next. Elsewhere it is in whole seconds since 1970, and
``boot`` is empty.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .files import read_json

__all__ = ["alive", "identity", "this_process", "worker"]

_SILENCE = 900.0
"""Seconds without progress after which a process on another machine is taken for dead."""

_CLOCK = 2.0
"""Seconds by which times of day of the same start may differ."""

_PROC = Path("/proc")
_BOOT = _PROC / "sys/kernel/random/boot_id"

_STATE, _START_TICKS = 0, 19
"""Places in ``/proc/PID/stat`` after the name, of fields 3 and 22."""


def this_process() -> dict[str, Any]:
    """What tells this process from all others, as `lock` holds it."""
    return identity(os.getpid())


def identity(pid: int) -> dict[str, Any]:
    """What tells a process of this machine from all others."""
    boot = _boot()
    started = _ticks(pid) if boot else _seconds(pid)
    return {"pid": pid, "started": started, "host": socket.gethostname(), "boot": boot}


def worker(folder: Path) -> int | None:
    """Process that works in a folder; 0 for one on another machine, None for none."""
    holder = read_json(folder / "lock")
    return None if holder is None else alive(holder, folder / "progress.jsonl")


def alive(holder: Mapping[str, Any], sign: Path) -> int | None:
    """Process that a file is held by; 0 for one on another machine, None when it has ended.

    Parameters
    ----------
    holder : mapping
        As of `this_process`.
    sign : Path
        A file that the process writes to every now and then.
    """
    if holder.get("host") != socket.gethostname():
        return 0 if _age(sign) < _SILENCE else None
    pid, started, boot = holder.get("pid"), holder.get("started"), holder.get("boot")
    if not isinstance(pid, int) or isinstance(started, bool) or pid <= 0:
        return None
    if not isinstance(started, (int, float)):
        return None
    here = _boot()
    if boot and here:
        return pid if boot == here and _ticks(pid) == started else None
    began = _seconds(pid)
    return pid if began is not None and abs(began - started) <= _CLOCK else None


def _boot() -> str:
    """What tells this start of the system from others; empty where nothing does."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _ticks(pid: int) -> int | None:
    """When a process started, in clock ticks since the system did; None when it has ended."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        fields = text.rpartition(")")[2].split()  # a program's name may hold blanks and brackets
        return None if fields[_STATE] in "ZX" else int(fields[_START_TICKS])
    except (OSError, ValueError, IndexError):
        return None


def _seconds(pid: int) -> int | None:
    """When a process started, in seconds since 1970; None when it has ended."""
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else round(process.create_time())
    except (psutil.Error, OverflowError, ValueError):
        return None


def _age(path: Path) -> float:
    """Seconds since a file was last written to."""
    try:
        return time.time() - path.stat().st_mtime
    except (OSError, ValueError):
        return float("inf")
