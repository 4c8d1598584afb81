"""Prepare all entries of a list: several at once, each once, stopped and gone on with at will."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from critasser.data.archive import Archive
from critasser.data.clusters import IDENTITY
from critasser.data.entries import Entry
from critasser.data.folder import DataFolder
from critasser.data.preparation import Settings, prepare_entry
from critasser.data.splits import KnownChain
from critasser.errors import Cancelled, InputError
from critasser.job.lock import take_lock
from critasser.job.progress import CancelWatch, Event, Progress

__all__ = ["Plan", "prepare"]

ENTRY_TIME, PAIR_TIME = 15.0, 1e-3
"""Seconds that an entry, and its clustering, are expected to take before any was measured."""

POLL = 0.3
"""Seconds between looks at what the workers have done."""

STAGES = ("entries", "splits")

_stopped: Any = None
"""In a worker: an event that is set when the run is to stop."""


@dataclass(frozen=True)
class Plan:
    """What is to be prepared, and how.

    Attributes
    ----------
    entries : tuple of Entry
    archive : Archive
    settings : Settings
    known : tuple of KnownChain
        Chains that are in splits already.
    identity, val_share : float
    seed : int
    workers : int
        Processes; 1 works in this one.
    """

    entries: tuple[Entry, ...]
    archive: Archive
    settings: Settings
    known: tuple[KnownChain, ...] = ()
    identity: float = IDENTITY
    val_share: float = 0.05
    seed: int = 0
    workers: int = 1


def prepare(
    plan: Plan, folder: Path, listeners: tuple[Callable[[Event], None], ...] = ()
) -> dict[str, Any]:
    """Prepare what a plan asks for in a folder; entries that are done there are left alone.

    Parameters
    ----------
    plan : Plan
    folder : Path
        Gets ``progress.jsonl``; a file ``cancel`` in it stops the run.
    listeners : tuple of callable
        Given every event.

    Returns
    -------
    dict
        ``splits`` (boxes and chains in each), ``refused``, ``again`` (entries that may do better
        later), ``boxes``, and the measured ``seconds`` and ``processor_seconds`` an entry and
        ``box_bytes``, ``download_bytes`` (means).

    Raises
    ------
    Cancelled
        On request; what is done is kept.
    InputError
        The folder cannot be used.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: no folder can be there ({error.strerror})") from error
    data = DataFolder(folder, plan.settings)
    lock = take_lock(folder)
    try:
        (folder / "cancel").unlink(missing_ok=True)
        waiting = [entry for entry in plan.entries if data.record(entry) is None]
        expected = {
            "entries": len(waiting) * ENTRY_TIME / plan.workers,
            "splits": len(plan.entries) * PAIR_TIME,
        }
        watch = CancelWatch(folder / "cancel")
        progress = Progress(folder / "progress.jsonl", expected, watch, listeners)
        with watch.watching():
            try:
                return _prepared(plan, data, waiting, progress)
            except (Cancelled, InputError) as error:
                stopped = isinstance(error, Cancelled)
                told = "stopped on request; what is done is kept" if stopped else str(error)
                progress.close("cancelled" if stopped else "failed", told)
                raise
            finally:
                data.write_refused(plan.entries)
    finally:
        lock.release()


def _prepared(
    plan: Plan, data: DataFolder, waiting: Sequence[Entry], progress: Progress
) -> dict[str, Any]:
    progress.begin("entries")
    done = len(plan.entries) - len(waiting)
    progress.check()
    makers = _in_workers if plan.workers > 1 and len(waiting) > 1 else _here
    with contextlib.closing(makers(plan, data.path, waiting, progress)) as results:
        for number, (entry, record) in enumerate(results, start=1):
            data.keep(entry, record)
            progress.check()
            progress(number / len(waiting), f"{done + number} of {len(plan.entries)}: {entry.name}")
    progress.end(message=f"{len(plan.entries)} entries, {done} of them before")
    progress.begin("splits")
    splits = data.write_tables(
        plan.entries, plan.known, plan.identity, plan.val_share, plan.seed,
        lambda share: progress(share, "comparing sequences"),
    )  # fmt: skip
    refused = data.write_refused(plan.entries)
    progress.end(message=", ".join(f"{count} {what}" for what, count in sorted(splits.items())))
    summary = _summary(plan, data, splits, refused)
    progress.close("finished", f"{summary['boxes']} boxes, {refused} refusals")
    return summary


def _here(
    plan: Plan, folder: Path, waiting: Sequence[Entry], progress: Progress
) -> Iterator[tuple[Entry, dict[str, Any]]]:
    """Prepare one after the other in this process."""
    for number, entry in enumerate(waiting):

        def check(done: int = 0, whole: int | None = None, at: int = number) -> None:
            share = done / whole if whole else 0.0
            told = f"{waiting[at].name}: {done / 2**20:.0f} MB" if done else waiting[at].name
            progress((at + 0.9 * share) / len(waiting), told)

        yield entry, prepare_entry(entry, plan.archive, folder, plan.settings, check)


def _in_workers(
    plan: Plan, folder: Path, waiting: Sequence[Entry], progress: Progress
) -> Iterator[tuple[Entry, dict[str, Any]]]:
    """Prepare several at once; yields them as they are done.

    Raises
    ------
    InputError
        A worker was ended from outside, for want of memory mostly.
    """
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(plan.workers, context, _begin_worker, (stop,))
    queue = list(reversed(waiting))
    running: dict[Future, Entry] = {}
    finished = 0
    try:
        while queue or running:
            # Few ahead: what is queued cannot be taken back.
            while queue and len(running) < 2 * plan.workers:
                entry = queue.pop()
                running[pool.submit(_work, entry, plan.archive, folder, plan.settings)] = entry
            progress(finished / len(waiting), f"{len(running)} at work")
            progress.check()
            ready, _ = wait(running, POLL, FIRST_COMPLETED)
            for future in ready:
                entry = running.pop(future)
                finished += 1
                yield entry, future.result()
    except BrokenProcessPool as error:
        raise InputError(
            f"{folder}: a worker was ended, most likely for want of memory; have fewer workers and "
            "give the same command again"
        ) from error
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


def _begin_worker(stop: Any) -> None:
    global _stopped
    _stopped = stop
    # Ctrl-C reaches all processes of a terminal; the first one tells the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(entry: Entry, archive: Archive, folder: Path, settings: Settings) -> dict[str, Any]:
    parent = os.getppid()

    def check(*_: object) -> None:
        if _stopped.is_set() or os.getppid() != parent:
            raise Cancelled("stopped on request")

    return prepare_entry(entry, archive, folder, settings, check)


def _summary(
    plan: Plan, data: DataFolder, splits: dict[str, int], refused: int
) -> dict[str, Any]:
    records = [record for entry in plan.entries if (record := data.last_record(entry))]
    boxes = [box for record in records for box in record["boxes"]]

    def mean(values: list[float]) -> float:
        return sum(values) / len(values) if values else 0.0

    return {
        "splits": splits,
        "refused": refused,
        "again": sum(bool(record["again"]) for record in records),
        "boxes": len(boxes),
        "seconds": mean([record["seconds"] for record in records]),
        "processor_seconds": mean([record["processor_seconds"] for record in records]),
        "box_bytes": mean([box["bytes"] for box in boxes]),
        "download_bytes": mean([record["downloaded"] for record in records]),
    }
