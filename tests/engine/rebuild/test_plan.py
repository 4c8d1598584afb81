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
    found = parse_stretches("A:-3-10, B:7A-9B,C:5")
    assert [str(one) for one in found] == ["A:-3-10", "B:7A-9B", "C:5-5"]


@pytest.mark.parametrize("text", ["", "45-80", "A:", "A:x-y", "A:10-5", "A:1-2;B:3"])
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
        ("A:300-310", "no such residues"),
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
