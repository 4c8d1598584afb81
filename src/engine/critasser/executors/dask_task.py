"""What a worker of Dask does: one item, as long as it is wanted."""

from __future__ import annotations

import pickle
import time

from critasser import __version__
from critasser.errors import Cancelled, InputError
from critasser.executors.executor import Arguments, Done, Work, timed

__all__ = ["loaded", "run"]

INTERVAL = 0.5
"""Seconds between messages of how far it is, and between looks whether it is still wanted."""

WANTED = ("executing", "long-running", "resumed")
"""What a worker knows of a task that it is at. One that nobody wants any more is ``cancelled``,
also where the one who wanted it, or the scheduler, is gone."""


def loaded(packed: bytes) -> Arguments:
    """What all items share, made from its pickle once a worker needs it."""
    return pickle.loads(packed)


def run(
    work: Work, shared: Arguments, item: Arguments, of: tuple[str, int, str, str]
) -> Done:
    """Do an item; `of` has the topic to tell how far it is, its number, key and our version.

    Raises
    ------
    InputError
        This worker has another version of Critasser.
    Cancelled
        It is not wanted any more.
    """
    from distributed import get_worker

    topic, number, key, version = of
    if version != __version__:
        raise InputError(
            f"a worker has Critasser {__version__}, and this is {version}: start scheduler and "
            "workers in the environment of the same version"
        )
    worker, last = get_worker(), 0.0

    def told(fraction: float, message: str = "") -> None:
        nonlocal last
        if time.monotonic() - last < INTERVAL:
            return
        last = time.monotonic()
        task = worker.state.tasks.get(key)
        if task is None or task.state not in WANTED:
            raise Cancelled("not wanted any more")
        worker.log_event(topic, [number, min(max(float(fraction), 0.0), 1.0)])

    return timed(work, shared, item, told)
