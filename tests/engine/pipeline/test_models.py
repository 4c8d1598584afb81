"""A model that is there already: scored, and stretches of it built again, from the command line."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import gemmi
import numpy as np
import pytest

from critasser import cli
from critasser.density import read_map, write_map
from critasser.pipeline import REBUILD_STAGES, SCORE_STAGES
from critasser.structure import ModelFile

ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests" / "data"
MAP = DATA / "emd_6555_piece.mrc.gz"
PIECE = DATA / "emd_6555_piece.pdb"
"""Residues 102 … 161 of chain A."""


def engine(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "critasser", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src" / "engine")},
        capture_output=True,
        text=True,
        check=False,
    )


def refused(capsys, *arguments) -> str:
    """The one line with which a job is refused."""
    status = cli.main([str(a) for a in arguments])
    said = capsys.readouterr()
    assert (status, said.out, said.err.count("\n")) == (2, "", 1), said.err
    return said.err


def moved(path: Path, shift) -> Path:
    structure = gemmi.read_structure(str(PIECE))
    for site in structure[0].all():
        site.atom.pos += gemmi.Position(*shift)
    structure.write_pdb(str(path))
    return path


def atoms(path: Path) -> dict:
    file = ModelFile.read(path)
    model, residues = file.model(), file.residues()
    return {
        (residues[i].number, name): position
        for i, name, position in zip(model.residue, model.atom_names, model.positions)
    }


def test_models_that_cannot_be_scored_are_told_before_anything_is_made(capsys, tmp_path):
    where = ("-o", tmp_path / "job", "--resolution", 2.9)
    assert "no such file" in refused(capsys, "score", tmp_path / "x.pdb", MAP, *where)
    (tmp_path / "empty.pdb").write_text("")
    told = refused(capsys, "score", tmp_path / "empty.pdb", MAP, *where)
    assert "holds no protein" in told or "not a PDB" in told
    away = moved(tmp_path / "away.pdb", (300, 0, 0))
    assert "60 of 60 residues lie outside" in refused(capsys, "score", away, MAP, *where)
    structure = gemmi.read_structure(str(PIECE))
    del structure[0]["A"][3:]
    structure.write_pdb(str(tmp_path / "short.pdb"))
    told = refused(capsys, "score", tmp_path / "short.pdb", MAP, *where)
    assert "3 residues of protein" in told
    assert "MODEL and MAP" in refused(capsys, "score", PIECE, *where)
    grid = read_map(MAP)
    mask = np.zeros(grid.shape)
    mask[:3] = 1.0
    write_map(tmp_path / "mask.mrc", grid.with_values(mask))
    told = refused(capsys, "score", PIECE, MAP, "--mask", tmp_path / "mask.mrc", *where)
    assert "outside the mask" in told
    assert not (tmp_path / "job").exists()


def test_rebuilds_that_cannot_be_are_told_before_anything_is_made(capsys, tmp_path):
    where = ("-o", tmp_path / "job", "--resolution", 2.9)
    assert "--stretch A:45-80" in refused(capsys, "rebuild", PIECE, "--map", MAP, *where)
    assert "by --map" in refused(capsys, "rebuild", PIECE, "--stretch", "A:110-120", *where)
    told = refused(capsys, "rebuild", PIECE, "--map", MAP, "--stretch", "C:1-5", *where)
    assert "has no chain C" in told
    told = refused(capsys, "rebuild", tmp_path, "--stretch", "A:1-5", *where)
    assert "no Critasser job there" in told
    structure = gemmi.read_structure(str(PIECE))
    structure.remove_alternative_conformations()
    for residue in structure[0]["A"]:
        for k in reversed(range(len(residue))):
            if residue[k].name != "CA":
                del residue[k]
    structure.write_pdb(str(tmp_path / "trace.pdb"))
    told = refused(
        capsys, "rebuild", tmp_path / "trace.pdb", "--map", MAP, "--stretch", "A:120-125", *where
    )
    assert "A:119 lacks backbone atoms" in told
    assert not (tmp_path / "job").exists()


@pytest.fixture(scope="module")
def scored(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("scored") / "job"
    done = engine("score", PIECE, MAP, "-o", folder, "--resolution", 2.9)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert f"table    {folder / '5_models/model_1.csv'}" in done.stdout
    return folder


@pytest.mark.slow
def test_a_model_is_scored_residue_by_residue_by_its_own_numbers(scored):
    rows = list(csv.DictReader((scored / "5_models/model_1.csv").open()))
    assert list(rows[0]) == [
        "chain", "residue", "insertion", "letter", "confidence", "local_confidence", "local_pcc",
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
def test_a_model_out_of_register_is_found_out(scored, tmp_path):
    structure = gemmi.read_structure(str(PIECE))
    names = [residue.name for residue in structure[0]["A"]]
    for residue, name in zip(structure[0]["A"], names[1:] + names[:1]):
        residue.name = name
        for k in reversed(range(len(residue))):
            if residue[k].name not in ("N", "CA", "C", "O"):
                del residue[k]
    structure.write_pdb(str(tmp_path / "shifted.pdb"))
    done = engine("score", tmp_path / "shifted.pdb", MAP, "-o", tmp_path / "job",
                  "--resolution", 2.9)  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "job/results.json").read_text())
    right = json.loads((scored / "results.json").read_text())
    assert results["register_z_score"] < 3 < right["register_z_score"]
    assert any("register" in text for text in results["warnings"])


@pytest.mark.slow
def test_a_finished_score_resumed_does_nothing_and_is_no_build(scored, tmp_path, capsys):
    copy = Path(shutil.copytree(scored, tmp_path / "job"))
    table = (copy / "5_models/model_1.csv").stat().st_mtime_ns
    assert engine("score", "--resume", copy).returncode == 0
    assert (copy / "5_models/model_1.csv").stat().st_mtime_ns == table
    told = refused(capsys, "build", "--resume", copy)
    assert "critasser score --resume" in told
    stages = {path.stem for path in (copy / "stages").iterdir()}
    assert stages == set(SCORE_STAGES)


@pytest.mark.slow
def test_a_stretch_is_built_again_and_all_else_stays(tmp_path):
    structure = gemmi.read_structure(str(PIECE))
    for residue in structure[0]["A"]:
        if 126 <= residue.seqid.num <= 133:
            for atom in residue:
                atom.pos += gemmi.Position(6.0, 5.0, 0.0)
    structure.write_pdb(str(tmp_path / "spoilt.pdb"))
    done = engine("rebuild", tmp_path / "spoilt.pdb", "--map", MAP, "-o", tmp_path / "job",
                  "--stretch", "A:126-133", "--resolution", 2.9, "--quality", "draft",
                  "--models", 2)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "before" in done.stdout
    native, spoilt = atoms(PIECE), atoms(tmp_path / "spoilt.pdb")
    results = json.loads((tmp_path / "job/results.json").read_text())
    assert results["models"][0]["stretch_pcc"] > results["stretch_pcc_before"] + 0.2
    for model in results["models"]:
        made = atoms(tmp_path / "job" / model["file"])
        assert set(made) == set(native)
        outside = [key for key in native if not 124 <= key[0] <= 135]
        assert max(np.abs(made[key] - spoilt[key]).max() for key in outside) < 1e-3
    best = atoms(tmp_path / "job" / results["models"][0]["file"])
    away = [np.linalg.norm(best[n, "CA"] - native[n, "CA"]) for n in range(126, 134)]
    assert np.sqrt(np.mean(np.square(away))) < 1.5
    told = [json.loads(line) for line in (tmp_path / "job/progress.jsonl").read_text().splitlines()]
    assert list(told[0]["expected"]) == list(REBUILD_STAGES)
    assert any("lowest_energy" in line.get("numbers", {}) for line in told)
    again = engine("rebuild", "--resume", tmp_path / "job")
    assert again.returncode == 0, again.stderr
    further = engine("rebuild", tmp_path / "job", "-o", tmp_path / "next", "--stretch",
                     "A:140-144", "--quality", "draft", "--models", 1)  # fmt: skip
    assert further.returncode == 0, further.stderr


@pytest.mark.slow
def test_missing_residues_are_filled_in_by_the_whole_sequence(tmp_path):
    structure = gemmi.read_structure(str(PIECE))
    letters = gemmi.one_letter_code([r.name for r in structure[0]["A"]])
    (tmp_path / "whole.fasta").write_text(f">whole\n{letters}\n")
    chain = structure[0]["A"]
    for k in reversed(range(len(chain))):
        if 126 <= chain[k].seqid.num <= 130:
            del chain[k]
    structure.write_pdb(str(tmp_path / "gapped.pdb"))
    done = engine("rebuild", tmp_path / "gapped.pdb", "--map", MAP, "-o", tmp_path / "job",
                  "--stretch", "A:125-131", "--resolution", 2.9, "--quality", "draft",
                  "--models", 1, "--sequence", tmp_path / "whole.fasta")  # fmt: skip
    assert done.returncode == 0, done.stderr
    made, native = atoms(tmp_path / "job/5_models/model_1.cif"), atoms(PIECE)
    assert set(made) == set(native)
    away = [np.linalg.norm(made[n, "CA"] - native[n, "CA"]) for n in range(125, 132)]
    assert np.sqrt(np.mean(np.square(away))) < 1.5
