"""A model is placed in a map as a job: bad input in one line, its place, and what is said of it."""

import csv
import json
import shutil
from pathlib import Path

import gemmi
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from critasser.cli import main
from critasser.pipeline.fit import STAGES

DATA = Path(__file__).parents[2] / "data"
PIECE = DATA / "emd_6555_piece.pdb"
MAP = DATA / "emd_6555_piece.mrc.gz"
GLOBIN = DATA / "1bab_A_calpha.pdb.gz"


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    """The map's model elsewhere, with a zinc ion, an insertion code, and another name."""
    path = tmp_path_factory.mktemp("moved") / "moved.pdb"
    structure = gemmi.read_structure(str(PIECE))
    turn = Rotation.random(random_state=3).as_matrix()
    chain = structure[0]["A"]
    chain.name = "Q"
    chain[5].seqid = gemmi.SeqId("106A")
    ion = gemmi.Residue()
    ion.name, ion.seqid, ion.het_flag = "ZN", gemmi.SeqId("900"), "H"
    atom = gemmi.Atom()
    atom.name, atom.element = "ZN", gemmi.Element("Zn")
    atom.pos = gemmi.Position(*(np.array(chain[10][0].pos.tolist()) + 2.0).tolist())
    ion.add_atom(atom)
    chain.add_residue(ion)
    for site in structure[0].all():
        site.atom.pos = gemmi.Position(*(turn @ np.array(site.atom.pos.tolist()) + 70.0).tolist())
    structure.write_pdb(str(path))
    return path


def test_what_cannot_be_placed_is_told_before_anything_is_made(refused, moved, tmp_path):
    where = ("-o", tmp_path / "job", "--resolution", 2.9)
    assert "no such file" in refused("fit", tmp_path / "x.pdb", MAP, *where)
    assert "MODEL and MAP" in refused("fit", PIECE, *where)
    structure = gemmi.read_structure(str(PIECE))
    del structure[0]["A"][12:]
    structure.write_pdb(str(tmp_path / "short.pdb"))
    told = refused("fit", tmp_path / "short.pdb", MAP, *where)
    assert "12 residues of protein with a Cα" in told and "at least 20" in told
    (tmp_path / "pae.json").write_text(json.dumps({"pae": [[1.0] * 7] * 7}))
    told = refused("fit", moved, MAP, "--pae", tmp_path / "pae.json", *where)
    assert "of 7 residues for a structure of 60" in told
    (tmp_path / "bad.json").write_text("{}")
    told = refused("fit", moved, MAP, "--pae", tmp_path / "bad.json", *where)
    assert "no predicted aligned error in it" in told
    assert "no such folder" in refused("fit", moved, MAP, "-o", tmp_path / "none" / "placed.cif")
    assert "--no-pae is for a job that is gone on with" in refused("fit", moved, MAP, "--no-pae",
                                                                  *where)  # fmt: skip
    assert not (tmp_path / "job").exists()


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    return tmp_path_factory.mktemp("record") / "record.jsonl"


@pytest.fixture(scope="module")
def fitted(engine, answers, record, moved, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fitted") / "job"
    done = engine("fit", moved, MAP, "-o", folder, "--resolution", 2.9, record=record,
                  answers=answers)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "% within 3 Å, correlation 0." in done.stdout and "unique" in done.stdout
    return folder


@pytest.mark.slow
def test_stages_of_a_fit_open_what_they_declare_and_nothing_else(fitted, record, check_declared):
    check_declared(fitted, record)


@pytest.mark.slow
def test_a_model_from_elsewhere_comes_to_lie_where_it_belongs_and_loses_nothing(fitted, moved):
    before = gemmi.read_structure(str(moved))[0]
    after = gemmi.read_structure(str(fitted / "5_models/model_1.cif"))[0]
    native = gemmi.read_structure(str(PIECE))[0]
    names = [(s.chain.name, str(s.residue.seqid), s.atom.name, s.atom.b_iso) for s in before.all()]
    again = [(s.chain.name, str(s.residue.seqid), s.atom.name, s.atom.b_iso) for s in after.all()]
    assert names == again
    placed = np.array([s.atom.pos.tolist() for s in after.all()])[:-1]
    where = np.array([s.atom.pos.tolist() for s in native.all()])
    assert np.sqrt(np.mean(np.sum((placed - where) ** 2, axis=1))) < 1.0


@pytest.mark.slow
def test_results_and_table_tell_of_each_domain(fitted):
    results = json.loads((fitted / "results.json").read_text())
    (place,) = results["models"]
    (domain,) = place["domains"]
    assert results["kind"] == "fit" and place["file"] == "5_models/model_1.cif"
    assert domain["residues"] == "Q:102-161" and domain["count"] == 60
    assert domain["placed"] and domain["verdict"] == "unique"
    assert place["share_near"] > 0.8 and domain["correlation"] > 0.5
    assert domain["z_score"] > domain["runner_up"] + 1.5
    rows = list(csv.DictReader((fitted / "5_models/model_1.csv").open()))
    assert len(rows) == 60 and {row["domain"] for row in rows} == {"1"}
    assert {(row["chain"], row["placed"]) for row in rows} == {("Q", "1")}
    assert [row["insertion"].upper() for row in rows].count("A") == 1
    near = np.mean([float(row["distance"]) <= 3.0 for row in rows])
    assert near == pytest.approx(place["share_near"], abs=0.01)


@pytest.mark.slow
def test_a_finished_fit_resumed_does_nothing_and_with_another_option_fits_again(
    fitted, critasser, tmp_path, refused, capsys
):
    def domains():
        (place,) = json.loads((copy / "results.json").read_text())["models"]
        return [one["residues"] for one in place["domains"]]

    copy = Path(shutil.copytree(fitted, tmp_path / "job"))
    made = (copy / "5_models/model_1.cif").stat().st_mtime_ns
    critasser("fit", "--resume", copy)
    capsys.readouterr()
    assert (copy / "5_models/model_1.cif").stat().st_mtime_ns == made
    assert "critasser fit --resume" in refused("score", "--resume", copy)
    seen = (copy / "1_calpha/features.npy").stat().st_mtime_ns
    halves = np.where(np.arange(60)[:, None] // 30 == np.arange(60) // 30, 1.0, 25.0)
    (tmp_path / "pae.json").write_text(json.dumps({"pae": halves.tolist()}))
    critasser("fit", "--resume", copy, "--pae", tmp_path / "pae.json")
    assert domains() == ["Q:102-131", "Q:132-161"]
    assert (copy / "1_calpha/features.npy").stat().st_mtime_ns == seen
    assert {path.stem for path in (copy / "stages").iterdir()} == {one.name for one in STAGES}


@pytest.mark.slow
def test_a_model_alone_is_written_where_asked_and_one_of_another_fold_refused(
    fitted, critasser, moved, tmp_path, capsys
):
    copy = Path(shutil.copytree(fitted, tmp_path / "job"))
    assert main(["fit", str(GLOBIN), "--resume", str(copy)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "has no place in emd_6555_piece.mrc.gz" in told
    assert "runner-up" in told
    placed = tmp_path / "placed.cif"
    critasser("fit", moved, MAP, "-o", placed, "--resolution", 2.9)
    assert placed.read_bytes() == (fitted / "5_models/model_1.cif").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["job", "placed.cif"]
