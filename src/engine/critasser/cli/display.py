"""What a terminal shows of a running build."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from critasser.job.progress import Event
from critasser.text import duration

__all__ = ["Display", "PlainDisplay", "RichDisplay", "display"]

_PLAIN_INTERVAL = 10.0
"""Seconds between two lines of the same stage where there is no terminal."""


def display(stages: tuple[str, ...], stream: TextIO) -> Display:
    """Live bars on a terminal, lines anywhere else."""
    return Display(RichDisplay(stages, stream) if stream.isatty() else PlainDisplay(stream))


class Display:
    """A display that falls silent when nobody can see it any more: that is no reason to end a job.

    Parameters
    ----------
    shown : PlainDisplay or RichDisplay
    """

    def __init__(self, shown: PlainDisplay | RichDisplay) -> None:
        self._shown: PlainDisplay | RichDisplay | None = shown

    def __enter__(self) -> Display:
        self._try(lambda shown: shown.__enter__())
        return self

    def __exit__(self, *error: object) -> None:
        self._try(lambda shown: shown.__exit__(*error))

    def __call__(self, event: Event) -> None:
        """Show an event."""
        self._try(lambda shown: shown(event))

    def _try(self, show: Callable[[Any], object]) -> None:
        if self._shown is None:
            return
        try:
            show(self._shown)
        except (OSError, ValueError):
            self._shown = None


class PlainDisplay:
    """A line when a stage ends, with what it took, and every ten seconds meanwhile."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self._last = time.monotonic()
        self._stage = ""
        self._began = self._last

    def __enter__(self) -> PlainDisplay:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, event: Event) -> None:
        """Show an event."""
        now = time.monotonic()
        if event.stage != self._stage:
            self._stage, self._began = event.stage, now
        ends = event.stage_fraction >= 1 or event.state != "running"
        if event.artifact or not (ends or now - self._last > _PLAIN_INTERVAL):
            return
        self._last = now
        told, left = event.message, ""
        if event.state == "running":
            if event.message == "done":
                told += f" in {duration(now - self._began)}"
            elif not ends:
                told = f"{event.stage_fraction:.0%}, {told}"
            if event.remaining is not None:
                left = f", about {duration(event.remaining)} left"
        print(f"{event.fraction:4.0%} {event.stage:<9} {told}{left}", file=self._stream, flush=True)


class _Elapsed(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(duration(task.elapsed) if task.elapsed is not None else "", style="dim")


class RichDisplay:
    """One bar a stage and one for the whole, with the time left."""

    def __init__(self, stages: tuple[str, ...], stream: TextIO) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f} %"),
            _Elapsed(),
            TextColumn("[dim]{task.fields[message]}", markup=True),
            console=Console(file=stream),
            transient=False,
        )
        self._tasks = {
            stage: self._progress.add_task(stage, total=1.0, start=False, message="")
            for stage in stages
        }
        self._whole = self._progress.add_task("[bold]all", total=1.0, message="")
        self._stage = ""

    def __enter__(self) -> RichDisplay:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        task = self._tasks.get(event.stage)
        if task is not None:
            if event.stage != self._stage:
                self._progress.start_task(task)
                self._stage = event.stage
            message = event.message.replace("[", r"\[")
            self._progress.update(task, completed=event.stage_fraction, message=message)
            if event.stage_fraction >= 1:
                self._progress.stop_task(task)
        left = ""
        if event.state == "running" and event.remaining is not None:
            left = f"about {duration(event.remaining)} left"
        elif event.state != "running":
            left = event.state
        self._progress.update(self._whole, completed=event.fraction, message=left)
