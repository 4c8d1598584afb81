"""What is wrong in a few places is mended among what lies around them."""

import numpy as np

from critasser.atomic import build_atoms, local_repair
from critasser.atomic.building import Builder
from critasser.atomic.chemistry import CA, CB, C, N
from critasser.atomic.local_repair import LocalRepair, surroundings
from critasser.atomic.residue_atoms import atoms_of_model
from critasser.atomic.validation import clashing_atoms, inverted_centres, threaded_rings
from critasser.structure import rmsd

WRONG = 50
"""A residue near an end of the chain, not a glycine."""


def line(length):
    return np.column_stack([3.8 * np.arange(length), np.zeros((length, 2))])


def test_those_near_a_fault_move_and_those_around_them_are_held():
    moving, chosen = surroundings(line(100), np.ones(99, bool), np.array([50]), ())
    assert np.flatnonzero(moving).tolist() == [49, 50, 51]
    assert np.flatnonzero(chosen).tolist() == list(range(46, 55))


def test_both_sides_of_a_bridge_take_part_and_no_residue_is_alone():
    _, chosen = surroundings(line(100), np.ones(99, bool), np.array([50]), ((47, 90),))
    assert np.flatnonzero(chosen[60:]).tolist() == [29, 30, 31]


def test_where_most_take_part_all_do():
    assert surroundings(line(100), np.ones(99, bool), np.arange(0, 100, 10), ()) is None


def test_a_wrong_hand_is_mended_among_what_lies_around_it(target, native, density, monkeypatch):
    monkeypatch.setattr(local_repair, "MOST_SHARE", 1.0)
    parts, relaxed, repaired = [], Builder._relaxed, LocalRepair.repaired

    def with_wrong_hand(self, atoms, iterations, steps):
        atoms, energy = relaxed(self, atoms, iterations, steps)
        if not parts and not isinstance(self, LocalRepair):
            n, calpha, c, cbeta = atoms[WRONG, [N, CA, C, CB]]
            normal = np.cross(n - calpha, c - calpha)
            normal /= np.linalg.norm(normal)
            atoms[WRONG, CB] = cbeta - 2 * ((cbeta - calpha) @ normal) * normal
        return atoms, energy

    def watched(self):
        found = repaired(self)
        parts.append((self.moving, self.index))
        return found

    monkeypatch.setattr(Builder, "_relaxed", with_wrong_hand)
    monkeypatch.setattr(LocalRepair, "repaired", watched)
    model, report = build_atoms(
        target, native.positions[:, 1], density, 3.0, rng=np.random.default_rng(0),
        schedule="draft",
    )  # fmt: skip
    ((moving, index),) = parts
    assert WRONG in index[moving] and 0 < moving.sum() < len(index) < len(target)
    assert report.rounds > 0 and report.inverted > 0
    atoms = atoms_of_model(model)
    assert len(inverted_centres(target, atoms)) == 0
    assert len(clashing_atoms(target, atoms, report.disulfides)) == report.clashes_after == 0
    assert len(threaded_rings(target, atoms, report.disulfides)) == 0
    assert rmsd(model.calpha, native.positions[:, 1]) < 0.6
