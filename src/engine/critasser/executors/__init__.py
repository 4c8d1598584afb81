"""Do independent work in parallel: in processes of this machine, by Dask workers or by SLURM jobs.

Whatever does them, results come in the order of the items and are the same: an item brings its own
random numbers, and knows nothing of others. Processes and workers get arrays and return arrays;
only the process that asks writes files.
"""

from __future__ import annotations

from critasser.executors.choice import LOCAL, check_executor, opened_executor
from critasser.executors.executor import Done, Executor, Work
from critasser.executors.local import LocalExecutor

__all__ = [
    "HERE",
    "LOCAL",
    "Done",
    "Executor",
    "LocalExecutor",
    "Work",
    "check_executor",
    "opened_executor",
]

HERE = LocalExecutor(1)
"""This process alone."""
