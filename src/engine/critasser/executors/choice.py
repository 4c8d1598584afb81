"""Which executor a person asks for, by one word such as ``local`` or ``dask://HOST:PORT``."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from critasser.errors import InputError
from critasser.executors.executor import Executor
from critasser.executors.local import LocalExecutor

__all__ = ["LOCAL", "check_executor", "opened_executor"]

LOCAL = "local"
"""Processes of this machine, as many as it has processors and memory for; ``local:2``: two at
most."""

SLURM = "slurm"
"""Workers in SLURM jobs, by the person's own configuration of Dask."""

SCHEMES = ("dask", "tls", "tcp")
"""Of addresses of a scheduler; ``dask`` stands for TLS, and for TCP on this machine."""

PLACE = r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})"
"""Host, an IPv6 address in brackets, and port."""

MOST_PROCESSES, LAST_PORT = 1024, 65535


def check_executor(word: str) -> None:
    """Raise `InputError` unless a word names an executor."""
    _parsed(word)


@contextlib.contextmanager
def opened_executor(word: str = LOCAL) -> Iterator[Executor]:
    """The executor that a word names; all its processes are let go at the end.

    Parameters
    ----------
    word : str
        ``local``, ``local:N``, ``dask://HOST:PORT`` or ``slurm``.

    Raises
    ------
    InputError
        The word names none, Dask is not installed, or no scheduler answers.
    """
    kind, where = _parsed(word)
    if kind == LOCAL:
        executor: Executor = LocalExecutor(int(where) if where else None)
    elif kind == SLURM:
        from critasser.executors.slurm import SlurmExecutor

        executor = SlurmExecutor()
    else:
        from critasser.executors.dask_scheduler import DaskExecutor

        executor = DaskExecutor.at(kind, *where.rsplit(":", 1))
    try:
        yield executor
    finally:
        executor.close()


def _parsed(word: str) -> tuple[str, str]:
    """Kind of executor, and where or how many."""
    if word in (LOCAL, SLURM):
        return word, ""
    if (found := re.fullmatch(r"local:(\d{1,4})", word)) and 0 < int(found[1]) <= MOST_PROCESSES:
        return LOCAL, found[1]
    scheme, _, where = word.partition("://")
    found = re.fullmatch(PLACE, where)
    if scheme in SCHEMES and found and 0 < int(found[2]) <= LAST_PORT:
        return scheme, where
    raise InputError(
        f"executor {word!r}: give local, local:N for N processes, dask://HOST:PORT for a Dask "
        "scheduler, or slurm"
    )
