"""What all executors do: call a function for each of several items."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

__all__ = ["NONE", "Arguments", "Done", "Executor", "Told", "Work", "done_here", "tally", "timed"]

Arguments = Mapping[str, Any]

NONE: Arguments = MappingProxyType({})

Told = Callable[[float, str], None]
"""Takes the fraction done and a message; raises `Cancelled` when the work is to stop."""

Work = Callable[..., Any]
"""``work(**shared, **item, progress=told)``: a function of a module, whose result depends on its
arguments alone. It calls `told` every second or more often."""


@dataclass(frozen=True, eq=False)
class Done:
    """What came of an item.

    Attributes
    ----------
    result : object
    cpu_seconds : float
        Of another process that did it; 0 where this one did, whose clock has them already.
    by : str
        Machine and number of that process; empty for this one.
    """

    result: Any
    cpu_seconds: float = 0.0
    by: str = ""


class Executor(Protocol):
    """Does work on several items in parallel."""

    def at_once(self, count: int, seconds: float) -> int:
        """How many items of so many seconds each other processes do in parallel, where there are
        `count` of them.

        From 2 on it is worth their while, and the work is to be handed to `map`; it may be more
        than `count`, where a single item is sent away too. With 1 this process had better do all
        of it.
        """

    def map(
        self,
        work: Work,
        items: Sequence[Arguments],
        *,
        shared: Arguments = NONE,
        seconds: float = 0.0,
        progress: Told | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> Generator[Done]:
        """Do work on every item; gives what came of them in their order, each when it is there.

        Parameters
        ----------
        work : Work
        items : sequence of mapping
            Arguments by name that each item has for itself, its random numbers among them.
        shared : mapping
            Arguments that all have in common; sent once to each process.
        seconds : float
            That one item is expected to take.
        progress : callable, optional
            Told the fraction of all that is done, and a message.
        tell : callable, optional
            Given a line for what a person should know, such as a worker that was lost.

        Raises
        ------
        InputError
            Of an item; or processes cannot be had, or were lost. What was given before holds.
        Cancelled
            `progress` raised it. Nothing goes on after that.
        """

    def close(self) -> None:
        """Let all processes go."""


def done_here(
    work: Work, items: Sequence[Arguments], shared: Arguments, progress: Told | None
) -> Generator[Done]:
    """Do one item after another in this process."""
    for number, item in enumerate(items):

        def told(fraction: float, message: str = "", number: int = number) -> None:
            if progress is not None:
                progress((number + fraction) / len(items), message)

        yield Done(work(**shared, **item, progress=told))


def timed(work: Work, shared: Arguments, item: Arguments, told: Told) -> Done:
    """What comes of one item in this process, which asks for the time of another."""
    begun = time.process_time()
    result = work(**shared, **item, progress=told)
    return Done(result, time.process_time() - begun, f"{socket.gethostname()}:{os.getpid()}")


def tally(fractions: Sequence[float], done: int, at_work: int) -> tuple[float, str]:
    """Fraction of all that is done, and a message, from those of the items."""
    many = len(fractions)
    return sum(fractions) / many, f"{done} of {many} done, {at_work} at work"
