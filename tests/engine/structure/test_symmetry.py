"""What symmetries are called, and that models say how to make the whole of them."""

import gemmi
import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from critasser.structure import (
    AtomicModel,
    Sequence,
    Symmetry,
    Target,
    group_rotations,
    screw_powers,
    symmetry_name,
    write_model,
)
from critasser.symmetry_text import PointGroup

MIDDLE = np.array([50.0, 60.0, 70.0])
UNIT = MIDDLE + [40.0, 25.0, 15.0]


@pytest.fixture
def model(chain):
    target = Target((Sequence("a", chain.letters),))
    return AtomicModel(target, chain.atom_names, chain.elements, chain.residue, chain.positions)


def point_group(name):
    """Of a tilted molecule, as it is found: nothing is exact."""
    rotation = Rotation.create_group(name).as_matrix()
    first = np.trace(rotation, axis1=1, axis2=2).argmax()
    rotation = np.concatenate([rotation[first : first + 1], np.delete(rotation, first, axis=0)])
    tilt = Rotation.from_rotvec([0.3, -0.8, 0.5]).as_matrix()
    rng = np.random.default_rng(0)
    off = Rotation.from_rotvec(rng.normal(0, 0.004, (len(rotation), 3))).as_matrix()
    rotation[1:] = (tilt @ rotation @ tilt.T @ off)[1:]
    return Symmetry(rotation, MIDDLE - rotation @ MIDDLE)


@pytest.mark.parametrize("name", ["C1", "C2", "C3", "C7", "C12", "D2", "D3", "D7", "T", "O", "I"])
def test_point_groups_have_their_names(name):
    assert symmetry_name(point_group(name), UNIT) == name


@pytest.fixture
def filament():
    """Three steps on and back of a left-handed screw along z."""
    turn = Rotation.from_rotvec([0, 0, np.radians(-166.5)]).as_matrix()
    return screw_powers(turn, np.array([0.0, 0.0, 27.6]), 3)


def test_units_along_a_screw_are_a_helix_with_its_rise_and_twist(filament):
    name = "helical, rise 27.6 Å, twist −166.5°"
    assert symmetry_name(filament, np.array([40.0, 0, 0])) == name
    assert len(filament) == 7
    np.testing.assert_array_equal(filament.rotation[0], np.eye(3))
    place = filament.images(np.array([[40.0, 0, 0]]))[:, 0]
    np.testing.assert_allclose(sorted(place[:, 2]), 27.6 * np.arange(-3, 4))


def test_another_unit_may_come_first_and_the_units_are_the_same(filament):
    point = np.array([[40.0, 3.0, 5.0]])
    images = filament.images(point)
    moved = filament.moved(4)
    np.testing.assert_allclose(moved.rotation[0], np.eye(3), atol=1e-12)
    again = moved.images(images[4])
    np.testing.assert_allclose(again[0], images[4], atol=1e-9)
    assert cKDTree(again[:, 0]).query(images[:, 0])[0].max() < 1e-9


@pytest.mark.parametrize("name", ["C1", "C5", "D3", "T", "O", "I"])
def test_rotations_of_a_group_have_its_name(name):
    rotation = group_rotations(PointGroup(name))
    assert symmetry_name(Symmetry(rotation, np.zeros((len(rotation), 3))), UNIT) == name


def test_a_part_of_an_assembly_has_no_name():
    whole = point_group("O")
    assert symmetry_name(Symmetry(whole.rotation[:5], whole.shift[:5]), UNIT) == ""
    rows = Symmetry(np.repeat(np.eye(3)[None], 2, axis=0), np.array([[0, 0, 0], [60.0, 0, 0]]))
    assert symmetry_name(rows, UNIT) == ""


def test_the_whole_molecule_is_assembly_1_of_a_model(tmp_path, model):
    symmetry = point_group("D2")
    path = tmp_path / "model.cif"
    write_model(path, model, np.full(len(model.target), 50.0), symmetry=symmetry)
    structure = gemmi.read_structure(str(path))
    (assembly,) = structure.assemblies
    whole = gemmi.make_assembly(assembly, structure[0], gemmi.HowToNameCopiedChain.AddNumber)
    made = np.array([a.pos.tolist() for chain in whole for r in chain for a in r])
    asked = symmetry.images(model.positions).reshape(-1, 3)
    assert made.shape == asked.shape
    assert cKDTree(made).query(asked)[0].max() < 0.01


def test_one_unit_alone_has_no_assembly(tmp_path, model):
    path = tmp_path / "model.cif"
    write_model(path, model, np.full(len(model.target), 50.0), symmetry=point_group("C1"))
    assert not gemmi.read_structure(str(path)).assemblies
