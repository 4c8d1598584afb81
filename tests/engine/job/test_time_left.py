"""The time left is told from how long stages took."""

import pytest

from critasser.job.time_left import TimeLeft

EXPECTED = {"network": 60.0, "trace": 20.0, "assembly": 200.0, "atomic": 100.0}


def after(took: dict[str, float]) -> float:
    """Seconds left at the start of the stage after those that took so long."""
    left = TimeLeft(EXPECTED)
    now = 0.0
    for stage, seconds in took.items():
        left.begin(stage, now)
        now += seconds
        left.end(now)
    following = list(EXPECTED)[len(took)]
    left.begin(following, now)
    return left.remaining(0.0, now)


def test_without_a_measurement_it_is_what_is_expected():
    assert after({}) == pytest.approx(380.0)


def test_on_a_machine_three_times_slower_the_rest_is_expected_to_take_longer():
    first, second = after({"network": 180.0}), after({"network": 180.0, "trace": 60.0})
    assert 1.6 * 320 < first < 3 * 320
    assert first / 320 < second / 300 < 3
    assert after({"network": 20.0, "trace": 7.0}) < 0.6 * 300


def test_one_stage_that_took_ten_times_longer_does_not_make_all_others_so():
    assert after({"network": 60.0, "trace": 200.0}) < 2.5 * 300


def test_half_of_a_stage_tells_the_other_half():
    left = TimeLeft({"assembly": 10.0})
    left.begin("assembly", 0.0)
    assert left.remaining(0.5, 300.0) == pytest.approx(300.0)
    assert left.remaining(0.9, 540.0) == pytest.approx(60.0)


def test_a_running_stage_tells_of_the_later_ones():
    left = TimeLeft(EXPECTED)
    left.begin("network", 0.0)
    assert left.remaining(0.8, 480.0) > 120.0 + 2 * 320.0


def test_a_stage_that_was_found_done_tells_nothing():
    left = TimeLeft(EXPECTED)
    left.begin("network", 0.0)
    left.end(0.1, restored=True)
    left.begin("trace", 0.1)
    assert left.remaining(0.0, 0.1) == pytest.approx(320.0)


def test_fewer_models_than_expected_take_less():
    left = TimeLeft(EXPECTED)
    left.begin("network", 0.0)
    left.expect("atomic", 20.0)
    assert left.remaining(0.0, 0.0) == pytest.approx(300.0)
    assert left.share_done(1.0) == pytest.approx(60 / 300)


def test_the_share_that_is_done_goes_by_expected_times():
    left = TimeLeft(EXPECTED)
    left.begin("network", 0.0)
    assert left.share_done(0.5) == pytest.approx(30 / 380)
    left.end(60.0)
    left.begin("trace", 60.0)
    assert left.share_done(1.0) == pytest.approx(80 / 380)
