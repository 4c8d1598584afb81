"""A model that is there already is scored, from the command line."""

import csv
import json
import shutil
from pathlib import Path

import gemmi
import numpy as np
import pytest

from critasser.density import read_map, write_map
from critasser.pipeline.score import STAGES

DATA = Path(__file__).parents[2] / "data"
MAP = DATA / "emd_6555_piece.mrc.gz"
PIECE = DATA / "emd_6555_piece.pdb"
"""Residues 102 … 161 of chain A."""


def moved(path: Path, shift) -> Path:
    structure = gemmi.read_structure(str(PIECE))
    for site in structure[0].all():
        site.atom.pos += gemmi.Position(*shift)
    structure.write_pdb(str(path))
    return path


def test_models_that_cannot_be_scored_are_told_before_anything_is_made(refused, tmp_path):
    where = ("-o", tmp_path / "job", "--resolution", 2.9)
    assert "no such file" in refused("score", tmp_path / "x.pdb", MAP, *where)
    (tmp_path / "empty.pdb").write_text("")
    told = refused("score", tmp_path / "empty.pdb", MAP, *where)
    assert "holds no protein" in told or "not a PDB" in told
    away = moved(tmp_path / "away.pdb", (300, 0, 0))
    assert "60 of 60 residues lie outside" in refused("score", away, MAP, *where)
    structure = gemmi.read_structure(str(PIECE))
    del structure[0]["A"][3:]
    structure.write_pdb(str(tmp_path / "short.pdb"))
    told = refused("score", tmp_path / "short.pdb", MAP, *where)
    assert "3 residues of protein" in told
    assert "give MAP too" in refused("score", PIECE, *where)
    grid = read_map(MAP)
    mask = np.zeros(grid.shape)
    mask[:3] = 1.0
    write_map(tmp_path / "mask.mrc", grid.with_values(mask))
    told = refused("score", PIECE, MAP, "--mask", tmp_path / "mask.mrc", *where)
    assert "outside the mask" in told
    assert not (tmp_path / "job").exists()


@pytest.mark.slow
def test_stages_of_a_score_open_what_they_declare_and_nothing_else(
    scored, score_record, check_declared
):
    check_declared(scored, score_record)


@pytest.mark.slow
def test_a_model_is_scored_residue_by_residue_by_its_own_numbers(scored, atoms):
    rows = list(csv.DictReader((scored / "5_models/model_1.csv").open()))
    assert list(rows[0]) == [
        "chain", "residue", "insertion", "letter", "confidence", "local_confidence", "local_pcc",
        "seen",
    ]  # fmt: skip
    assert [(r["chain"], int(r["residue"])) for r in rows] == [("A", n) for n in range(102, 162)]
    assert np.mean([float(r["local_pcc"]) for r in rows]) > 0.6
    results = json.loads((scored / "results.json").read_text())
    (model,) = results["models"]
    assert model["etm"] > 0.8 and model["crscore"] > 0.8 and model["pcc"] > 0.5
    assert results["kind"] == "score" and results["register_z_score"] > 3
    before, after = atoms(PIECE), atoms(scored / "5_models/model_1.cif")
    assert set(before) == set(after)
    assert max(np.abs(before[key] - after[key]).max() for key in before) < 1e-3
    assert (scored / "report.html").stat().st_size > 10_000


@pytest.mark.slow
def test_a_model_out_of_register_is_found_out(scored, critasser, tmp_path):
    structure = gemmi.read_structure(str(PIECE))
    names = [residue.name for residue in structure[0]["A"]]
    for residue, name in zip(structure[0]["A"], names[1:] + names[:1]):
        residue.name = name
        for k in reversed(range(len(residue))):
            if residue[k].name not in ("N", "CA", "C", "O"):
                del residue[k]
    structure.write_pdb(str(tmp_path / "shifted.pdb"))
    critasser("score", tmp_path / "shifted.pdb", MAP, "-o", tmp_path / "job", "--resolution", 2.9)
    results = json.loads((tmp_path / "job/results.json").read_text())
    right = json.loads((scored / "results.json").read_text())
    assert results["register_z_score"] < 3 < right["register_z_score"]
    assert any("register" in text for text in results["warnings"])


@pytest.mark.slow
def test_a_finished_score_resumed_does_nothing_and_is_no_build(
    scored, critasser, tmp_path, refused, capsys
):
    copy = Path(shutil.copytree(scored, tmp_path / "job"))
    table = (copy / "5_models/model_1.csv").stat().st_mtime_ns
    critasser("score", "--resume", copy)
    capsys.readouterr()
    assert (copy / "5_models/model_1.csv").stat().st_mtime_ns == table
    told = refused("build", "--resume", copy)
    assert "critasser score --resume" in told
    stages = {path.stem for path in (copy / "stages").iterdir()}
    assert stages == {stage.name for stage in STAGES}
