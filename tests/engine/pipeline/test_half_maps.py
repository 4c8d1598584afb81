"""A build with half maps: what they change, what is told of them, and that they can go again."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from critasser.density import pcc, read_map, write_map
from critasser.structure import read_chains

DATA = Path(__file__).parents[2] / "data"
PIECE = DATA / "emd_6555_piece.mrc.gz"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def job(critasser, tmp_path_factory):
    """A build of a noisy piece, with its half maps, by the shortest schedule."""
    folder = tmp_path_factory.mktemp("half_maps")
    good = read_map(PIECE)
    rng = np.random.default_rng(0)
    # Stronger at the far end along x.
    level = good.values.std() * np.linspace(0.5, 4.0, good.shape[2])
    first, second = (
        good.with_values(good.values + level * rng.normal(size=good.shape)) for _ in range(2)
    )
    write_map(folder / "half_1.mrc", first)
    write_map(folder / "half_2.mrc", second)
    write_map(folder / "map.mrc", good.with_values((first.values + second.values) / 2))
    letters = read_chains(DATA / "emd_6555_piece.pdb")[0].letters
    (folder / "sequence.fasta").write_text(f">piece\n{letters}\n")
    critasser(
        "build", folder / "map.mrc", folder / "sequence.fasta", "-o", folder / "job", "--quality",
        "shortest", "--models", 1, "--half-maps", folder / "half_1.mrc", folder / "half_2.mrc",
    )  # fmt: skip
    return folder / "job"


def test_half_maps_change_what_networks_see_and_are_reported(job):
    density = read_map(job / "1_calpha/density.mrc")
    filtered = read_map(job / "1_calpha/filtered.mrc")
    assert 0.5 < pcc(density, filtered) < 0.999
    results = json.loads((job / "results.json").read_text())
    found = results["half_maps"]
    # Without a resolution given, that of the half maps is taken, and nothing is guessed.
    assert results["resolution"] == pytest.approx(found["half_map_resolution"], abs=0.06)
    assert not any("estimated" in warning for warning in results["warnings"])
    model = found["cross_validation"]
    assert 0 < model["free"] <= model["work"] + 0.05 < 1.05
    report = (job / "report.html").read_text()
    assert "<h2>Half maps" in report
    assert f"{model['free']:.3f}" in report


def test_local_resolution_is_a_map_and_a_column(job):
    detail = read_map(job / "1_calpha/local_resolution.mrc")
    assert 2.0 < detail.values.min() < detail.values.max() <= 40.001
    rows = list(csv.DictReader((job / "5_models/model_1.csv").open()))
    along = np.array([float(row["local_resolution"]) for row in rows])
    (chain,) = read_chains(DATA / "emd_6555_piece.pdb")
    assert len(along) == len(chain) and 2 < along.min() < along.max() - 0.5 < 20


def test_half_maps_can_be_taken_away(job, critasser):
    critasser("build", "--resume", job, "--no-half-maps")
    assert not (job / "1_calpha/filtered.mrc").exists()
    assert not (job / "1_calpha/local_resolution.mrc").exists()
    results = json.loads((job / "results.json").read_text())
    assert "half_maps" not in results
    assert "cross_validation" not in results["timings"]
    assert any("estimated" in warning for warning in results["warnings"])
    assert "local_resolution" not in (job / "5_models/model_1.csv").read_text()
