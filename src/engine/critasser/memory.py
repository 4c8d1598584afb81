"""How much memory this process takes."""

from __future__ import annotations

import os

import psutil

__all__ = ["peak_memory"]


def peak_memory() -> int:
    """Most memory this process has held so far, in bytes."""
    try:
        import resource
    except ImportError:
        return psutil.Process().memory_info().rss
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if os.uname().sysname == "Darwin" else peak * 1024
