"""Templates are spoilt as their case says, and what is fitted is not what is measured."""

from pathlib import Path

import gemmi
import numpy as np
import pytest

from benchmark.sets import BenchmarkTarget
from benchmark.template_cases import (
    BACKBONE,
    TemplateCase,
    bent_calpha,
    write_predicted_like,
)
from critasser.structure import kabsch, read_chains, rmsd, tm_score

SOURCE = Path(__file__).parents[1] / "data" / "1a2p_A.pdb.gz"


@pytest.fixture
def target():
    return BenchmarkTarget("1a2p_A", "lifelike", "x", 6.0, read_chains(SOURCE), SOURCE, True)


def written(target, folder, **spoilt):
    case = TemplateCase("spoilt", target, SOURCE, "kind", **spoilt)
    return read_chains(case.write(folder))[0], case


def test_a_template_is_the_source_in_another_frame(target, tmp_path):
    chain, case = written(target, tmp_path)
    native = target.native
    assert tm_score(chain.calpha, native) > 0.999
    assert np.linalg.norm(chain.calpha.mean(axis=0) - native.mean(axis=0)) > 5.0
    assert case.name == "1a2p_A-6A.kind"


def test_a_bend_is_of_so_many_degrees_at_one_hinge(target, tmp_path):
    chain, _ = written(target, tmp_path, bend=25.0)
    native = target.native
    assert tm_score(chain.calpha, native) < 0.95
    ends = [slice(0, 25), slice(-25, None)]
    turns = [kabsch(chain.calpha[end], native[end])[0] for end in ends]
    between = turns[0] @ turns[1].T
    angle = np.degrees(np.arccos((np.trace(between) - 1.0) / 2.0))
    assert angle == pytest.approx(25.0, abs=0.5)


def test_calpha_bent_at_a_hinge_keep_each_side_as_it_was(target):
    native = target.native
    bent, hinge = bent_calpha(native, 40.0, np.random.default_rng(1))
    assert 0.3 * len(native) <= hinge <= 0.7 * len(native)
    assert np.array_equal(bent[: hinge + 1], native[: hinge + 1])
    turn, _ = kabsch(native[hinge:], bent[hinge:])
    assert np.degrees(np.arccos((np.trace(turn) - 1.0) / 2.0)) == pytest.approx(40.0, abs=1e-6)


def test_a_warped_template_is_right_from_residue_to_residue_and_wrong_as_a_whole(target, tmp_path):
    chain, _ = written(target, tmp_path, warps=3)
    native, bonds = target.native, np.diff(chain.calpha, axis=0)
    assert np.linalg.norm(bonds, axis=1) == pytest.approx(
        np.linalg.norm(np.diff(native, axis=0), axis=1), abs=0.01
    )
    assert tm_score(chain.calpha, native) < 0.95


def test_a_stretch_out_of_register_has_its_neighbours_names_and_no_side_chains(target, tmp_path):
    chain, _ = written(target, tmp_path, shift=2)
    native = target.chains[0].letters
    wrong = [k for k, (a, b) in enumerate(zip(chain.letters, native)) if a != b]
    assert 8 <= len(wrong) <= 30
    for k in range(wrong[0], wrong[-1] + 1):
        assert chain.letters[k] == native[k + 2]
    structure = gemmi.read_structure(str(tmp_path / "template.pdb"))
    residue = [one for part in structure[0] for one in part][wrong[0]]
    assert {atom.name for atom in residue} <= set(BACKBONE)
    assert tm_score(chain.calpha, target.native) > 0.999


def test_a_model_like_a_predicted_one_is_two_to_four_angstroms_off(target, tmp_path):
    write_predicted_like(SOURCE, tmp_path / "model.pdb", np.random.default_rng(1))
    (chain,) = read_chains(tmp_path / "model.pdb")
    assert chain.letters == target.letters[0]
    assert 2.0 <= rmsd(chain.calpha, target.native) <= 4.0
