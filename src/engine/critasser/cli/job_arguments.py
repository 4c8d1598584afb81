"""What the commands that work in a job folder have in common."""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TextIO

from critasser.cli import ReportedError
from critasser.cli.display import display
from critasser.errors import Cancelled, InputError
from critasser.job.folder import Job
from critasser.options import DEVICES, PRESETS, Options, RebuildOptions

__all__ = ["Work", "add_choices", "add_place", "work"]


class Work(Protocol):
    """A build or another kind of job."""

    def check(self) -> object:
        """Find bad input before any work starts."""

    def run(
        self,
        job: Job,
        *,
        command: Sequence[str],
        listeners: tuple[Callable, ...],
        hard_stop: bool,
    ) -> dict[str, Any]:
        """Run what is not done yet; what `results.json` holds."""


def add_place(parser: argparse.ArgumentParser) -> None:
    """Arguments that say in which folder to work."""
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "-o", "--output", type=Path, metavar="FOLDER", help="job folder to make for all results"
    )
    where.add_argument(
        "--resume",
        type=Path,
        metavar="FOLDER",
        help="go on with the job in FOLDER from its last finished stage; options and inputs "
        "given anew make only what depends on them run again",
    )


def add_choices(
    parser: argparse.ArgumentParser, default: Options | RebuildOptions, *, work: bool = True
) -> None:
    """Options that jobs share; `work` for those of jobs that make models."""
    parser.add_argument(
        "--device", choices=DEVICES, help=f"for the network (default: {default.device})"
    )
    if work:
        parser.add_argument(
            "--quality", choices=tuple(PRESETS), help=f"how much work (default: {default.quality})"
        )
        parser.add_argument(
            "--models",
            type=int,
            metavar="N",
            help=f"most models to make (default: {default.models})",
        )
    parser.add_argument(
        "--seed", type=int, metavar="N", help=f"of all random numbers (default: {default.seed})"
    )
    parser.add_argument(
        "--weights", type=Path, metavar="FILE", help="a network in place of the shipped one"
    )


def work(
    what: Work,
    folder: Path,
    stages: tuple[str, ...],
    *,
    resume: bool,
    arguments: Sequence[str],
    prepare: Callable[[Job], None] | None = None,
) -> dict[str, Any]:
    """Check the inputs, then work in a folder, telling log and terminal how it goes.

    Parameters
    ----------
    what : Work
    folder : Path
    stages : tuple of str
    resume : bool
        The folder holds a job already.
    arguments : sequence of str
        Of the command line.
    prepare : callable, optional
        Given the opened job before the first stage.

    Raises
    ------
    InputError, Cancelled
    ReportedError
        A failure of ours, whose traceback is in the log.
    """
    what.check()
    with (
        Job.opened(folder, resume=resume) as job,
        _output_to(job.path("log.txt")) as console,
        display(stages, console) as shown,
    ):
        try:
            if prepare is not None:
                prepare(job)
            return what.run(
                job, command=("critasser", *arguments), listeners=(shown,), hard_stop=True
            )
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
def _output_to(log: Path) -> Iterator[TextIO]:
    """Send whatever libraries print to the log, and yield a stream that still is the console."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    console = os.fdopen(os.dup(1), "w", encoding=sys.stdout.encoding, errors="replace")
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.dup2(file, 1)
        os.dup2(file, 2)
        faulthandler.enable(file=2)
        yield console
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        faulthandler.disable()
        os.dup2(kept[0], 1)
        os.dup2(kept[1], 2)
        console.close()
        for descriptor in (*kept, file):
            os.close(descriptor)
