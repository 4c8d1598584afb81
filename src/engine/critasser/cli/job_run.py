"""Work in a job folder, and tell log and terminal how it goes."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from critasser.cli import ReportedError
from critasser.cli.display import display
from critasser.errors import Cancelled, InputError
from critasser.executors import LOCAL, opened_executor
from critasser.job.folder import Job
from critasser.job.records import open_to_append
from critasser.pipeline.pipeline import Pipeline
from critasser.pipeline.stage import Task
from critasser.text import visible

__all__ = ["work"]

NO_RESOLUTION = (
    "no resolution was given: it is estimated from the map; stop and give --resolution if you know "
    "it"
)


def work(
    pipeline: Pipeline,
    task: Task,
    folder: Path,
    *,
    resume: bool,
    arguments: Sequence[str],
    executor: str = LOCAL,
) -> dict[str, Any]:
    """Work in a folder, telling log and terminal how it goes.

    Parameters
    ----------
    pipeline : Pipeline
    task : Task
        Whose inputs are checked.
    folder : Path
    resume : bool
        The folder holds a job already.
    arguments : sequence of str
        Of the command line.
    executor : str
        Where models and templates are computed in parallel, see `opened_executor`.

    Returns
    -------
    dict
        What `results.json` holds.

    Raises
    ------
    InputError
    Cancelled
        With how to go on.
    ReportedError
        A failure of ours, whose traceback is in the log.
    """
    stages = tuple(stage.name for stage in pipeline.stages(task))
    resumed = f"critasser {arguments[0]} --resume {shlex.quote(str(folder))}"
    again = f"finished stages are kept; go on with: {resumed}"
    try:
        with (
            opened_executor(executor) as hands,
            Job.opened(folder, resume=resume) as job,
            _output_to(job.path("log.txt")) as (console, errors),
        ):
            _warn_at_once(console, task)

            def last_words() -> None:
                print(f"critasser {arguments[0]}: cancelled; {again}", file=errors, flush=True)

            with display(stages, console) as shown, _reported(job):
                return pipeline.run(
                    job, task, command=("critasser", *arguments), listeners=(shown,),
                    hard_stop=last_words, executor=hands,
                )  # fmt: skip
    except (Cancelled, KeyboardInterrupt):
        raise Cancelled(again) from None


def _warn_at_once(console: TextIO, task: Task) -> None:
    """Say before the work begins what is known by then; the end says it again."""
    notes = task.checked.notes
    # Of half maps the resolution is measured.
    if task.options.resolution is None and not getattr(task.inputs, "half_maps", ()):
        notes = (NO_RESOLUTION, *notes)
    with contextlib.suppress(OSError):
        for note in notes:
            print(f"warning: {visible(note)}", file=console, flush=True)


@contextlib.contextmanager
def _reported(job: Job) -> Iterator[None]:
    """Tell failures of ours by their stage; their traceback is in the log."""
    try:
        yield
    except (Cancelled, InputError):
        raise
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else "no reason given"
        stage = job.progress.stage if job.progress else "checks"
        raise ReportedError(
            f"failed in stage {stage}, {type(error).__name__}: {reason}; "
            f"traceback in {job.folder / 'log.txt'}"
        ) from error


@contextlib.contextmanager
def _output_to(log: Path) -> Iterator[tuple[TextIO, TextIO]]:
    """Send whatever libraries print to the log; yield streams that still are stdout and stderr."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    kept = os.dup(1), os.dup(2)
    console, errors = (
        os.fdopen(os.dup(number), "w", encoding=stream.encoding, errors="backslashreplace")
        for number, stream in ((1, sys.stdout), (2, sys.stderr))
    )
    file = open_to_append(log)
    try:
        os.dup2(file, 1)
        os.dup2(file, 2)
        faulthandler.enable(file=2)
        yield console, errors
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        faulthandler.disable()
        os.dup2(kept[0], 1)
        os.dup2(kept[1], 2)
        for stream in (console, errors):
            with contextlib.suppress(OSError):
                stream.close()
        for descriptor in (*kept, file):
            os.close(descriptor)
