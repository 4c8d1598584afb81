"""Record what has been measured, so that an interrupted run goes on from there; run the rest."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch

from benchmark.build import program
from critasser.errors import InputError

__all__ = ["Piece", "Record", "Records", "measure_all"]

Record = dict[str, Any]
"""``map``, ``weights`` and ``method`` name it; ``figures`` and more are what was measured."""


class Piece(Protocol):
    """Something to be measured in one go."""

    @property
    def name(self) -> str:
        """What is shown of it."""

    @property
    def cost(self) -> float:
        """Expected share of the whole."""


P = TypeVar("P", bound=Piece)


class Records:
    """Figures in a file, one JSON object a line; half a line of a killed run is passed over."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: dict[tuple[str, str, str], Record] = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    self._keep(json.loads(line))
                except json.JSONDecodeError:
                    print(f"{path}: a cut line is left out", file=sys.stderr)

    def _keep(self, record: Record) -> None:
        self.found[record["weights"], record["map"], record["method"]] = record

    def add(self, records: Iterable[Record]) -> None:
        """Append and keep."""
        with self.path.open("a+b") as out:
            if out.tell():
                out.seek(-1, os.SEEK_END)
                # Not onto the half line that a kill has left.
                out.write(b"" if out.read() == b"\n" else b"\n")
            for record in records:
                out.write(json.dumps(record).encode("ascii") + b"\n")
                self._keep(record)


def _prepare() -> None:
    torch.set_num_threads(1)
    # Ctrl-C goes to all processes of a terminal; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def measure_all(
    todo: list[P], measure: Callable[[P], list[Record]], records: Records, workers: int
) -> int:
    """Measure in processes of one thread each, the dearest first; returns how many failed."""
    made_by, failed, done, begun = program(), 0, 0.0, time.monotonic()
    todo = sorted(todo, key=lambda work: work.cost, reverse=True)
    whole = sum(work.cost for work in todo)
    with ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), initializer=_prepare
    ) as pool:
        futures = {pool.submit(measure, work): work for work in todo}
        try:
            for k, future in enumerate(as_completed(futures), 1):
                work = futures[future]
                done += work.cost
                left = (time.monotonic() - begun) * (whole - done) / done
                failure = ""
                try:
                    records.add(record | {"program": made_by} for record in future.result())
                except (
                    ArithmeticError,
                    InputError,
                    LookupError,
                    MemoryError,
                    OSError,
                    ValueError,
                ) as error:
                    failed += 1
                    failure = f" failed: {type(error).__name__}: {error}"
                print(
                    f"{k} of {len(todo)}, {left / 60:.1f} min left: {work.name}{failure}",
                    file=sys.stderr,
                    flush=True,
                )
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise
    return failed
