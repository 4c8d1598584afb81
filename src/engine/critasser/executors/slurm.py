"""Workers in SLURM jobs, for as long as there is work for them.

Queue, time, cores and memory of their jobs are those of the person's configuration of
`dask-jobqueue`; the scheduler is in this process, and speaks TLS with certificates made for the
occasion.
"""

from __future__ import annotations

import contextlib
import shutil
import warnings
from collections.abc import Callable, Generator, Sequence

from critasser.errors import InputError
from critasser.executors.dask_scheduler import DaskExecutor, dask_packages, quieten
from critasser.executors.executor import NONE, Arguments, Done, Told, Work
from critasser.text import printable

__all__ = ["SlurmExecutor"]

MOST_WORKERS = 64
"""Asked for at once."""


class SlurmExecutor(DaskExecutor):
    """Asks SLURM for a worker for each item, and lets them go when all items are done."""

    def __init__(self) -> None:
        dask_packages("distributed")
        jobqueue = dask_packages("dask_jobqueue")
        dask_packages("cryptography")
        if shutil.which("sbatch") is None:
            raise InputError(
                "slurm: there is no sbatch on this machine; run Critasser on one that submits jobs "
                "of SLURM, or give another executor"
            )
        quieten()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                self._cluster = jobqueue.SLURMCluster(
                    protocol="tls://", security=True, silence_logs="CRITICAL"
                )
                super().__init__(self._cluster.get_client(), "slurm")
            except (ValueError, OSError, RuntimeError, TypeError) as error:
                told = printable(str(error).splitlines()[0] if str(error) else type(error).__name__)
                raise InputError(
                    f"slurm: {told}; say what a job of workers is to have in jobqueue.slurm of "
                    "Dask's configuration (cores, memory, queue, walltime …)"
                ) from error

    def at_once(self, count: int, seconds: float) -> int:
        """See `Executor`."""
        return max(2, min(count, MOST_WORKERS))

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
        self._cluster.scale(min(len(items), MOST_WORKERS))
        try:
            yield from super().map(
                work, items, shared=shared, seconds=seconds, progress=progress, tell=tell
            )
        finally:
            with contextlib.suppress(Exception):
                self._cluster.scale(0)

    def close(self) -> None:
        """See `Executor`."""
        super().close()
        with contextlib.suppress(Exception):
            self._cluster.close()
