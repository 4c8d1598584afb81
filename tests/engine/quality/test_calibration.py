"""What is shown as confidence is how right residues turn out to be."""

import json
from dataclasses import replace

import numpy as np
import pytest

from critasser.errors import InputError
from critasser.quality import Calibration, accuracy, fit, read_calibration
from critasser.quality.calibration import (
    FEATURES,
    TEMPLATE_FEATURES,
    TOLD,
    TRACED_FEATURES,
    features,
    traced_features,
)
from critasser.structure import CalphaSet, Sequence, Target
from critasser.trace import SIGNIFICANT


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def test_a_residue_in_place_is_accurate_and_one_out_of_register_is_not():
    assert accuracy(np.array([0.0, 2.0, 3.8])) == pytest.approx([1.0, 0.5, 0.217], abs=1e-3)


def test_a_fit_gives_the_shares_that_are_there(rng):
    values = rng.normal(size=(20_000, len(FEATURES)))
    expected = 1 / (1 + np.exp(-(1.5 * values[:, 3] + 0.7 * values[:, 4] - 0.4)))
    truth = (rng.random(len(values)) < expected).astype(float)
    found = fit(values, truth, penalty=1e-4).expected(values)
    for low in np.arange(0.0, 1.0, 0.2):
        chosen = (found >= low) & (found < low + 0.2)
        assert truth[chosen].mean() == pytest.approx(found[chosen].mean(), abs=0.03)


def test_a_calibration_survives_its_file(tmp_path, rng):
    values = rng.normal(size=(200, len(FEATURES)))
    before = fit(values, rng.random(200))
    path = tmp_path / "confidence.json"
    path.write_text(json.dumps(before.to_json()))
    after = read_calibration(path)
    assert isinstance(after, Calibration)
    assert np.array_equal(after.expected(values), before.expected(values))


def test_heavy_residues_decide_what_is_expected():
    values = np.zeros((200, len(FEATURES)))
    truth = np.repeat([0.0, 1.0], 100)
    assert fit(values, truth).expected(values).mean() == pytest.approx(0.5, abs=1e-3)
    heavy = fit(values, truth, np.repeat([1.0, 9.0], 100))
    assert heavy.expected(values).mean() == pytest.approx(0.9, abs=1e-3)


def test_a_sequence_is_told_where_traces_say_so():
    assert TOLD == SIGNIFICANT
    low, high, higher = (
        traced_features(np.array([0.0, 1, 2, 3, 4, 5, z]), np.array(0.6)) for z in (1.0, 4.0, 9.0)
    )
    assert low[TRACED_FEATURES.index("sequence told")] == pytest.approx(1.0)
    assert np.array_equal(high, higher)
    assert high == pytest.approx([0.0, 1.0, 3.0, 4.0, TOLD, 0.6])


def test_the_first_trace_counts_where_there_is_one(tmp_path, rng):
    values = rng.normal(size=(400, len(FEATURES)))
    told = rng.random((400, len(TRACED_FEATURES)))
    alone = fit(values, np.full(400, 0.3))
    before = replace(alone, traced=fit(told, told[:, -1], names=TRACED_FEATURES))
    path = tmp_path / "confidence.json"
    path.write_text(json.dumps(before.to_json()))
    after = read_calibration(path)
    sure, unsure, unknown = (
        after.expected_traced(values, np.full(400, how)) for how in (0.95, 0.05, np.nan)
    )
    assert (sure > unsure + 0.3).all()
    assert np.array_equal(unknown, alone.expected(values))
    assert np.array_equal(sure, before.expected_traced(values, np.full(400, 0.95)))
    assert np.array_equal(alone.expected_traced(values, np.ones(400)), alone.expected(values))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"features": ["etm"]}'])
def test_a_damaged_calibration_is_named(tmp_path, content):
    path = tmp_path / "confidence.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"confidence\.json"):
        read_calibration(path)


def test_the_wrong_residues_at_the_right_places_are_seen(rng):
    letters = "".join(rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), 60))
    target = Target((Sequence("one", letters),))
    trace = np.stack([np.arange(60) * 3.8, np.zeros(60), np.zeros(60)], axis=1)
    profile = np.full((60, 20), 0.02)
    profile[np.arange(60), target.codes] += 0.6
    found = CalphaSet(trace, np.ones(60), profile, np.full((60, 3), 1 / 3))
    flat = np.full(60, 0.8)
    right = features(trace, target, found, 3.0, 0.8, flat, flat, 9.0)
    shifted = features(trace[::-1].copy(), target, found, 3.0, 0.8, flat, flat, 9.0)
    column = FEATURES.index("amino acid")
    assert right[:, column].min() > 1.0
    assert shifted[:, column].mean() < 0.0
    assert np.allclose(right[:, FEATURES.index("near calpha")], 1.0)


def test_residues_that_a_model_lacks_are_not_trusted():
    target = Target((Sequence("one", "ACDEFGHIKL"),))
    trace = np.stack([np.arange(10) * 3.8, np.zeros(10), np.zeros(10)], axis=1)
    found = CalphaSet(trace, np.ones(10), np.full((10, 20), 0.05), np.full((10, 3), 1 / 3))
    gap = trace.copy()
    gap[7:] = np.nan
    known = features(gap, target, found, 3.0, 0.8, np.ones(10), np.full(10, 0.8), 9.0)
    assert np.isfinite(known).all()
    assert known[-1, FEATURES.index("near calpha")] < 0.1


def line(length):
    return np.stack([np.arange(length) * 3.8, np.zeros(length), np.zeros(length)], axis=1)


def test_a_template_makes_surer_only_where_the_residue_is_where_it_has_it(rng):
    values = rng.normal(size=(4000, len(FEATURES)))
    base = fit(values, rng.random(4000))
    good = rng.random((4000, len(TEMPLATE_FEATURES)))
    led = fit(good, (rng.random(4000) < good[:, 0]).astype(float))
    calibration = Calibration(base.mean, base.deviation, base.slope, base.intercept, led)
    known, untraced = np.zeros((2, 5, len(FEATURES))), np.full((2, 5), np.nan)
    several = len(TEMPLATE_FEATURES)
    at_it, away, badly_placed = (
        calibration.expected_led(
            known, untraced, np.full((2, 5, 1 + several), place) * ([1.0] + several * [fit_to_map])
        )
        for place, fit_to_map in ((1.0, 1.0), (0.0, 1.0), (1.0, -1.0))
    )
    by_map = calibration.expected(known)
    assert at_it.shape == (2, 5) and (at_it > by_map + 0.2).all()
    assert np.array_equal(away, by_map) and (badly_placed < by_map + 0.1).all()
    without = Calibration(base.mean, base.deviation, base.slope, base.intercept)
    assert np.array_equal(
        without.expected_led(known, untraced, np.ones((2, 5, 1 + several))), by_map
    )


def test_what_templates_add_survives_its_file(tmp_path, rng):
    base = fit(rng.normal(size=(200, len(FEATURES))), rng.random(200))
    led = fit(
        rng.random((200, len(TEMPLATE_FEATURES))), rng.random(200), names=TEMPLATE_FEATURES
    )
    before = Calibration(base.mean, base.deviation, base.slope, base.intercept, led)
    path = tmp_path / "confidence.json"
    path.write_text(json.dumps(before.to_json()))
    after = read_calibration(path)
    values = rng.normal(size=(50, len(FEATURES)))
    led = rng.random(50), rng.random((50, 1 + len(TEMPLATE_FEATURES)))
    assert np.array_equal(after.expected_led(values, *led), before.expected_led(values, *led))
