"""Models compared with native structures, from the command line."""

import gzip
import json
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "data"
MODEL = DATA / "emd_6555_piece.pdb"
BACKBONE = ("N", "CA", "C", "O", "CB")


def test_a_model_is_like_itself(run):
    status, out, _ = run("evaluate", MODEL, MODEL, "--json")
    scores = json.loads(out)
    assert status == 0
    assert scores["tm_score"] == scores["cr_score"] == scores["recall"] == pytest.approx(1.0)
    assert scores["rmsd_in_place"] == 0.0


def test_structures_with_nothing_in_common_are_told(run):
    status, _, err = run("evaluate", MODEL, DATA / "1gl2_D.pdb.gz")
    assert status == 2
    assert "no chain in common" in err


def test_a_backbone_without_side_chains_is_compared_by_where_it_lies(run, tmp_path):
    atoms = [line for line in MODEL.read_text().splitlines() if line[12:16].strip() in BACKBONE]
    text = "\n".join(f"{line[:17]}UNK{line[20:]}" for line in atoms)
    (tmp_path / "unk.pdb").write_text(f"{text}\nEND\n")
    status, out, err = run("evaluate", tmp_path / "unk.pdb", MODEL, "--json")
    scores = json.loads(out)
    assert status == 0 and "TM-score and RMSD" in err
    assert scores["recall"] == scores["cr_score"] == pytest.approx(1.0)
    assert "tm_score" not in scores and "rmsd" not in scores
    assert "recall" in run("evaluate", tmp_path / "unk.pdb", MODEL)[1]


def test_a_model_is_compared_with_a_map_whose_frame_is_told_where_it_is_read_otherwise(
    run, tmp_path
):
    raw = bytearray(gzip.decompress((DATA / "emd_6555_piece.mrc.gz").read_bytes()))
    (tmp_path / "piece.mrc").write_bytes(raw)
    (tmp_path / "piece.map").write_bytes(raw)
    given = ("evaluate", MODEL, MODEL, "--json", "--resolution", 2.9, "--map")
    status, out, err = run(*given, tmp_path / "piece.mrc")
    assert (status, err) == (0, "")
    assert json.loads(out)["pcc_mask"] > 0.5
    status, out, err = run(*given, tmp_path / "piece.map")
    assert status == 0
    assert "is placed by its start indices" in err
    assert json.loads(out)["pcc_mask"] < 0.5


def test_a_resolution_without_a_map_and_a_map_without_one_are_told(run):
    assert "--map" in run("evaluate", MODEL, MODEL, "--resolution", 2.9)[2]
    assert "--resolution" in run("evaluate", MODEL, MODEL, "--map", "x.mrc")[2]


def test_what_is_left_out_of_a_model_is_told(run, tmp_path):
    water = "HETATM 9999  O   HOH A 900      10.000  10.000  10.000  1.00 20.00           O\n"
    (tmp_path / "m.pdb").write_text(MODEL.read_text().replace("END", water + "END"))
    assert "m.pdb: left out 1 water" in run("evaluate", tmp_path / "m.pdb", MODEL)[2]
