"""What the commands print, whoever reads it or does not.

Stdout and stderr may be closed, go to a program that has ended, to a full disk, or to a terminal
that does not know the letters of a file's name. None of that is a reason for a job to end.
"""

from __future__ import annotations

import contextlib
import os
import sys

from critasser.text import visible

__all__ = ["open_closed_streams", "silence", "tell"]

STREAMS = ("stdin", "stdout", "stderr")


def open_closed_streams() -> None:
    """Send to nowhere what goes to streams that whoever started this program has closed, and let
    the others write any letter."""
    for number, name in enumerate(STREAMS):
        try:
            os.fstat(number)
        except OSError:
            _to_nowhere(number)
        stream = getattr(sys, name)
        if stream is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
        if name != "stdin" and hasattr(getattr(sys, name), "reconfigure"):
            getattr(sys, name).reconfigure(errors="backslashreplace")


def tell(*lines: str) -> None:
    """Print lines of which parts may come from anybody's file."""
    try:
        for line in lines:
            print(visible(line))
        sys.stdout.flush()
    except OSError:
        silence()


def silence() -> None:
    """Send further output to nowhere: who read stdout has gone, or its disk is full."""
    _to_nowhere(1)
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()


def _to_nowhere(number: int) -> None:
    handle = os.open(os.devnull, os.O_RDWR)
    if handle != number:
        os.dup2(handle, number)
        os.close(handle)
