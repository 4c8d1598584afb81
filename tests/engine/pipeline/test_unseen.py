"""Purification tags, whose residues no map shows, neither harm a build nor go unsaid."""

import csv
import json
import re
import shutil
from pathlib import Path

import gemmi
import numpy as np
import pytest

from critasser.density import model_mask, read_map, write_map
from critasser.structure import read_chains

DATA = Path(__file__).parents[2] / "data"
PIECE = DATA / "emd_6555_piece.pdb"
OWN = 2.5
"""Å around the piece's atoms within which density is its own; its neighbours have some beyond."""
TAG = "MGSSHHHHHHSSGLVPRGSHMASMTG"
CORE = 60

pytestmark = pytest.mark.slow


def results_of(folder: Path) -> dict:
    return json.loads((folder / "results.json").read_text())


def rows_of(folder: Path) -> list[dict]:
    with (folder / "5_models/model_1.csv").open() as lines:
        return list(csv.DictReader(lines))


def numbers_in(path: Path) -> list[int]:
    return [residue.seqid.num for residue in gemmi.read_structure(str(path))[0][0]]


def said_of(results: dict) -> str:
    (line,) = [line for line in results["warnings"] if "no density" in line]
    return line


@pytest.fixture(scope="module")
def piece():
    return read_chains(PIECE)[0]


@pytest.fixture(scope="module")
def letters(piece) -> str:
    return piece.letters


@pytest.fixture(scope="module")
def density(piece, tmp_path_factory) -> Path:
    """The map of the piece without its neighbours."""
    grid = read_map(DATA / "emd_6555_piece.mrc.gz")
    path = tmp_path_factory.mktemp("map") / "map.mrc"
    own = model_mask(grid, piece.positions, OWN)
    write_map(path, grid.with_values(np.where(own, grid.values, 0).astype(np.float32)))
    return path


@pytest.fixture(scope="module")
def build(critasser, density, tmp_path_factory):
    """Builds a sequence into the map of the 60 residues by the shortest schedule."""

    def run(sequence: str, *options) -> Path:
        folder = tmp_path_factory.mktemp("build")
        (folder / "x.fasta").write_text(f">x\n{sequence}\n")
        critasser("build", density, folder / "x.fasta", "-o", folder / "job", "--resolution", 2.9,
                  "--quality", "shortest", "--models", 1, *options)  # fmt: skip
        return folder / "job"

    return run


@pytest.fixture(scope="module")
def bare(build, letters) -> Path:
    return build(letters)


@pytest.fixture(scope="module")
def tagged(build, letters) -> Path:
    return build(TAG + letters)


def test_where_all_residues_are_seen_nothing_is_said(bare):
    results = results_of(bare)
    assert (results["unseen"], results["trimmed"]) == ([], False)
    assert not any("no density" in line for line in results["warnings"])
    assert {row["seen"] for row in rows_of(bare)} == {"1"}


def test_a_tag_is_found_and_said(tagged):
    results = results_of(tagged)
    (stretch,) = results["unseen"]
    end = int(re.fullmatch(r"A:1-(\d+)", stretch)[1])
    assert abs(end - len(TAG)) <= 2
    assert f"residues {stretch} ({end} of {len(TAG) + CORE}) have no density" in said_of(results)
    rows = rows_of(tagged)
    assert [row["seen"] for row in rows] == ["0"] * end + ["1"] * (len(rows) - end)


def test_the_rest_is_as_sure_and_as_well_placed_as_without_the_tag(tagged, bare, piece):
    mean, sure = (results_of(folder)["models"][0]["mean_confidence"] for folder in (tagged, bare))
    assert mean > sure - 5
    rows = rows_of(tagged)
    confidence = np.array([float(row["confidence"]) for row in rows])
    seen = np.array([row["seen"] == "1" for row in rows])
    assert mean == pytest.approx(confidence[seen].mean(), abs=0.05)  # The table has one decimal.
    assert confidence[~seen].max() < 10
    native = piece.calpha
    off = [
        np.sqrt(np.mean(np.sum((chain.calpha[-CORE:] - native) ** 2, axis=1)))
        for chain in (read_chains(folder / "5_models/model_1.cif")[0] for folder in (tagged, bare))
    ]
    assert off[0] < off[1] + 0.5


def test_the_tag_stays_in_the_model_unless_it_is_trimmed_and_comes_back(tagged, again, tmp_path):
    folder = Path(shutil.copytree(tagged, tmp_path / "job"))
    model = folder / "5_models/model_1.cif"
    whole, before = model.read_bytes(), rows_of(folder)
    assert numbers_in(model) == list(range(1, len(TAG) + CORE + 1))
    assert again(folder, "--trim") == {"quality", "report"}
    end = sum(row["seen"] == "0" for row in before)
    assert numbers_in(model) == list(range(end + 1, len(TAG) + CORE + 1))
    results = results_of(folder)
    assert results["trimmed"] is True
    assert "left out of the models" in said_of(results)
    assert rows_of(folder) == before
    assert again(folder, "--no-trim") == {"quality", "report"}
    assert model.read_bytes() == whole


def test_a_model_with_a_tag_is_scored_without_it(tagged, critasser, density, tmp_path, capsys):
    model = tagged / "5_models/model_1.cif"
    critasser("score", model, density, "-o", tmp_path / "job", "--resolution", 2.9, "--trim")
    results = results_of(tmp_path / "job")
    (stretch,) = results["unseen"]
    end = int(re.fullmatch(r"A:1-(\d+)", stretch)[1])
    assert abs(end - len(TAG)) <= 3
    assert results["models"][0]["mean_confidence"] > 70
    assert numbers_in(tmp_path / "job/5_models/model_1.cif")[0] == end + 1
    assert "residues that have density" in capsys.readouterr().out


def test_a_stretch_of_the_rest_is_built_again_and_the_tag_left_out(tagged, critasser, tmp_path):
    stretch = f"A:{len(TAG) + 20}-{len(TAG) + 26}"
    critasser("rebuild", tagged, "-o", tmp_path / "job", "--stretch", stretch, "--quality",
              "shortest", "--models", 1, "--trim")  # fmt: skip
    results = results_of(tmp_path / "job")
    (unseen,) = results["unseen"]
    end = int(re.fullmatch(r"A:1-(\d+)", unseen)[1])
    assert abs(end - len(TAG)) <= 3
    assert results["trimmed"] is True
    assert numbers_in(tmp_path / "job/5_models/model_1.cif")[0] == end + 1
