"""What templates say is learnt from right and wrong ones, and never from group bench."""

import json

import numpy as np
import pytest

from benchmark import foreign
from benchmark.fitting import led_confidence
from benchmark.sets import BenchmarkTarget
from benchmark.template_cases import TemplateCase
from critasser.pipeline.files import TEMPLATES
from critasser.quality import fit, read_calibration
from critasser.quality.calibration import FEATURES, TEMPLATE_FEATURES


def laid(name, kind, right, rng):
    known = rng.normal(size=(40, len(TEMPLATE_FEATURES))) + 4.0 * right
    return led_confidence.Laid(name, kind, known, np.full(40, right))


def test_wrong_structures_stay_low_and_the_rest_of_the_file_stays(monkeypatch, tmp_path, capsys):
    rng = np.random.default_rng(0)
    structures = [
        laid(f"{name}_A", kind, right, rng)
        for name in "abcdef"
        for kind, right in (("own used", 1.0), ("misnamed refused", 0.0))
    ]
    monkeypatch.setattr(led_confidence, "laid_structures", lambda *_: structures)
    monkeypatch.setattr(led_confidence, "clusters", lambda data: {})
    path = tmp_path / "made.json"
    before = fit(rng.normal(size=(50, len(FEATURES))), rng.random(50)).to_json()
    path.write_text(json.dumps(before | {"card": {"of": "the rest"}}))
    monkeypatch.setattr("sys.argv", ["x", "--work", "x", "--output", str(path)])
    assert led_confidence.main() == 0
    assert "residues: 480" in capsys.readouterr().out
    content = json.loads(path.read_text())
    assert {key: content[key] for key in before} == before
    assert content["card"] == {"of": "the rest"}
    right, wrong = (
        np.mean([read_calibration(path).led.expected(one.known).mean() for one in some])
        for some in (structures[::2], structures[1::2])
    )
    assert right > 0.9 and wrong < 0.1


@pytest.mark.parametrize(("group", "learnt"), [("train", True), ("bench", False)])
def test_of_experimental_maps_only_group_train_is_learnt_from(
    monkeypatch, tmp_path, group, learnt
):
    target = BenchmarkTarget("EMD-1_A", "experimental", group, 5.0, (), tmp_path, False)
    case = TemplateCase("own", target, tmp_path, "own")
    path = tmp_path / "jobs/EMD-1_A.own" / TEMPLATES
    path.parent.mkdir(parents=True)
    path.touch()
    monkeypatch.setattr(foreign, "validation_maps", lambda *_: iter(()))
    monkeypatch.setattr(foreign, "maps_of_builds", lambda *_: iter([(target, [case], tmp_path)]))
    monkeypatch.setattr(foreign, "learnt_maps", lambda *_: iter(()))
    found = list(foreign.learnable(tmp_path, tmp_path, tmp_path))
    assert [one[1] for one in found] == ["EMD-1_A.own"] * learnt
