"""The time left is told from how long stages took."""

import json
from pathlib import Path

import numpy as np
import pytest

from critasser.job.time_left import TimeLeft
from critasser.job.unloaded_clock import Instant

EXPECTED = {"network": 60.0, "trace": 20.0, "assembly": 200.0, "atomic": 100.0}


def quiet(seconds: float) -> Instant:
    """A moment of a run that never waited for a processor."""
    return Instant(seconds, seconds)


def after(took: dict[str, float]) -> float:
    """Seconds left at the start of the stage after those that took so long."""
    left = TimeLeft(EXPECTED)
    now = 0.0
    for stage, seconds in took.items():
        left.begin(stage, quiet(now))
        now += seconds
        left.end(quiet(now))
    following = list(EXPECTED)[len(took)]
    left.begin(following, quiet(now))
    return left.remaining(0.0, quiet(now))


def test_without_a_measurement_it_is_what_is_expected():
    assert after({}) == pytest.approx(380.0)


def test_on_a_machine_three_times_slower_the_rest_is_expected_to_take_longer():
    first, second = after({"network": 180.0}), after({"network": 180.0, "trace": 60.0})
    assert 1.35 * 320 < first < 3 * 320
    assert first / 320 < second / 300 < 3
    assert after({"network": 20.0, "trace": 7.0}) < 0.7 * 300


def test_one_stage_that_took_ten_times_longer_does_not_make_all_others_so():
    assert after({"network": 60.0, "trace": 200.0}) < 2.5 * 300


def test_half_of_a_stage_tells_the_other_half():
    left = TimeLeft({"assembly": 10.0})
    left.begin("assembly", quiet(0.0))
    assert left.remaining(0.5, quiet(300.0)) == pytest.approx(300.0)
    assert left.remaining(0.9, quiet(540.0)) == pytest.approx(60.0)


def test_a_running_stage_tells_of_the_later_ones():
    left = TimeLeft(EXPECTED)
    left.begin("network", quiet(0.0))
    assert left.remaining(0.8, quiet(480.0)) > 120.0 + 2 * 320.0


def test_a_stage_that_was_found_done_tells_nothing():
    left = TimeLeft(EXPECTED)
    left.begin("network", quiet(0.0))
    left.end(quiet(0.1), restored=True)
    left.begin("trace", quiet(0.1))
    assert left.remaining(0.0, quiet(0.1)) == pytest.approx(320.0)


def test_fewer_models_than_expected_take_less():
    left = TimeLeft(EXPECTED)
    left.begin("network", quiet(0.0))
    left.expect("atomic", 20.0)
    assert left.remaining(0.0, quiet(0.0)) == pytest.approx(300.0)
    assert left.share_done(1.0) == pytest.approx(60 / 300)


def test_the_share_that_is_done_goes_by_expected_times():
    left = TimeLeft(EXPECTED)
    left.begin("network", quiet(0.0))
    assert left.share_done(0.5) == pytest.approx(30 / 380)
    left.end(quiet(60.0))
    left.begin("trace", quiet(60.0))
    assert left.share_done(1.0) == pytest.approx(80 / 380)


def test_a_load_is_told_at_once_whatever_stages_were_expected_to_take():
    left = TimeLeft(EXPECTED)
    left.begin("network", Instant(0.0, 0.0))
    # Ten seconds on, of which it ran for two.
    assert left.remaining(0.0, Instant(10.0, 2.0)) > 3 * 380.0


def test_a_load_that_goes_is_forgotten():
    left = TimeLeft({"assembly": 1000.0})
    left.begin("assembly", Instant(0.0, 0.0))
    loaded = left.remaining(0.1, Instant(400.0, 100.0))
    assert loaded == pytest.approx(4 * 900.0, rel=0.05)
    for minute in range(1, 21):
        seconds = 30.0 * minute
        told = left.remaining(0.1 + 0.001 * seconds, Instant(400.0 + seconds, 100.0 + seconds))
    assert told < 1.5 * 300.0


def test_what_is_told_does_not_jump_where_a_stage_turns_out_to_be_another_than_expected():
    left = TimeLeft(EXPECTED)
    left.begin("network", quiet(0.0))
    left.end(quiet(60.0))
    left.begin("trace", quiet(60.0))
    before = left.remaining(0.0, quiet(60.0))
    left.expect("atomic", 1000.0)
    assert left.remaining(0.0, quiet(60.3)) == pytest.approx(before, rel=0.2)
    assert left.remaining(0.0, quiet(200.0)) > 2 * before


RECORDS = Path(__file__).parents[2] / "data"


@pytest.mark.parametrize(
    ("name", "usual", "worst"),
    [("draft_on_a_quiet_machine", 1.7, 2.2), ("standard_on_a_busy_machine", 2.1, 2.9)],
)
def test_recorded_runs_are_told_from_a_tenth_of_them_on(name, usual, worst):
    # A run that took about what was expected, and one that took five times as long.
    record = json.loads((RECORDS / f"progress_{name}.json").read_text())
    left = TimeLeft(record["expected"])
    told, running = [], None
    for now, stage, fraction in record["events"]:
        if stage != running:
            if running is not None:
                left.end(quiet(now))
            left.begin(stage, quiet(now))
            running = stage
        told.append((now, left.remaining(fraction, quiet(now))))
    errors = []
    for moment in np.arange(0.1, 0.95, 0.01) * record["seconds"]:
        now, remaining = [one for one in told if one[0] <= moment][-1]
        shown = max(remaining - (moment - now), 1.0)
        errors.append(abs(np.log(shown / (record["seconds"] - moment))))
    assert np.percentile(errors, 90) < np.log(usual)
    assert max(errors) < np.log(worst)
