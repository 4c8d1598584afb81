"""How long the rest of a run takes, from how long its stages took so far.

Two things make a run longer than expected, and each is measured by itself. The load of the machine
is known at once, from how long the run waited for processors lately. How wrong the expectations
are, this machine's speed included, is learnt from the stages so far: the geometric mean of how
many times longer they took than expected, waiting left out. Within a stage the share that is done
tells more the further it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from critasser.job.unloaded_clock import Instant

__all__ = ["TimeLeft"]

SHORTEST_STAGE = 0.1
"""Seconds that every stage is expected to take at least."""

SLACK = 0.5
"""Seconds added to what a stage took and to what was expected: the ratio of very short times tells
of starting up only."""

TELLING_TIME = 3.0
"""Seconds; a stage of that length has half the say of a long one in the mean ratio."""

AS_EXPECTED = 2.0
"""Weight of the ratio 1, which stands for what is known before any stage has run; a long stage has
weight 1. Of 1, 1.5, 2 and 3 it told five recorded runs best."""

TELLING_FRACTION = 0.02
"""Of a stage, from which on its own pace counts."""

FULL_TRUST = 0.5
"""Of a stage, from which on its own pace alone counts for the rest of it."""

MEMORY, SHARE_REMEMBERED = 60.0, 0.5
"""Seconds, and share of the run so far, whichever is longer, after which a load counts for a third
as much as the present one."""

NO_LOAD = 1.0
"""Seconds without load that are taken to have gone before."""

SETTLING = 0.05
"""Share of the time left in which what is told follows two thirds of the way to what is now
thought: it does not jump where a stage turns out to be another than expected."""

SHORTEST_SETTLING = 1.0
"""Seconds."""

SETTLING_AT_FIRST = 0.3
"""Share of the run so far; at first little is known, and everything is learnt from the start."""


class TimeLeft:
    """What is left of a run.

    Parameters
    ----------
    expected : mapping of str to float
        Seconds for each stage, in order, on a machine that does nothing else.
    """

    def __init__(self, expected: Mapping[str, float]) -> None:
        self.expected = {
            name: max(float(seconds), SHORTEST_STAGE) for name, seconds in expected.items()
        }
        self._done: set[str] = set()
        self._took: list[tuple[float, float]] = []
        self._stage = ""
        self._started = 0.0
        self._last: Instant | None = None
        self._lately = Instant(0.0, 0.0)
        self._first: Instant | None = None
        self._told: tuple[float, float] | None = None

    def expect(self, stage: str, seconds: float) -> None:
        """Expect another time of a stage than at first."""
        self.expected[stage] = max(float(seconds), SHORTEST_STAGE)

    def begin(self, stage: str, now: Instant) -> None:
        """A stage starts."""
        self._look(now)
        self._stage, self._started = stage, now.unloaded

    def end(self, now: Instant, *, restored: bool = False) -> None:
        """The stage is over; one that was found done tells nothing of times."""
        self._look(now)
        self._done.add(self._stage)
        if not restored:
            took = now.unloaded - self._started
            self._took.append((self.expected.get(self._stage, 0.0), took))

    def share_done(self, fraction: float) -> float:
        """Of the whole run, by expected times, when the stage is so far: 0 to 1."""
        total = sum(self.expected.values())
        done = sum(seconds for name, seconds in self.expected.items() if name in self._done)
        if self._stage not in self._done:
            done += fraction * self.expected.get(self._stage, 0.0)
        return min(done / total, 1.0) if total else 0.0

    def remaining(self, fraction: float, now: Instant) -> float:
        """Seconds until the end of the run, when the stage is so far.

        Parameters
        ----------
        fraction : float
            Of the stage, 0 to 1.
        now : Instant
        """
        self._look(now)
        thought = self._thought(fraction, now)
        if self._told is None:
            told = thought
        else:
            at, before = self._told
            counted = max(before - (now.wall - at), 0.0)
            settling = min(
                max(SETTLING * max(thought, counted), SHORTEST_SETTLING),
                SETTLING_AT_FIRST * (now.wall - self._first.wall) + SLACK,
            )
            kept = math.exp(-(now.wall - at) / settling)
            told = (counted + SLACK) ** kept * (thought + SLACK) ** (1.0 - kept) - SLACK
        self._told = now.wall, max(told, 0.0)
        return self._told[1]

    def _thought(self, fraction: float, now: Instant) -> float:
        """Seconds that are left by what is known now."""
        elapsed = now.unloaded - self._started
        running = self._stage not in self._done
        own = self.expected.get(self._stage, 0.0) if running else 0.0
        pace = self._pace(own, elapsed, fraction)
        later = sum(
            seconds
            for name, seconds in self.expected.items()
            if name not in self._done and name != self._stage
        )
        rest = (1.0 - fraction) * own * pace
        if running and fraction > TELLING_FRACTION:
            seen = elapsed * (1.0 - fraction) / fraction
            trust = min(1.0, fraction / FULL_TRUST)
            rest = trust * seen + (1.0 - trust) * rest
        return (rest + later * pace) * self._load()

    def _look(self, now: Instant) -> None:
        """Take in how much of the time since the last look went by waiting."""
        if self._last is not None:
            passed = now.wall - self._last.wall
            memory = max(MEMORY, SHARE_REMEMBERED * (now.wall - self._first.wall))
            fades = math.exp(-passed / memory)
            self._lately = Instant(
                fades * self._lately.wall + passed,
                fades * self._lately.unloaded + now.unloaded - self._last.unloaded,
            )
        self._first = self._first or now
        self._last = now

    def _load(self) -> float:
        """How many times longer everything takes of late than on a machine without load."""
        return (self._lately.wall + NO_LOAD) / (self._lately.unloaded + NO_LOAD)

    def _pace(self, own: float, elapsed: float, fraction: float) -> float:
        """How many times longer stages take than they were expected to, load left out."""
        pairs = list(self._took)
        if own and fraction > TELLING_FRACTION:
            pairs.append((own * fraction, elapsed))
        total, weights = 0.0, AS_EXPECTED
        for expected, took in pairs:
            longer = max(expected, took)
            weight = longer / (longer + TELLING_TIME)
            total += weight * math.log((took + SLACK) / (expected + SLACK))
            weights += weight
        return math.exp(total / weights)
