"""All chains of a model one after another, and their residues in words."""

import numpy as np
import pytest

from critasser.pipeline.model_chains import ModelChains
from critasser.structure import ModelFile

ATOM = "ATOM  {serial:5d}  CA  ALA {chain}{number:>4d}{code}   {x:8.3f}   0.000   0.000  1.00 20.00"


@pytest.fixture
def chains(tmp_path):
    named = [("A", 1, " "), ("A", 2, " "), ("A", 3, " "), ("A", 7, " "), ("A", 7, "B")]
    named += [("B", 5, " "), ("B", 6, " ")]
    lines = [
        ATOM.format(serial=k, chain=chain, number=number, code=code, x=3.8 * k)
        for k, (chain, number, code) in enumerate(named, 1)
    ]
    (tmp_path / "model.pdb").write_text("\n".join(lines) + "\nEND\n")
    return ModelChains.of(ModelFile.read(tmp_path / "model.pdb"))


def test_chains_follow_each_other_and_lie_far_apart_in_number(chains):
    assert len(chains) == 7 and chains.calpha.shape == (7, 3)
    steps = np.diff(chains.numbers)
    assert list(steps[:4]) == [1, 1, 1, 1] and steps[4] > 1000 and steps[5] == 1
    assert list(chains.residue) == list(range(7))
    assert list(chains.amplitudes) == [6.0] * 7


def test_residues_are_named_by_chain_number_and_insertion_code(chains):
    assert chains.ranges(np.arange(7)).upper() == "A:1-7B,B:5-6"
    assert chains.ranges(np.array([0, 1, 3, 5])) == "A:1-2,7,B:5"
    assert chains.ranges(np.array([6])) == "B:6"


def test_residues_of_one_number_and_letter_are_of_one_kind(tmp_path):
    lines = [
        ATOM.format(serial=k, chain=chain, number=number, code=" ", x=3.8 * k)
        for k, (chain, number) in enumerate([("A", 1), ("A", 2), ("B", 2), ("B", 1), ("B", 3)], 1)
    ]
    (tmp_path / "model.pdb").write_text("\n".join(lines) + "\nEND\n")
    kinds = ModelChains.of(ModelFile.read(tmp_path / "model.pdb")).kinds
    assert len(set(kinds.tolist())) == 3 and sorted(kinds.tolist()) == [0, 0, 1, 1, 2]
