"""Confidence is fitted to what it may be fitted to."""

import numpy as np
import pytest

from benchmark.fitting import confidence
from critasser.quality import read_calibration


def test_confidence_learns_nothing_of_bench(monkeypatch, tmp_path, capsys):
    rng = np.random.default_rng(0)

    def residues(right):
        truth = np.full(30, right)
        known = rng.normal(size=(30, len(confidence.FEATURES))) + right
        return confidence.Residues(known, truth * 0.9, truth, truth)

    builds = {f"{name}_A-3A": ("val", residues(k % 2)) for k, name in enumerate("abcdef")}
    builds["EMD-1_A"] = ("bench", residues(0.0))
    monkeypatch.setattr(confidence, "_builds", lambda *_: builds)
    monkeypatch.setattr(confidence, "clusters", lambda data: {})
    arguments = ["confidence", "--work", "x", "--output", str(tmp_path / "made.json")]
    monkeypatch.setattr("sys.argv", arguments)
    assert confidence.main() == 0
    printed = capsys.readouterr().out
    assert "residues: 180" in printed and "EMD-1" not in printed
    made = read_calibration(tmp_path / "made.json")
    right, wrong = (np.full((1, len(confidence.FEATURES)), value) for value in (1.0, 0.0))
    assert made.expected_traced(right, np.array([0.9])) > 0.7
    assert made.expected_traced(wrong, np.array([0.0])) < 0.3


def test_relatives_are_not_judged_by_each_other(monkeypatch, tmp_path, capsys):
    told, same = [], np.linspace(0.1, 0.9, 9)
    build = confidence.Residues(np.ones((9, len(confidence.FEATURES))), same, same, same)
    builds = {f"{name}_A-3A": ("val", build) for name in "abcdef"}
    monkeypatch.setattr(confidence, "_builds", lambda *_: builds)
    monkeypatch.setattr(confidence, "clusters", lambda data: {"a_A": "one", "b_A": "one"})
    whole = confidence.fitted

    def fitted(some):
        some = list(some)
        told.append(len(some))
        return whole(some)

    monkeypatch.setattr(confidence, "fitted", fitted)
    monkeypatch.setattr("sys.argv", ["x", "--work", "x", "--output", str(tmp_path / "made.json")])
    assert confidence.main() == 0
    assert told == [4, 4, 5, 5, 5, 5, 6]


def test_bands_say_how_right_residues_are_that_look_alike():
    told = confidence.bands(np.array([0.95, 0.92, 0.1]), np.array([1.0, 0.4, 0.2]))
    assert told == {
        "shown 0 to 30": "1 residues, shown 0.10, accuracy 0.20, within 2 Å 0.00",
        "shown 90 to 100": "2 residues, shown 0.94, accuracy 0.70, within 2 Å 0.50",
    }


@pytest.mark.parametrize(
    ("one", "other"), [("EMD-5778_A", "EMD-5778_TM_rosetta"), ("3J8X_tubulinA", "3J8X_tubulinB")]
)
def test_maps_of_one_entry_are_one_protein(one, other):
    assert confidence.protein(one) == confidence.protein(other)
