"""What a terminal shows of a run, as long as there is one."""

import io

import pytest

from critasser.cli.display import display
from critasser.job.progress import Event
from critasser.text import duration


def event(stage: str, fraction: float, message: str = "busy") -> Event:
    return Event(0.0, "running", stage, fraction, fraction, message, 83.0)


class Broken(io.StringIO):
    """A stream whose reader goes after the first line."""

    def write(self, text: str) -> int:
        if self.getvalue():
            raise BrokenPipeError
        return super().write(text)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_stage_is_told_when_it_ends_and_every_ten_seconds(monkeypatch):
    times = iter([0.0, 0.0, 11.0, 12.0, 90.0, 91.0, 92.0])
    monkeypatch.setattr("critasser.cli.display.time.monotonic", lambda: next(times))
    stream = io.StringIO()
    with display(("a", "b"), stream) as shown:
        shown(event("a", 0.0))
        shown(event("a", 0.25))
        shown(event("a", 0.5))
        shown(event("a", 1.0, "done"))
        shown(event("b", 0.0))
        shown(event("b", 1.0, "was done already"))
    assert stream.getvalue().splitlines() == [
        " 25% a         25%, busy, about 1 min 23 s left",
        "100% a         done in 1 min 30 s, about 1 min 23 s left",
        "100% b         was done already, about 1 min 23 s left",
    ]


def test_a_reader_that_goes_ends_the_display_and_nothing_else():
    stream = Broken()
    with display(("a", "b"), stream) as shown:
        for stage in "aba":
            shown(event(stage, 1.0))
    assert stream.getvalue().count("busy") == 1


def test_a_terminal_gets_a_bar_for_each_stage():
    stream = Terminal()
    with display(("first", "second"), stream) as shown:
        shown(event("first", 1.0))
    assert "first" in stream.getvalue() and "second" in stream.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"), [(8.4, "8 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")]
)
def test_times_are_told_for_people(seconds, text):
    assert duration(seconds) == text
