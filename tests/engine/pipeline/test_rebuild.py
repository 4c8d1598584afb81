"""Stretches of a model are built again, from the command line."""

import json
from pathlib import Path

import gemmi
import numpy as np
import pytest

DATA = Path(__file__).parents[2] / "data"
MAP = DATA / "emd_6555_piece.mrc.gz"
PIECE = DATA / "emd_6555_piece.pdb"
"""Residues 102 … 161 of chain A."""


def test_rebuilds_that_cannot_be_are_told_before_anything_is_made(refused, tmp_path):
    where = ("-o", tmp_path / "job", "--resolution", 2.9)
    assert "--stretch A:45-80" in refused("rebuild", PIECE, "--map", MAP, *where)
    assert "by --map" in refused("rebuild", PIECE, "--stretch", "A:110-120", *where)
    told = refused("rebuild", PIECE, "--map", MAP, "--stretch", "C:1-5", *where)
    assert "has no chain C" in told
    told = refused("rebuild", tmp_path, "--stretch", "A:1-5", *where)
    assert "no Critasser job there" in told
    structure = gemmi.read_structure(str(PIECE))
    structure.remove_alternative_conformations()
    for residue in structure[0]["A"]:
        for k in reversed(range(len(residue))):
            if residue[k].name != "CA":
                del residue[k]
    structure.write_pdb(str(tmp_path / "trace.pdb"))
    told = refused(
        "rebuild", tmp_path / "trace.pdb", "--map", MAP, "--stretch", "A:120-125", *where
    )
    assert "A:119 lacks backbone atoms" in told
    assert not (tmp_path / "job").exists()


@pytest.mark.slow
def test_a_stretch_is_built_again_and_all_else_stays(
    engine, answers, critasser, atoms, check_declared, tmp_path
):
    structure = gemmi.read_structure(str(PIECE))
    for residue in structure[0]["A"]:
        if 126 <= residue.seqid.num <= 133:
            for atom in residue:
                atom.pos += gemmi.Position(6.0, 5.0, 0.0)
    structure.write_pdb(str(tmp_path / "spoilt.pdb"))
    done = engine("rebuild", tmp_path / "spoilt.pdb", "--map", MAP, "-o", tmp_path / "job",
                  "--stretch", "A:126-133", "--resolution", 2.9, "--quality", "draft",
                  "--models", 2, record=tmp_path / "record.jsonl", answers=answers)  # fmt: skip
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
    assert list(told[0]["expected"]) == [
        "density", "network", "nucleic", "calpha", "trace", "assembly", "atomic", "quality",
        "report",
    ]  # fmt: skip
    check_declared(tmp_path / "job", tmp_path / "record.jsonl")
    assert any("lowest_energy" in line.get("numbers", {}) for line in told)
    critasser("rebuild", "--resume", tmp_path / "job")
    critasser("rebuild", tmp_path / "job", "-o", tmp_path / "next", "--stretch", "A:140-144",
              "--quality", "shortest", "--models", 1)  # fmt: skip
    assert set(atoms(tmp_path / "next/5_models/model_1.cif")) == set(native)


@pytest.mark.slow
def test_missing_residues_are_filled_in_by_the_whole_sequence(critasser, atoms, tmp_path):
    structure = gemmi.read_structure(str(PIECE))
    letters = gemmi.one_letter_code([r.name for r in structure[0]["A"]])
    (tmp_path / "whole.fasta").write_text(f">whole\n{letters}\n")
    chain = structure[0]["A"]
    for k in reversed(range(len(chain))):
        if 126 <= chain[k].seqid.num <= 130:
            del chain[k]
    structure.write_pdb(str(tmp_path / "gapped.pdb"))
    critasser("rebuild", tmp_path / "gapped.pdb", "--map", MAP, "-o", tmp_path / "job",
              "--stretch", "A:125-131", "--resolution", 2.9, "--quality", "draft", "--models", 1,
              "--sequence", tmp_path / "whole.fasta")  # fmt: skip
    made, native = atoms(tmp_path / "job/5_models/model_1.cif"), atoms(PIECE)
    assert set(made) == set(native)
    away = [np.linalg.norm(made[n, "CA"] - native[n, "CA"]) for n in range(125, 132)]
    assert np.sqrt(np.mean(np.square(away))) < 1.5
