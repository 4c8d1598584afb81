"""Maps of models."""

import json
from pathlib import Path

import pytest

from critasser.density import read_map

DATA = Path(__file__).parents[2] / "data"
MODEL = DATA / "emd_6555_piece.pdb"


def test_simulate_writes_a_map_that_the_model_fits(run, tmp_path):
    status, out, _ = run(
        "simulate", MODEL, "-o", tmp_path / "m.mrc", "--resolution", 4, "--voxel-size", 1.5
    )
    assert status == 0
    assert "voxels of 1.5 Å" in out
    arguments = ("evaluate", MODEL, MODEL, "--map", tmp_path / "m.mrc", "--resolution", 4, "--json")
    status, out, _ = run(*arguments)
    assert status == 0
    assert json.loads(out)["pcc_box"] == pytest.approx(1.0, abs=1e-6)


def test_simulated_noise_has_the_power_that_was_asked_for(run, tmp_path):
    for name, noise in (("clean.mrc", []), ("noisy.mrc", ["--noise", "2"])):
        run("simulate", MODEL, "-o", tmp_path / name, "--resolution", "5", *noise)
    clean, noisy = read_map(tmp_path / "clean.mrc"), read_map(tmp_path / "noisy.mrc")
    inside = clean.values > 0.05 * clean.values.max()
    ratio = clean.values[inside].var() / (noisy.values - clean.values).var()
    assert ratio == pytest.approx(2.0, rel=0.05)


def test_a_map_is_named_as_one(run, tmp_path):
    status, _, err = run("simulate", MODEL, "-o", tmp_path / "m.map", "--resolution", 4)
    assert status == 2
    assert "m.map: maps are written as .mrc or .mrc.gz" in err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--resolution", "0.2"], "from 1 to 20"),
        (["--resolution", "4", "--voxel-size", "9"], "voxel size"),
        (["--resolution", "4", "--noise", "0"], "above 0"),
    ],
)
def test_simulations_that_cannot_be_are_told(run, tmp_path, options, told):
    status, _, err = run("simulate", MODEL, "-o", tmp_path / "m.mrc", *options)
    assert status == 2
    assert told in err
