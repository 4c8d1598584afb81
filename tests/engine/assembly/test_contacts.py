"""Predicted contacts count by their probability; what does not count is said."""

import numpy as np
import pytest

from critasser.assembly import assemble
from critasser.assembly.complete import Start
from critasser.assembly.contacts import MOST_A_RESIDUE, contacts_note, used_contacts
from critasser.assembly.restraints import pairs_of
from critasser.assembly.weights import WEIGHTS
from critasser.structure import Sequence, Target


def matrix(length, *contacts):
    result = np.zeros((length, length))
    for i, j, probability in contacts:
        result[i, j] = result[j, i] = probability
    return result


def restraints(contacts):
    """Strength of the restraint of each pair, of a chain that no two starts agree on."""
    n = len(contacts)
    walk = np.cumsum(np.random.default_rng(0).normal(size=(n, 3)), axis=0)
    start = Start(walk, np.zeros(n), np.ones(n, bool), "walk", 0.0)
    target = Target((Sequence("A", "A" * n),))
    rows = pairs_of(target, [start], np.ones(1), contacts, WEIGHTS)
    first = np.repeat(np.arange(n), np.diff(rows["pair_start"]))
    return dict(zip(zip(first.tolist(), rows["pair_other"].tolist()), rows["pair_weight"]))


def test_weak_contacts_and_near_ones_are_restraints_by_their_probability():
    found = restraints(matrix(40, (0, 29, 0.9), (1, 30, 0.25), (0, 5, 0.5), (2, 5, 0.5)))
    assert set(found) == {(0, 29), (29, 0), (1, 30), (30, 1), (0, 5), (5, 0), (2, 5), (5, 2)}
    assert found[0, 29] / found[1, 30] == pytest.approx(0.9 / 0.25)


def test_contacts_that_all_count_need_no_word():
    assert contacts_note(matrix(40, (0, 29, 0.9), (1, 4, 0.1))) == ""


def test_what_does_not_count_is_said():
    everything = np.random.default_rng(0).uniform(0.01, 0.99, (60, 60))
    everything = np.maximum(everything, everything.T)
    _, _, probability = used_contacts(everything)
    assert len(probability) == 60 * MOST_A_RESIDUE
    apart = everything[np.triu_indices(60, 3)]
    assert probability.min() >= np.sort(apart)[-60 * MOST_A_RESIDUE]
    note = contacts_note(everything)
    assert note.startswith("600 of 1770 contacts are used")
    assert "1053 are less likely" in note and "117 are of residues fewer than 3 apart" in note


def test_contacts_change_what_is_sampled(small):
    """Ends of a coiled coil's helix, far apart, of which weak contacts claim that they touch."""
    n = len(small.target)
    weak = matrix(n, *((i, n - 1 - i, 0.3) for i in range(6)))
    guided, unguided = (
        assemble(
            small.target, [small.noisy_trace(0)], small.calpha, small.density, small.resolution,
            rng=np.random.default_rng(0), contacts=contacts, replicas=2, sweeps=200,
        )
        for contacts in (weak, None)
    )  # fmt: skip
    assert guided.positions.tobytes() != unguided.positions.tobytes()
    assert guided.note == unguided.note == ""
