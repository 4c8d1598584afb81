"""Faults are found where they are made, and nowhere else."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from critasser.atomic import bonds_of_model
from critasser.atomic.residue_atoms import atom_list
from critasser.atomic.validation import (
    clashing_atoms,
    find_disulfides,
    inverted_centres,
    omega,
    stretched_bonds,
    threaded_rings,
)
from critasser.atomic.validation_kernels import bonds_through_rings
from critasser.structure import ModelFile, Sequence, Target

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture
def whole(native):
    positions = native.positions.copy()
    positions[-1, 14] = 3 * positions[-1, 2] - positions[-1, 1] - positions[-1, 3]
    return positions


def test_a_deposited_chain_is_sound(target, whole):
    assert len(clashing_atoms(target, whole)) == 0
    assert len(inverted_centres(target, whole)) == 0
    assert len(threaded_rings(target, whole)) == 0
    assert len(stretched_bonds(target, whole)) == 0
    assert np.nanmin(np.abs(omega(target, whole))) > np.radians(150)


def test_its_mirror_image_has_every_centre_inverted(target, whole):
    found = inverted_centres(target, whole * [1, 1, -1])
    assert len(found.calpha) == sum(letter != "G" for letter in target.letters)
    assert len(found.side_chain) == sum(letter in "ITVL" for letter in target.letters)


def test_clashes_are_all_pairs_too_near(target, whole, rng):
    shaken = whole + rng.normal(size=whole.shape) * 0.8
    residue, slot, _ = atom_list(target)
    atoms = shaken[residue, slot]
    expected = set()
    for i, j in itertools.combinations(range(len(atoms)), 2):
        bond = residue[j] == residue[i] + 1 and slot[i] == 2 and slot[j] == 0
        if residue[i] != residue[j] and not bond and np.linalg.norm(atoms[i] - atoms[j]) < 2.0:
            expected.add((residue[i], slot[i], residue[j], slot[j]))
    found = {tuple(row) for row in clashing_atoms(target, shaken)}
    assert found == expected
    assert found


def ring(sides):
    turns = np.arange(sides) / sides * 2 * np.pi
    corners = np.zeros((6, 3))
    corners[:sides] = 1.4 * np.stack([np.cos(turns), np.sin(turns), 0 * turns], axis=1)
    return corners


@pytest.mark.parametrize("sides", [5, 6])
def test_a_bond_is_through_a_ring_when_it_crosses_its_plane_inside(sides, rng):
    corners = ring(sides)
    bonds = rng.uniform(-2, 2, (400, 2, 3))
    residues = np.ones((400, 2), dtype=np.int64)
    found = bonds_through_rings(corners[None], np.array([sides]), np.array([0]), bonds, residues)
    expected = set()
    for k, (a, b) in enumerate(bonds):
        if a[2] * b[2] < 0 and np.linalg.norm((a + b) / 2) <= 3.0:
            at = a + (b - a) * a[2] / (a[2] - b[2])
            edges = np.roll(corners[:sides], -1, axis=0) - corners[:sides]
            inward = np.cross(edges, at - corners[:sides])[:, 2]
            if np.all(inward > 0):
                expected.add(k)
    assert {k for _, k in found} == expected
    assert expected


def test_a_ring_pierced_by_a_backbone_is_found(target, whole):
    rings = [i for i, letter in enumerate(target.letters) if letter == "F"]
    pierced = whole.copy()
    corners = pierced[rings[0], 5:11]
    middle = 0.5 * (pierced[40, 2] + pierced[40, 3])
    along = pierced[40, 3] - pierced[40, 2]
    normal = np.linalg.svd(corners - corners.mean(axis=0))[2][2]
    shift = corners.mean(axis=0) - middle
    pierced[40] += shift
    pierced[40, 3] = corners.mean(axis=0) + 0.6 * normal * np.linalg.norm(along)
    pierced[40, 2] = corners.mean(axis=0) - 0.6 * normal * np.linalg.norm(along)
    found = threaded_rings(target, pierced)
    assert [rings[0], 40, 2, 40, 3] in found.tolist()


def test_cysteines_at_bonding_distance_are_a_disulfide_each_once():
    target = Target((Sequence("A", "CCC"),))
    positions = np.full((3, 15, 3), np.nan)
    positions[:, 5] = [[0, 0, 0], [2.1, 0, 0], [0, 2.5, 0]]
    positions[:, 4] = positions[:, 5] + [[0, 0, 1.8], [0, 1.8, 0], [1.7, 0.5, 0.3]]
    assert find_disulfides(target, positions) == ((0, 1),)
    positions[1, 5] += [4.0, 0, 0]
    assert find_disulfides(target, positions) == ((0, 2),)


def test_cis_peptides_of_a_deposited_model_are_found():
    model = ModelFile.read(DATA / "3t30_C_piece.pdb.gz").model()
    bonds = bonds_of_model(model)
    assert sorted(bonds.cis) == [25, 36]
    assert max(map(abs, bonds.cis.values())) < 30
    assert bonds.disulfides == ()
