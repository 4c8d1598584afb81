"""Models compared with native structures, from the command line."""

import json
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "data"
MODEL = DATA / "emd_6555_piece.pdb"


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
