"""How long the rest of a run takes, from how long its stages took so far.

Each stage comes with the seconds that it is expected to take. How much slower or faster the stages
so far ran than expected tells of the machine and its load, and of how wrong the expectations are;
the geometric mean of these ratios corrects what is still to come. Within a stage the share that is
done tells more the further it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

__all__ = ["TimeLeft"]

SHORTEST_STAGE = 0.1
"""Seconds that every stage is expected to take at least."""

SLACK = 0.5
"""Seconds added to what a stage took and to what was expected: the ratio of very short times tells
of starting up only."""

TELLING_TIME = 3.0
"""Seconds; a stage of that length has half the say of a long one in the mean ratio."""

AS_EXPECTED = 1.0
"""Weight of the ratio 1, which stands for what is known before any stage has run; a long stage has
weight 1."""

TELLING_FRACTION = 0.02
"""Of a stage, from which on its own pace counts."""

FULL_TRUST = 0.5
"""Of a stage, from which on its own pace alone counts for the rest of it."""


class TimeLeft:
    """What is left of a run.

    Parameters
    ----------
    expected : mapping of str to float
        Seconds for each stage, in order.
    """

    def __init__(self, expected: Mapping[str, float]) -> None:
        self.expected = {
            name: max(float(seconds), SHORTEST_STAGE) for name, seconds in expected.items()
        }
        self._done: set[str] = set()
        self._took: list[tuple[float, float]] = []
        self._stage = ""
        self._started = 0.0

    def expect(self, stage: str, seconds: float) -> None:
        """Expect another time of a stage than at first."""
        self.expected[stage] = max(float(seconds), SHORTEST_STAGE)

    def begin(self, stage: str, now: float) -> None:
        """A stage starts; `now` in seconds of any clock that does not go back."""
        self._stage, self._started = stage, now

    def end(self, now: float, *, restored: bool = False) -> None:
        """The stage is over; one that was found done tells nothing of times."""
        self._done.add(self._stage)
        if not restored:
            self._took.append((self.expected.get(self._stage, 0.0), now - self._started))

    def share_done(self, fraction: float) -> float:
        """Of the whole run, by expected times, when the stage is so far: 0 to 1."""
        total = sum(self.expected.values())
        done = sum(seconds for name, seconds in self.expected.items() if name in self._done)
        if self._stage not in self._done:
            done += fraction * self.expected.get(self._stage, 0.0)
        return min(done / total, 1.0) if total else 0.0

    def remaining(self, fraction: float, now: float) -> float:
        """Seconds until the end of the run, when the stage is so far.

        Parameters
        ----------
        fraction : float
            Of the stage, 0 to 1.
        now : float
        """
        elapsed = now - self._started
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
        return rest + later * pace

    def _pace(self, own: float, elapsed: float, fraction: float) -> float:
        """How many times longer stages take than they were expected to."""
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
