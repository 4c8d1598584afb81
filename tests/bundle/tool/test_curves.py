"""Scales, ticks and stretches of the plots."""

import numpy as np
import pytest
from chimerax.critasser.tool.curves import (
    Scale,
    Track,
    confidence_colors,
    format_tick,
    matrix_color,
    nice_ticks,
    runs,
)


@pytest.mark.parametrize(
    ("low", "high", "most", "ticks"),
    [
        (0, 100, 4, [0, 25, 50, 75, 100]),
        (-563.6, -480.2, 4, [-550, -525, -500]),
        (1, 91, 5, [20, 40, 60, 80]),
        (0.0, 0.0, 4, []),
        (0, float("nan"), 4, []),
    ],
)
def test_ticks_are_round(low, high, most, ticks):
    assert nice_ticks(low, high, most) == pytest.approx(ticks)


def test_ticks_are_never_more_than_there_is_room_for():
    for high in np.geomspace(1e-4, 1e6, 60):
        for most in range(1, 12):
            found = nice_ticks(-high / 3, high, most)
            assert len(found) <= most + 1
            assert all(-high / 3 - 1e-9 <= tick <= high + 1e-9 for tick in found)


def test_labels_have_no_tail_and_a_true_minus():
    assert [format_tick(v) for v in (0.1 + 0.2, -5.0, -1e-15)] == ["0.3", "−5", "0"]


def test_a_pixel_leads_back_to_its_value_and_never_out_of_the_plot():
    up = Scale(0.0, 100.0, 200.0, 10.0)
    assert up.pixel(0.0) == 200.0 and up.pixel(100.0) == 10.0
    assert up.value(up.pixel(37.0)) == pytest.approx(37.0)
    assert up.value(500.0) == 0.0 and up.value(-5.0) == 100.0
    assert np.allclose(up.pixel(np.array([0.0, 50.0])), [200.0, 105.0])


@pytest.fixture
def track():
    numbers = np.array([3, 4, 5, 9, 10])
    confidence = np.array([90.0, 40.0, np.nan, 30.0, 20.0])
    pcc = np.array([0.8, np.nan, np.nan, -0.1, 0.2])
    return Track("A", numbers, ["ALA", "LEU", "GLU", "LYS", "ALA"], confidence, pcc)


def test_a_click_finds_the_nearest_residue_and_a_drag_those_between(track):
    assert track.nearest(6.9) == 2 and track.nearest(100) == 4
    assert track.stretch(3.6, 9.4) == (1, 3)
    assert track.stretch(9.4, 3.6) == (1, 3)
    assert track.stretch(6.2, 7.8) is None


def test_stretches_end_at_gaps_of_the_chain(track):
    assert track.below(50).tolist() == [False, True, False, True, True]
    assert runs(track.below(50), track.numbers) == [(1, 1), (3, 4)]
    assert runs(np.ones(5, bool), track.numbers) == [(0, 2), (3, 4)]
    assert runs(np.zeros(5, bool), track.numbers) == []


def test_a_residue_is_told_with_what_is_known_of_it(track):
    assert track.told(0) == "ALA 3, confidence 90, PCC 0.8"
    assert track.told(2) == "GLU 5, no confidence"
    assert track.told(3) == "LYS 9, confidence 30, PCC −0.1"


def test_residues_without_confidence_are_grey():
    colors = confidence_colors(np.array([np.nan, 50.0]))
    assert colors[0].tolist() == [128, 128, 128]
    assert confidence_colors(np.zeros(0)).shape == (0, 3)


def test_the_same_fold_is_darker_than_another():
    assert sum(matrix_color(1.0)) < sum(matrix_color(0.5)) < sum(matrix_color(0.1))
