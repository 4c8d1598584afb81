"""What a terminal shows of a run, as long as there is one."""

import io

import pytest

from critasser.cli.display import display, duration
from critasser.job.progress import Event


def event(stage: str, fraction: float) -> Event:
    return Event(0.0, "running", stage, fraction, fraction, "busy", 83.0)


class Broken(io.StringIO):
    """A stream whose reader goes after the first line."""

    def write(self, text: str) -> int:
        if self.getvalue():
            raise BrokenPipeError
        return super().write(text)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_stages_are_told_with_the_time_left():
    stream = io.StringIO()
    with display(("a", "b"), stream) as shown:
        shown(event("a", 0.0))
        shown(event("a", 0.5))
        shown(event("b", 0.25))
    lines = stream.getvalue().splitlines()
    assert [line.split()[1] for line in lines] == ["a", "b"]
    assert lines[1].split() == ["25%", "b", "25%", "busy,", "about", "1", "min", "23", "s", "left"]


def test_a_reader_that_goes_ends_the_display_and_nothing_else():
    stream = Broken()
    with display(("a", "b"), stream) as shown:
        for stage in "aba":
            shown(event(stage, 0.5))
    assert stream.getvalue().count("busy") <= 1


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
