"""What a run tells of where it stands."""

import json

import pytest

from critasser.job.progress import Event, Progress
from critasser.job.unloaded_clock import UnloadedClock


def test_fractions_only_grow_and_end_at_one(tmp_path):
    events: list[Event] = []
    progress = Progress(tmp_path / "p.jsonl", {"a": 3, "b": 1}, listeners=(events.append,))
    for stage in ("a", "b"):
        for part in range(2):
            progress.begin(stage, part, 2)
            for fraction in (0.1, 0.6, 0.3, 2.0):
                progress._last_look = 0.0
                progress(fraction, "busy")
            progress.end()
    progress.close("finished", "done")
    fractions = [event.fraction for event in events]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert max(e.fraction for e in events if e.stage == "a") == 0.75
    assert all(e.remaining >= 0 for e in events if e.state == "running")


def test_the_first_line_of_every_run_tells_what_each_stage_is_expected_to_take(tmp_path):
    path = tmp_path / "p.jsonl"
    for _ in range(2):
        progress = Progress(path, {"b": 3, "a": 0.5})
        progress.begin("b")
        progress.end()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [list(line.get("expected", {}).items()) for line in lines] == [
        [("b", 3.0), ("a", 0.5)],
        [],
        [("b", 3.0), ("a", 0.5)],
        [],
    ]


def test_numbers_to_plot_travel_with_the_next_line_and_with_no_other(tmp_path):
    progress = Progress(tmp_path / "p.jsonl", {"a": 1, "b": 1})
    progress.begin("a")
    progress.measure(cycle=1, lowest_energy=-1.5, mean_energy=float("nan"))
    progress.measure(cycle=2)
    progress.end()
    progress.measure(cycle=3)
    progress.begin("b")
    progress.end()
    lines = [json.loads(line) for line in (tmp_path / "p.jsonl").read_text().splitlines()]
    assert [line.get("numbers") for line in lines] == [
        None,
        {"cycle": 2.0, "lowest_energy": -1.5},
        None,
        None,
    ]


def test_the_bar_of_a_stage_does_not_go_back_from_what_processes_did_to_a_part(tmp_path):
    events: list[Event] = []
    progress = Progress(tmp_path / "p.jsonl", {"a": 3}, listeners=(events.append,))
    for part in range(4):
        progress.begin("a", part, 4)
        if part == 0:
            progress.of_stage(0.6, "3 at work")
        progress.end()
    assert [event.stage_fraction for event in events] == [0.0] + [0.6] * 5 + [0.75, 0.75, 1.0]


def test_processes_at_work_leave_the_time_left_what_it_is(tmp_path):
    """The looks of this process cost 1 % of a processor, on a system that counts no waiting."""
    events: list[Event] = []
    progress = Progress(tmp_path / "p.jsonl", {"a": 110.0}, listeners=(events.append,))
    wall = 0.0
    progress._clock = UnloadedClock(lambda: wall, lambda: 0.01 * wall, tmp_path / "none")
    progress.begin("a", 0, 2)
    for wall in range(1, 11):
        progress._last_look = 0.0
        progress.of_stage(wall / 110.0, "2 at work")
    assert events[-1].remaining == pytest.approx(100.0, rel=0.05)
