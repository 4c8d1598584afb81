"""How much memory this process takes."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

__all__ = ["peak_memory"]

STATUS = Path("/proc/self/status")


def peak_memory() -> int:
    """Most memory this process has held so far, in bytes."""
    # Linux counts what the process held that this one was started from into ru_maxrss, but not
    # here.
    if STATUS.exists():
        for line in STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name == "VmHWM":
                return 1024 * int(value.split()[0])
    try:
        import resource
    except ImportError:
        return psutil.Process().memory_info().rss
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if os.uname().sysname == "Darwin" else peak * 1024
