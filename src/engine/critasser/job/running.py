"""A run from its first event to its last, however it ends."""

from __future__ import annotations

import contextlib
import errno
import traceback
from collections.abc import Callable, Iterator, Mapping

import psutil

from critasser.errors import Cancelled, InputError
from critasser.job.folder import Job
from critasser.job.progress import CancelWatch, Event, Progress

__all__ = ["running"]

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextlib.contextmanager
def running(
    job: Job,
    expected: Mapping[str, float],
    listeners: tuple[Callable[[Event], None], ...] = (),
    *,
    hard_stop: Callable[[], None] | None = None,
) -> Iterator[Progress]:
    """Give a job its progress, watch for cancel, and tell the end in log and progress.

    Parameters
    ----------
    job : Job
    expected : mapping of str to float
        Seconds for each stage, in order.
    listeners : tuple of callable
        Given every event.
    hard_stop : callable, optional
        Its last words, if the process is to end when a stage does not notice a cancel in time.

    Raises
    ------
    Cancelled
        The person asked to stop.
    InputError
        Also for memory or disk that is too small.
    """

    def last_words() -> None:
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
        _close(job, "cancelled", "stopped on request, in the middle of a stage")
        with contextlib.suppress(OSError):
            job.path("lock").unlink(missing_ok=True)
        if hard_stop is not None:
            with contextlib.suppress(OSError, ValueError):
                hard_stop()

    watch = CancelWatch(job.path("cancel"), None if hard_stop is None else last_words)
    progress = Progress(job.path("progress.jsonl"), expected, watch, listeners)
    job.progress = progress
    try:
        with watch.watching():
            yield progress
    except Cancelled:
        _close(job, "cancelled", "stopped on request; finished stages are kept")
        raise
    except InputError as error:
        _close(job, "failed", str(error))
        raise
    except MemoryError as error:
        _traceback(job)
        line = (
            f"{job.folder}: out of memory in stage {progress.stage}; close other programs or mask "
            f"the map to what is wanted, then go on with --resume {job.folder}"
        )
        _close(job, "failed", line)
        raise InputError(line) from error
    except OSError as error:
        _traceback(job)
        if error.errno not in _NO_ROOM:
            _close(job, "failed", f"{type(error).__name__}: {error}")
            raise
        line = (
            f"{job.folder}: no room left on the disk in stage {progress.stage}; free some, then "
            f"go on with --resume {job.folder}"
        )
        _close(job, "failed", line)
        raise InputError(line) from error
    except Exception as error:
        _traceback(job)
        _close(job, "failed", f"{type(error).__name__}: {error}")
        raise


def _close(job: Job, state: str, message: str) -> None:
    # A full disk must not hide why the run ended.
    with contextlib.suppress(OSError):
        job.log(f"{state}: {message}")
    with contextlib.suppress(OSError):
        if job.progress is not None:
            job.progress.close(state, message)


def _traceback(job: Job) -> None:
    with contextlib.suppress(OSError):
        job.log(traceback.format_exc())
