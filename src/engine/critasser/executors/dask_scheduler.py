"""Workers of a Dask scheduler, on this machine or on others.

Dask sends functions and arguments as pickles, so that whoever reaches a scheduler can run anything
on its workers and on what is connected with them. Other machines are therefore reached by TLS only,
with certificates on both sides.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import pickle
import socket
import sys
import time
import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from critasser import __version__
from critasser.errors import InputError
from critasser.executors.dask_task import loaded, run
from critasser.executors.executor import NONE, Arguments, Done, Told, Work, tally
from critasser.text import printable

if TYPE_CHECKING:
    from distributed import Client, Future, Security

__all__ = ["DaskExecutor", "dask_packages", "quieten"]

CONNECT_SECONDS = 10.0
"""For a scheduler to answer in."""

CLOSE_SECONDS = 2.0
"""For it to take leave in."""

GATHER_SECONDS = 120.0
"""For what came of an item to arrive in."""

POLL = 0.2
"""Seconds between looks at tasks and whether to stop."""

COUNT_SECONDS = 3.0
"""Between counts of workers."""

PACKAGES = ("distributed", "dask-jobqueue", "cryptography")


class DaskExecutor:
    """Does items as tasks of a Dask scheduler.

    A worker that dies is replaced by another: Dask gives its tasks to those that are left, or to
    the first that comes. Tasks of a run that was ended, however, end within seconds.

    Parameters
    ----------
    client : distributed.Client
    place : str
        What a person calls the scheduler.
    """

    def __init__(self, client: Client, place: str) -> None:
        self.client, self.place = client, place

    @classmethod
    def at(cls, scheme: str, host: str, port: str) -> DaskExecutor:
        """Of the scheduler at an address.

        Parameters
        ----------
        scheme : str
            ``tls``, ``tcp`` on this machine, or ``dask`` for what suits the host.
        host, port : str

        Raises
        ------
        InputError
            Dask is not installed, there are no certificates for another machine, or nothing
            answers.
        """
        distributed = dask_packages("distributed")
        security = distributed.Security()
        has_certificates = bool(security.tls_client_cert and security.tls_ca_file)
        here = _is_loopback(host)
        if scheme == "dask":
            scheme = "tls" if has_certificates or not here else "tcp"
        place = f"{scheme}://{host}:{port}"
        if scheme == "tcp" and not here:
            raise InputError(
                f"{place}: another machine is reached by TLS only; start its scheduler with "
                f"certificates and give tls://{host}:{port}"
            )
        if scheme == "tls" and not has_certificates:
            raise InputError(
                f"{place}: needs certificates; name them in Dask's configuration "
                "(distributed.comm.tls: ca-file, client.cert and client.key)"
            )
        return cls(_connected(distributed.Client, place, security), place)

    def at_once(self, count: int, seconds: float) -> int:
        """See `Executor`; workers may come and go, so that it is a guess."""
        try:
            threads = sum(self.client.nthreads().values())
        except Exception:  # whatever is wrong is told when work is asked for
            threads = 0
        return max(2, min(count, threads))

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
        """See `Executor`."""
        tasks = _Tasks(self, work, items, shared, tell)
        try:
            for number in range(len(items)):
                while number not in tasks.came:
                    tasks.look()
                    if progress is not None:
                        progress(*tasks.tally())
                    time.sleep(0.0 if number in tasks.came else POLL)
                yield tasks.came.pop(number)
        finally:
            tasks.end()

    def close(self) -> None:
        """See `Executor`."""
        with contextlib.suppress(Exception):
            self.client.close(timeout=CLOSE_SECONDS)

    def lost(self) -> InputError:
        """What to say where the scheduler is gone."""
        return InputError(
            f"{self.place}: the connection with the Dask scheduler was lost; start it again and "
            "go on with the job, or go on without it, on this machine (local)"
        )


class _Tasks:
    """The tasks of one `map`: as many at once as workers have threads, each at one that is free.

    Dask alone would give all of them to the worker that has what they share until it knows how long
    they take.

    Attributes
    ----------
    came : dict of int to Done
        What came of items, by their number.
    """

    def __init__(
        self,
        executor: DaskExecutor,
        work: Work,
        items: Sequence[Arguments],
        shared: Arguments,
        tell: Callable[[str], None] | None,
    ) -> None:
        import dask

        self._executor, self._client, self._tell = executor, executor.client, tell
        self.came: dict[int, Done] = {}
        self._work, self._left = work, list(enumerate(items))[::-1]
        self._fractions = [0.0] * len(items)
        self._threads: Mapping[str, int] = {}
        self._counted = -COUNT_SECONDS
        self._futures: dict[int, Future] = {}
        self._at: dict[int, str] = {}
        self._name = f"critasser-{uuid.uuid4().hex}"
        self._client.subscribe_topic(self._name, self._heard)
        # A task, not data: Dask makes it again where the worker that has it dies.
        packed = pickle.dumps(dict(shared), pickle.HIGHEST_PROTOCOL)
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
            self._shared = self._client.submit(loaded, packed, key=f"{self._name}-shared")

    def _heard(self, event: tuple[float, Any]) -> None:
        _, (number, fraction) = event
        self._fractions[number] = max(self._fractions[number], fraction)

    def look(self) -> None:
        """Fetch what is done, see whether workers and scheduler are there, and give them more."""
        for number, future in list(self._futures.items()):
            status = future.status
            if status == "cancelled" or self._client.status != "running":
                raise self._executor.lost()
            if status in ("finished", "error"):
                self.came[number] = self._result(future)
                self._fractions[number] = 1.0
                del self._futures[number], self._at[number]
        if time.monotonic() - self._counted >= COUNT_SECONDS:
            self._count()
        self._give()

    def _give(self) -> None:
        for address, threads in self._threads.items():
            free = threads - sum(at == address for at in self._at.values())
            for _ in range(min(free, len(self._left))):
                number, item = self._left.pop()
                key = f"{self._name}-{number}"
                self._at[number] = address
                self._futures[number] = self._client.submit(
                    run, self._work, self._shared, item, (self._name, number, key, __version__),
                    key=key, workers=[address], allow_other_workers=True,
                )  # fmt: skip

    def _count(self) -> None:
        before = len(self._threads) if self._counted > 0 else -1
        try:
            self._threads = self._client.nthreads()
        except OSError as error:
            raise self._executor.lost() from error
        self._counted = time.monotonic()
        if self._tell is not None and len(self._threads) != before:
            self._tell(f"{self._executor.place}: {len(self._threads)} workers")

    def _result(self, future: Future) -> Done:
        from distributed import KilledWorker

        try:
            return future.result(timeout=GATHER_SECONDS)
        except InputError:
            raise
        except KilledWorker as error:
            raise InputError(
                f"{self._executor.place}: several workers died over the same piece of work, most "
                "likely for want of memory; start them with more"
            ) from error
        except ImportError as error:
            raise InputError(
                f"{self._executor.place}: a worker cannot load Critasser "
                f"({printable(str(error))}); start scheduler and workers in the environment of "
                f"Critasser {__version__}"
            ) from error
        except (OSError, TimeoutError) as error:
            if self._client.status != "running" or isinstance(error, TimeoutError):
                raise self._executor.lost() from error
            raise

    def tally(self) -> tuple[float, str]:
        """Fraction of all that is done, and a message."""
        done = len(self._fractions) - len(self._left) - len(self._futures)
        fraction, message = tally(self._fractions, done, len(self._futures))
        if not self._threads:
            message = f"waits for a worker of {self._executor.place}"
        return fraction, message

    def end(self) -> None:
        """Leave nothing with the scheduler; tasks that are at work see that they are not wanted."""
        with contextlib.suppress(Exception):
            self._client.unsubscribe_topic(self._name)
        if self._client.status == "running":
            with contextlib.suppress(Exception):
                self._client.cancel([*self._futures.values(), self._shared], force=True)
        self._futures.clear()


def dask_packages(name: str) -> Any:
    """A module of what ``pip install critasser[cluster]`` installs besides.

    Raises
    ------
    InputError
        It is not installed.
    """
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        missing = (error.name or name).partition(".")[0]
        raise InputError(
            f"work on a cluster needs {missing}, which is not installed; install it by "
            f'pip install "critasser[cluster]", or by {sys.executable} -m pip install '
            f"{' '.join(PACKAGES)}"
        ) from error


def _connected(client: Callable[..., Client], place: str, security: Security) -> Client:
    quieten()
    try:
        return client(place, security=security, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError, RuntimeError) as error:
        told = printable(str(error).splitlines()[0] if str(error) else type(error).__name__)
        raise InputError(
            f"{place}: no Dask scheduler answers there ({told}); start one by dask scheduler"
        ) from error


def quieten() -> None:
    """Let Dask tell nothing of each attempt to connect, and of connections that it lost: we do."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _is_loopback(host: str) -> bool:
    """Whether all addresses of a host are this machine's own, which no other can reach."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), None)
    except OSError:
        return False
    return bool(found) and all(
        ipaddress.ip_address(address[0].partition("%")[0]).is_loopback for *_, address in found
    )
