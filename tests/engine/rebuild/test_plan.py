"""What is built of a model, what holds it, and what is told when that cannot be."""

from pathlib import Path

import gemmi
import numpy as np
import pytest

from critasser.errors import InputError
from critasser.rebuild.plan import plan_rebuild
from critasser.rebuild.ranges import parse_stretches
from critasser.structure import ModelFile, Sequence, Target, read_chains

PIECE = Path(__file__).parents[2] / "data" / "emd_6555_piece.pdb"
"""Residues 102 … 161 of chain A."""


@pytest.fixture
def without(tmp_path):
    """The piece without some of its residues."""

    def made(low, high):
        structure = gemmi.read_structure(str(PIECE))
        chain = structure[0]["A"]
        for k in reversed(range(len(chain))):
            if low <= chain[k].seqid.num <= high:
                del chain[k]
        structure.write_pdb(str(tmp_path / "part.pdb"))
        return ModelFile.read(tmp_path / "part.pdb")

    return made


def names(plan, which):
    return [plan.residues[i].number for i in np.flatnonzero(which)]


def test_stretches_are_read_with_insertion_codes_and_negative_numbers():
    found = parse_stretches("A:-3-10, B:7A-9B,C:5, chain 2 : 4-6")
    assert [str(one) for one in found] == ["A:-3-10", "B:7A-9B", "C:5-5", "chain 2:4-6"]


@pytest.mark.parametrize("text", ["", "A:", "A:x-y", "A:10-5", "A:1-2;B:3", "A:1-" + "9" * 5000])
def test_what_is_no_stretch_is_told(text):
    with pytest.raises(InputError, match="stretch"):
        parse_stretches(text)


def test_two_residues_at_either_side_give_way_and_no_more():
    plan = plan_rebuild(ModelFile.read(PIECE), "A:120-125")
    assert names(plan, plan.built) == list(range(120, 126))
    assert names(plan, plan.eased) == [118, 119, 126, 127]
    (run,) = plan.runs
    assert [plan.residues[i].number for i in plan.anchors(run)] == [119, 126]


def test_an_end_of_a_chain_hangs_on_one_side():
    plan = plan_rebuild(ModelFile.read(PIECE), "A:102-106")
    assert plan.anchors(plan.runs[0])[0] is None
    assert names(plan, plan.eased) == [107, 108]


def test_a_gap_is_filled_where_the_whole_sequence_is_known(without):
    letters = read_chains(PIECE)[0].letters
    plan = plan_rebuild(
        without(120, 124), "A:119-126", Target((Sequence("a", "MK" + letters + "GS"),))
    )
    assert names(plan, plan.built) == list(range(119, 127))
    assert plan.target.letters == letters
    assert len(plan.target.sequences) == 1
    assert not np.isfinite(plan.model.calpha[18:23]).any()
    assert "5 residues are added" in plan.notes[0]


def test_missing_ends_are_filled_as_far_as_they_are_asked_for(without):
    letters = read_chains(PIECE)[0].letters
    plan = plan_rebuild(without(156, 161), "A:154-159", Target((Sequence("a", letters),)))
    assert names(plan, plan.built) == list(range(154, 160))
    assert plan.anchors(plan.runs[0])[1] is None


def test_a_gap_of_unknown_residues_leaves_two_ends(without):
    plan = plan_rebuild(without(120, 124), "A:117-127")
    assert [(run.stop - run.start) for run in plan.runs] == [3, 3]
    assert [plan.anchors(run)[k] for k, run in enumerate(plan.runs)][1] is not None
    assert plan.anchors(plan.runs[0])[1] is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("B:1-5", "has no chain B; it has A"),
        ("A:300-310", "no such residues, its chain A goes from 102 to 161"),
        ("A:155-200", "chain A has residues .*-161 only"),
        ("A:102-161", "nothing of its chain stays"),
    ],
)
def test_a_stretch_that_cannot_be_built_is_told(text, told):
    with pytest.raises(InputError, match=told):
        plan_rebuild(ModelFile.read(PIECE), text)


def test_ends_too_far_apart_are_told(tmp_path):
    structure = gemmi.read_structure(str(PIECE))
    for residue in structure[0]["A"]:
        if residue.seqid.num > 120:
            for atom in residue:
                atom.pos += gemmi.Position(40, 0, 0)
    structure.write_pdb(str(tmp_path / "torn.pdb"))
    with pytest.raises(InputError, match="2 residues cannot bridge"):
        plan_rebuild(ModelFile.read(tmp_path / "torn.pdb"), "A:120-121")


def test_a_sequence_of_another_protein_is_told():
    with pytest.raises(InputError, match="agrees with none of the sequences"):
        plan_rebuild(ModelFile.read(PIECE), "A:120-125", Target((Sequence("x", "GSGSGSGSGS" * 6),)))


def test_the_surroundings_are_chains_of_three_residues_or_more():
    plan = plan_rebuild(ModelFile.read(PIECE), "A:130-135")
    near = plan.around(6.0)
    assert set(np.flatnonzero(plan.built)) <= set(near.index.tolist())
    assert len(near.index) == len(near.target) < len(plan.target)
    assert all(len(one) > 2 for one in near.target.sequences)
    assert near.target.letters == "".join(plan.target.letters[i] for i in near.index)


@pytest.fixture
def renamed(tmp_path):
    """The piece with other chain names, and some residues numbered anew."""

    def made(chain, numbers=None, copies=1):
        structure = gemmi.read_structure(str(PIECE))
        first = structure[0][0]
        first.name = chain
        for residue in first:
            residue.seqid = (numbers or {}).get(residue.seqid.num, residue.seqid)
        structure.write_pdb(str(tmp_path / "named.pdb"))
        return ModelFile.read(tmp_path / "named.pdb")

    return made


@pytest.mark.parametrize("text", ["_:120-125", "120-125", ":120-125"])
def test_a_chain_without_a_name_is_called_by_a_dash_or_not_at_all(renamed, text):
    plan = plan_rebuild(renamed(" "), text)
    assert names(plan, plan.built) == list(range(120, 126))
    assert str(plan.residues[0]) == "_:102"


def test_the_only_chain_need_not_be_named(renamed):
    plan = plan_rebuild(renamed("Q"), "120-125")
    assert names(plan, plan.built) == list(range(120, 126))


def test_the_wrong_name_is_told_with_those_that_there_are(renamed):
    with pytest.raises(InputError, match="no chain A; it has _; a chain without a name is"):
        plan_rebuild(renamed(" "), "A:120-125")


def test_of_several_chains_one_must_be_named(tmp_path):
    structure = gemmi.read_structure(str(PIECE))
    other = structure[0].add_chain(structure[0][0])
    other.name = "B"
    for residue in other:
        for atom in residue:
            atom.pos += gemmi.Position(90, 0, 0)
    structure.write_pdb(str(tmp_path / "two.pdb"))
    with pytest.raises(InputError, match="has the chains A, B; say which, as A:120-125"):
        plan_rebuild(ModelFile.read(tmp_path / "two.pdb"), "120-125")


def test_a_stretch_is_what_stands_between_its_ends_in_the_file(renamed):
    """Insertion codes before their number, as some antibodies have them."""
    numbers = {120: gemmi.SeqId(121, "A"), 121: gemmi.SeqId("121"), 125: gemmi.SeqId(126, "A")}
    file = renamed("A", numbers)
    plan = plan_rebuild(file, "A:121-126")
    built = [str(plan.residues[i]) for i in np.flatnonzero(plan.built)]
    assert built == ["A:121", "A:122", "A:123", "A:124", "A:126A", "A:126"]
    for text in ("A:121A-121", "A:121a-121"):
        plan = plan_rebuild(file, text)
        assert [str(plan.residues[i]) for i in np.flatnonzero(plan.built)] == ["A:121A", "A:121"]
    plan = plan_rebuild(file, "A:121A-121")
    assert [str(plan.residues[i]) for i in np.flatnonzero(plan.built)] == ["A:121A", "A:121"]


def test_numbers_that_two_chains_share_take_the_residues_of_one(tmp_path):
    """Two segments of a blank chain, each numbered from 1."""
    lines = [one for one in PIECE.read_text().splitlines() if one.startswith("ATOM")]
    written = []
    for one in lines:
        number = int(one[22:26]) - 101
        segment, number = ("PROA", number) if number <= 30 else ("PROB", number - 30)
        written.append(f"{one[:21]} {number:4}{one[26:72]:<46}{segment:<4}{one[76:]}")
    (tmp_path / "m.pdb").write_text("\n".join(written))
    plan = plan_rebuild(ModelFile.read(tmp_path / "m.pdb"), "PROB:10-20")
    assert names(plan, plan.built) == list(range(10, 21))
    assert {plan.residues[i].chain for i in np.flatnonzero(plan.built)} == {"PROB"}
