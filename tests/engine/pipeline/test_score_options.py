"""Each option of a score changes what comes out, and can be given to one that is gone on with."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from critasser.cli import _parsed, score
from critasser.density import read_map, write_map
from critasser.pipeline.files import DENSITY, FEATURES
from critasser.pipeline.score import SCORE

DATA = Path(__file__).parents[2] / "data"
MAP = DATA / "emd_6555_piece.mrc.gz"
PIECE = DATA / "emd_6555_piece.pdb"

pytestmark = pytest.mark.slow


@pytest.fixture
def other(scored, tmp_path) -> Path:
    """The finished score, to go on with."""
    return Path(shutil.copytree(scored, tmp_path / "other"))


def results(folder):
    return json.loads((folder / "results.json").read_text())


def described(folder):
    return json.loads((folder / "job.json").read_text())


def test_another_seed_compares_with_other_shuffled_sequences(scored, other, first_stages):
    first_stages("evidence", "score", "--resume", other, "--seed", 2)
    found = [
        json.loads((folder / "stages/evidence.json").read_text())["summary"]["register_z_score"]
        for folder in (scored, other)
    ]
    assert found[0] != found[1]
    assert found[1] == pytest.approx(found[0], rel=0.3)


def test_the_resolution_given_is_the_one_that_is_used(scored, other, again, first_stages):
    ran = again(other, "--resolution", 5.0, command="score")
    assert {"density", "quality"} <= ran
    assert "network" not in ran
    (before,), (after,) = results(scored)["models"], results(other)["models"]
    assert after["pcc"] != pytest.approx(before["pcc"], abs=1e-3)
    warnings = first_stages("density", "score", "--resume", other, "--no-resolution")
    assert "no resolution given" in " ".join(warnings)


def test_a_mask_is_what_is_looked_at_and_can_be_taken_away(scored, other, first_stages, tmp_path):
    grid = read_map(MAP)
    mask = np.ones(grid.shape)
    mask[: grid.shape[0] // 4] = 0
    write_map(tmp_path / "mask.mrc", grid.with_values(mask))
    first_stages("density", "score", "--resume", other, "--mask", tmp_path / "mask.mrc")
    assert (other / DENSITY).read_bytes() != (scored / DENSITY).read_bytes()
    first_stages("density", "score", "--resume", other, "--no-mask")
    assert set(described(other)["inputs"]) == {"map", "model"}
    assert (other / DENSITY).read_bytes() == (scored / DENSITY).read_bytes()


def test_weights_are_the_network_that_sees_the_map(scored, other, first_stages, blind_network):
    first_stages("network", "score", "--resume", other, "--weights", blind_network)
    assert (other / FEATURES).read_bytes() != (scored / FEATURES).read_bytes()


def test_the_device_asked_for_is_the_one_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)

    def device(*arguments):
        args = _parsed(["score", str(PIECE), str(MAP), "-o", str(tmp_path / "job"), *arguments])
        return SCORE.check(*score._resolve(args)).checked.device

    assert device() == device("--device", "auto") == "cuda"
    assert device("--device", "cpu") == "cpu"
