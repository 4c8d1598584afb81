"""A person's model is read for what it is, and written again with nothing else changed."""

import gemmi
import numpy as np
import pytest

from critasser.errors import InputError
from critasser.structure import ModelFile, ModelResidue

LINES = """\
ATOM      1  N   ALA A  -1       0.000   0.000   0.000  1.00 10.00           N
ATOM      2  CA  ALA A  -1       1.400   0.000   0.000  1.00 10.00           C
ATOM      3  C   ALA A  -1       2.000   1.300   0.000  1.00 10.00           C
ATOM      4  N   GLY A   1       3.300   1.300   0.000  1.00 10.00           N
ATOM      5  CA  GLY A   1       4.000   2.600   0.300  1.00 10.00           C
ATOM      6  C   GLY A   1       5.400   2.600   0.300  1.00 10.00           C
ATOM      7  N   LEU A   1A      6.000   3.700   0.300  1.00 10.00           N
ATOM      8  CA ALEU A   1A      7.400   4.000   0.500  0.60 10.00           C
ATOM      9  CA BLEU A   1A      7.500   4.100   0.600  0.40 10.00           C
ATOM     10  C   LEU A   1A      8.000   5.200   0.300  1.00 10.00           C
HETATM   11  N   MSE A   2       9.300   5.200   0.300  1.00 10.00           N
HETATM   12  CA  MSE A   2      10.000   6.400   0.700  1.00 10.00           C
HETATM   13 SE   MSE A   2      11.000   7.400   0.700  1.00 10.00          SE
ATOM     14  CA  TRP A   9      25.000   6.400   0.700  1.00 10.00           C
ATOM     15  N   TRP A   9      25.900   7.300   0.700  1.00 10.00           N
ATOM     16  CA  PHE B   7     -20.000   6.400   0.700  1.00 10.00           C
ATOM     17  N   LYS B   8     -17.000   7.400   0.700  1.00 10.00           N
HETATM   18 CA    CA A 301      40.000   6.400   0.700  1.00 33.00          CA
HETATM   19  O   HOH A 401      44.000   6.400   0.700  1.00 34.00           O
"""


@pytest.fixture
def model(tmp_path):
    (tmp_path / "m.pdb").write_text(LINES)
    return ModelFile.read(tmp_path / "m.pdb")


def positions(path):
    """Of every atom by chain, number, insertion code, name and alternative location."""
    structure = gemmi.read_structure(str(path))
    return {
        (c.name, r.seqid.num, r.seqid.icode, a.name, a.altloc): (a.pos.tolist(), a.b_iso)
        for c in structure[0]
        for r in c
        for a in r
    }


def test_residues_keep_the_names_that_their_file_gives_them(model):
    assert [str(residue) for residue in model.residues()] == [
        "A:-1", "A:1", "A:1A", "A:2", "A:9", "B:7",
    ]  # fmt: skip
    assert "".join(residue.letter for residue in model.residues()) == "AGLMWF"
    assert model.unknown == 1  # the lysine has no Cα


def test_a_chain_begins_wherever_something_is_missing(model):
    found = model.model()
    assert [s.letters for s in found.target.sequences] == ["AGLM", "W", "F"]
    assert found.calpha[2].tolist() == [7.4, 4.0, 0.5]
    assert found.calpha[-1].tolist() == [-20.0, 6.4, 0.7]


def test_written_again_only_the_confidence_has_changed(model, tmp_path):
    confidence = {residue: 50.0 + k for k, residue in enumerate(model.residues())}
    by_name = {(r.chain, r.number, r.insertion): value for r, value in confidence.items()}
    model.write(tmp_path / "out.cif", confidence, title="scored", scores={"eTM": 0.5})
    before, after = positions(tmp_path / "m.pdb"), positions(tmp_path / "out.cif")
    assert set(after) == set(before)
    for key, (position, b_factor) in after.items():
        assert position == pytest.approx(before[key][0], abs=1e-3)
        expected = by_name.get((key[0], key[1], key[2].strip()), before[key][1])
        assert b_factor == pytest.approx(expected), key
    again = ModelFile.read(tmp_path / "out.cif")
    assert again.residues() == model.residues()
    block = gemmi.cif.read(str(tmp_path / "out.cif")).sole_block()
    local = [float(v) for v in block.find_values("_ma_qa_metric_local.metric_value")]
    assert local == list(confidence.values())


@pytest.mark.parametrize("letter", ["'", '"', "#", "_", ";", "\x01", "\x7f"])
def test_a_file_is_whole_whatever_letters_chains_and_insertions_have(tmp_path, letter):
    (tmp_path / "m.pdb").write_text(
        LINES.replace("LEU A   1A", f"LEU A   1{letter}").replace(" B   ", f" {letter}   ")
    )
    model = ModelFile.read(tmp_path / "m.pdb")
    letter = letter if letter.isprintable() else "~"
    assert {f"A:1{letter}", f"{letter}:7"} <= {str(residue) for residue in model.residues()}
    model.write(tmp_path / "out.cif", dict.fromkeys(model.residues(), 50.0), title="scored")
    assert ModelFile.read(tmp_path / "out.cif").residues() == model.residues()


def test_a_residue_gets_other_atoms_and_a_missing_one_its_place(model, tmp_path):
    atoms = [("N", np.array([0.0, 0.0, 9.0])), ("CA", np.array([1.0, 0.0, 9.0]))]
    methionine = model.residues()[3]
    added = ModelResidue("A", 5, "", "K", (methionine.place[0], 1))
    replaced = {model.residues()[2]: atoms, added: atoms}
    model.write(tmp_path / "out.cif", {added: 42.0}, title="rebuilt", replaced=replaced)
    again = ModelFile.read(tmp_path / "out.cif")
    assert [str(r) for r in again.residues()] == [
        "A:-1", "A:1", "A:1A", "A:2", "A:5", "A:9", "B:7",
    ]  # fmt: skip
    found = positions(tmp_path / "out.cif")
    assert [k for k in found if k[:2] == ("A", 1) and k[2] == "A"] == [
        ("A", 1, "A", "N", "\0"),
        ("A", 1, "A", "CA", "\0"),
    ]
    assert found["A", 301, " ", "CA", "\0"] == ([40.0, 6.4, 0.7], 33.0)
    assert found["A", 5, " ", "CA", "\0"] == ([1.0, 0.0, 9.0], 42.0)
    assert [str(residue) for residue in again.modified()] == ["A:2"]


def test_what_holds_no_amino_acid_with_a_calpha_is_refused(tmp_path):
    (tmp_path / "m.pdb").write_text("\n".join(LINES.splitlines()[16:17]))
    with pytest.raises(InputError, match="twenty amino acids with a Cα, but it has 1 resid"):
        ModelFile.read(tmp_path / "m.pdb")


def test_a_model_larger_than_any_can_be_judged_is_refused(tmp_path, monkeypatch):
    from critasser.structure import modelfile

    (tmp_path / "m.pdb").write_text(LINES)
    monkeypatch.setattr(modelfile, "MOST_RESIDUES", 5)
    with pytest.raises(InputError, match="7 residues of protein, 5 is most"):
        ModelFile.read(tmp_path / "m.pdb")


def test_residues_that_are_left_out_are_not_written_and_all_others_are(model, tmp_path):
    out = {one for one in model.residues() if (one.chain, one.number) in {("A", 1), ("B", 7)}}
    assert len(out) == 3
    confidence = dict.fromkeys(model.residues(), 50.0)
    model.write(tmp_path / "m.cif", confidence, title="x", left_out=out)
    again = ModelFile.read(tmp_path / "m.cif")
    kept = [str(one) for one in model.residues() if one not in out]
    assert [str(one) for one in again.residues()] == kept
    before, after = positions(model.path), positions(tmp_path / "m.cif")
    names = {(one.chain, one.number, one.insertion or ' ') for one in out}
    assert set(after) == {key for key in before if key[:3] not in names}
