"""Let the window have its turn while a thread computes."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator

__all__ = ["short_turns"]

_SHORT = 0.0005
"""Seconds after which a thread that computes makes room for one that waits. Python's own are 5 ms:
the window's thread waits as long each time it comes back from ChimeraX's C++ code, which is a
hundred times in a command."""

_LOCK = threading.Lock()
_usual: list[float] = []
"""The interval as it was, once for each thread that has asked for short turns."""


@contextlib.contextmanager
def short_turns() -> Iterator[None]:
    """Have threads change over often while this lasts."""
    with _LOCK:
        _usual.append(_usual[0] if _usual else sys.getswitchinterval())
        sys.setswitchinterval(min(_SHORT, _usual[0]))
    try:
        yield
    finally:
        with _LOCK:
            before = _usual.pop()
            if not _usual:
                sys.setswitchinterval(before)
