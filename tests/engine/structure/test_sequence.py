"""Targets as parts of themselves."""

import numpy as np
import pytest

from critasser.structure import AtomicModel, Sequence, Target

TARGET = Target((Sequence("a", "MKAAAW", (2, 4)), Sequence("b", "GSH")))


def test_a_chain_begins_wherever_residues_are_left_out():
    part = TARGET.part(np.array([1, 1, 0, 1, 1, 1, 0, 0, 1], bool))
    assert [(one.name, one.letters) for one in part.sequences] == [
        ("a", "MK"), ("a", "AAW"), ("b", "H"),
    ]  # fmt: skip
    assert part.unknown.tolist() == [False, False, False, True, False, False]
    assert TARGET.part(np.ones(9, bool)) == TARGET


@pytest.fixture
def model():
    residue = np.repeat(np.arange(9), 2)
    positions = np.arange(54).reshape(18, 3)
    return AtomicModel(TARGET, ("N", "CA") * 9, ("N", "C") * 9, residue, positions)


def test_a_part_of_a_model_numbers_its_residues_anew(model):
    chosen = np.array([0, 0, 1, 1, 0, 0, 1, 1, 1], bool)
    part = model.part(chosen)
    assert part.target.letters == "AAGSH"
    np.testing.assert_array_equal(part.calpha, model.calpha[chosen])


def test_residues_without_atoms_keep_the_numbers_of_the_others(model):
    bare = model.without(np.arange(9) < 3)
    assert bare.target == model.target
    assert np.isnan(bare.calpha[:3]).all()
    np.testing.assert_array_equal(bare.calpha[3:], model.calpha[3:])
