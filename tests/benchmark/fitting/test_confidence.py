"""Confidence is fitted to what it may be fitted to."""

import numpy as np
import pytest

from benchmark.fitting import confidence


def test_confidence_learns_nothing_of_bench(monkeypatch, tmp_path, capsys):
    rng = np.random.default_rng(0)

    def parts(right):
        truth = np.full(30, right)
        return rng.normal(size=(30, len(confidence.FEATURES))) + right, truth, truth

    builds = {f"{name}_A": ("val", parts(k % 2)) for k, name in enumerate("abcdef")}
    builds["EMD-1_A"] = ("bench", parts(0.0))
    monkeypatch.setattr(confidence, "_builds", lambda *_: builds)
    arguments = ["confidence", "--work", "x", "--output", str(tmp_path / "made.json")]
    monkeypatch.setattr("sys.argv", arguments)
    assert confidence.main() == 0
    printed = capsys.readouterr().out
    assert "residues: 180" in printed and "EMD-1" not in printed


@pytest.mark.parametrize(
    ("one", "other"), [("EMD-5778_A", "EMD-5778_TM_rosetta"), ("3J8X_tubulinA", "3J8X_tubulinB")]
)
def test_maps_of_one_entry_are_one_protein(one, other):
    assert confidence.protein(one) == confidence.protein(other)
