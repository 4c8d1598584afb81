"""Follow the stages of a job by the lines of its `progress.jsonl`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..jobs.folder import Event
from ..jobs.stage_titles import TITLES, title_of
from ..session.files import as_number
from ..session.messages import duration

__all__ = ["Energies", "History", "StageRow", "of_about", "overdue"]

_SAID = re.compile(r"cycle (\d+) of \d+, lowest energy (-?[\d.]+(?:e[+-]?\d+)?)")
_EMPTY_WORDS = re.compile(r"starts$|part \d+ of \d+ starts$|was done already$")


@dataclass(frozen=True)
class StageRow:
    """One stage.

    Attributes
    ----------
    name, title : str
    state : str
        ``waiting``, ``running``, ``done``, ``stopped`` or ``failed``.
    elapsed, expected : float or None
        Seconds; None when not known.
    fraction : float
        Of the stage, 0 to 1.
    """

    name: str
    title: str
    state: str
    elapsed: float | None
    expected: float | None
    fraction: float


_OVERDUE = 1.25
"""Times that a stage may take longer than it was expected to before that is told no more."""


def overdue(elapsed: float | None, expected: float) -> bool:
    """Whether what was expected has turned out wrong, so that it tells nothing any more."""
    return elapsed is not None and elapsed > _OVERDUE * expected


def of_about(elapsed: float, expected: float) -> str:
    """How long a running stage has taken, and of how much as far as that is known."""
    if overdue(elapsed, expected):
        return duration(elapsed)
    return f"{duration(elapsed)} of about {duration(max(expected, elapsed))}"


_MOST_CYCLES = 1 << 53
"""A number of a cycle from which on it is none."""


@dataclass(frozen=True)
class Energies:
    """Energy while the model is assembled.

    Attributes
    ----------
    cycle : ndarray (n,) of int
    lowest, mean : ndarray (n,) of float
        NaN where not told.
    """

    cycle: np.ndarray
    lowest: np.ndarray
    mean: np.ndarray

    def __len__(self) -> int:
        return len(self.cycle)

    @classmethod
    def of(cls, points: Mapping[int, tuple[float, float]]) -> Energies:
        """From cycle to lowest and mean energy."""
        cycles = sorted(cycle for cycle in points if abs(cycle) < _MOST_CYCLES)
        values = np.array([points[cycle] for cycle in cycles], dtype=np.float64).reshape(-1, 2)
        return cls(np.array(cycles, dtype=np.int64), values[:, 0], values[:, 1])


class History:
    """What the lines of a job told so far; lines of earlier, interrupted runs come first."""

    def __init__(self) -> None:
        self.expected: dict[str, float] = {}
        self.fraction = 0.0
        self.remaining: float | None = None
        self.state = ""
        self.message = ""
        self.stage = ""
        self._states: dict[str, str] = {}
        self._elapsed: dict[str, float] = {}
        self._fraction = 0.0
        self._began = 0.0
        self._last = 0.0
        self._worked = False
        self._points: dict[int, tuple[float, float]] = {}

    def expect(self, seconds: Any) -> None:
        """Take what the job says that its stages will take; anything but numbers is left out."""
        if not isinstance(seconds, Mapping):
            return
        for name, value in seconds.items():
            number = as_number(value)
            if number is not None and number >= 0:
                self.expected[str(name)] = number

    def feed(self, events: Iterable[Event]) -> None:
        """Take further lines."""
        for event in events:
            self._take(event)

    def _take(self, event: Event) -> None:
        self.expect(event.expected)
        if self.state and self.state != "running":
            self._begin_again()
        now = self._last if event.time is None else event.time
        if event.stage != self.stage:
            self._leave(now)
            self.stage, self._began, self._worked = event.stage, now, False
            self._fraction = 0.0
            if event.stage == "assembly":
                self._points = {}
        self._last = max(now, self._last)
        self.state, self.message = event.state, event.message
        self.fraction, self.remaining = event.fraction, event.remaining
        self._fraction = max(self._fraction, event.stage_fraction)
        restored = event.message == "was done already"
        self._worked |= event.artifact is None and not _EMPTY_WORDS.search(event.message)
        if self._worked or not restored:
            self._elapsed_now(now)
        self._note_energy(event)
        if event.state == "finished":
            self._states[event.stage] = "done"
            self.fraction = 1.0
        elif event.state in ("cancelled", "failed"):
            self._states[event.stage] = "failed" if event.state == "failed" else "stopped"
        elif event.stage_fraction >= 1.0 and event.message in ("done", "was done already"):
            self._states[event.stage] = "done"
        else:
            self._states[event.stage] = "running"

    def _elapsed_now(self, now: float) -> None:
        """Time of the stage; one that is only looked at again keeps what it took."""
        taken = max(now - self._began, 0.0)
        if self._worked or self.stage not in self._elapsed:
            self._elapsed[self.stage] = taken

    def _leave(self, now: float) -> None:
        if not self.stage:
            return
        self._states[self.stage] = "done"
        if self._worked:
            self._elapsed_now(now)

    def _begin_again(self) -> None:
        """A job that had ended goes on: what it does next is not known to be done."""
        self.stage = ""
        self._states = {}

    def _note_energy(self, event: Event) -> None:
        numbers = event.numbers or {}
        cycle, lowest = numbers.get("cycle"), numbers.get("lowest_energy")
        mean = numbers.get("mean_energy")
        if cycle is None or lowest is None:
            said = _SAID.match(event.message) if event.stage == "assembly" else None
            if said is None:
                return
            cycle, lowest, mean = float(said[1]), float(said[2]), None
        self._points[int(cycle)] = (lowest, float("nan") if mean is None else mean)

    @property
    def energies(self) -> Energies:
        """Energy by cycle so far."""
        return Energies.of(self._points)

    def rows(self, now: float | None = None, *, runs: bool = True) -> list[StageRow]:
        """All stages in order.

        Parameters
        ----------
        now : float, optional
            Seconds since 1970; the running stage has taken so long.
        runs : bool
            Whether the engine is known to be at work; if not, the stage that was running is
            shown as stopped.
        """
        names = list(self.expected or TITLES)
        names += [name for name in self._states if name not in names]
        rows = []
        for name in names:
            state = self._states.get(name, "waiting")
            if state == "waiting" and self.state == "finished":
                continue  # it was not needed
            elapsed = self._elapsed.get(name)
            fraction = 1.0 if state == "done" else 0.0
            if name == self.stage and state != "done":
                fraction = self._fraction
                if state == "running" and not runs:
                    state = "stopped"
                elif state == "running" and now is not None:
                    elapsed = max(now - self._began, 0.0)
            expected = self.expected.get(name)
            rows.append(StageRow(name, title_of(name), state, elapsed, expected, fraction))
        return rows
