"""Backbones drawn on Cα."""

import itertools

import numpy as np
import pytest

from critasser.atomic.backbone import build_backbone, load_backbone_tables
from critasser.atomic.backbone_kernels import best_turns
from critasser.atomic.backbone_statistics import learn_from_atoms, phi_psi
from critasser.atomic.internal_coordinates import angle, torsion
from critasser.atomic.regularisation import regularise
from critasser.atomic.residue_atoms import ResidueAtoms
from critasser.atomic.validation import inverted_centres


@pytest.fixture(scope="module")
def tables():
    return load_backbone_tables()


def no_cis(target):
    return np.zeros(len(target) - 1, dtype=bool)


def backbone_rmsd(found, native):
    return np.sqrt(np.mean(np.sum((found[:, :4] - native.positions[:, :4]) ** 2, axis=-1)))


def test_true_calpha_give_the_backbone_within_half_an_angstrom(target, native, tables):
    found = build_backbone(
        native.positions[:, 1], target.codes, target.bonded, no_cis(target), tables
    )
    assert backbone_rmsd(found, native) < 0.5
    np.testing.assert_array_equal(found[:, 1], native.positions[:, 1])
    assert np.isfinite(found[-1, 14]).all()


def test_density_turns_peptides_the_right_way(target, native, tables, density):
    calpha = native.positions[:, 1]
    arguments = (calpha, target.codes, target.bonded, no_cis(target), tables)
    without = build_backbone(*arguments)
    found = build_backbone(*arguments, density=density, density_weight=5.0)
    assert backbone_rmsd(found, native) < backbone_rmsd(without, native)


def test_noise_leaves_a_backbone_with_bonds_and_hands_in_order(target, native, tables, rng):
    calpha = native.positions[:, 1] + rng.normal(size=(len(target), 3)) * 0.8 / np.sqrt(3)
    calpha = regularise(calpha, target.bonded, no_cis(target))
    found = build_backbone(calpha, target.codes, target.bonded, no_cis(target), tables, noise=0.8)
    assert backbone_rmsd(found, native) < 1.1
    peptide = np.linalg.norm(found[1:, 0] - found[:-1, 2], axis=1)
    np.testing.assert_allclose(peptide, 1.33, atol=0.05)
    bend = np.degrees(angle(found[:, 0], found[:, 1], found[:, 2]))
    assert np.all((bend > 85) & (bend < 140))
    omega = torsion(found[:-1, 1], found[:-1, 2], found[1:, 0], found[1:, 1])
    assert np.abs(np.degrees(omega)).min() > 150
    assert len(inverted_centres(target, found).calpha) == 0


def test_a_cis_peptide_is_cis_where_asked_for(target, native, tables):
    cis = no_cis(target)
    cis[30] = True
    calpha = regularise(native.positions[:, 1], target.bonded, cis)
    found = build_backbone(calpha, target.codes, target.bonded, cis, tables)
    omega = torsion(found[:-1, 1], found[:-1, 2], found[1:, 0], found[1:, 1])
    assert np.flatnonzero(np.abs(omega) < np.pi / 2).tolist() == [30]


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_the_shortest_chains_get_every_backbone_atom(length, tables):
    calpha = np.arange(length)[:, None] * [3.4, 1.7, 0.0]
    flags = np.ones(length - 1, dtype=bool)
    found = build_backbone(calpha, np.zeros(length, dtype=np.int8), flags, ~flags, tables)
    assert np.isfinite(found[:, :5]).all()


def cost_by_definition(path, unary, atoms, calpha, phi_psi_cost, kind, mean, sd):
    total = sum(unary[i, s] for i, s in enumerate(path))
    for i in range(len(calpha)):
        (before, _, n), (c, _, after) = atoms[i, path[i]], atoms[i + 1, path[i + 1]]
        bent = abs(angle(n, calpha[i], c) - mean) / sd
        total += 0.5 * min(bent**2, 4 * bent)
        if kind[i] >= 0:
            turns = np.array([torsion(before, n, calpha[i], c), torsion(n, calpha[i], c, after)])
            p, q = ((turns + np.pi) / (2 * np.pi) * phi_psi_cost.shape[1]).astype(int)
            total += phi_psi_cost[kind[i], p, q]
    return total


def test_dynamic_programming_finds_the_best_of_all_paths(rng):
    count, states = 4, 4
    unary = rng.uniform(0, 3, (count + 1, states))
    atoms = rng.normal(size=(count + 1, states, 3, 3))
    calpha = rng.normal(size=(count, 3))
    cost = rng.uniform(0, 4, (2, 8, 8))
    kind = np.array([-1, 0, 1, -1])
    rest = (calpha, cost, kind, 1.94, 0.5)
    path, best = best_turns(unary, atoms, *rest, 100.0)
    every = [
        cost_by_definition(p, unary, atoms, *rest)
        for p in itertools.product(range(states), repeat=count + 1)
    ]
    assert best == pytest.approx(min(every))
    assert cost_by_definition(path, unary, atoms, *rest) == pytest.approx(best)


def with_a_cis_peptide(target, native, tables):
    cis = no_cis(target)
    cis[30] = True
    calpha = regularise(native.positions[:, 1], target.bonded, cis)
    built = build_backbone(calpha, target.codes, target.bonded, cis, tables)
    return ResidueAtoms(native.codes, built, native.bonded)


def test_statistics_of_a_real_chain_are_what_textbooks_say(target, native, tables):
    learnt = learn_from_atoms([native, with_a_cis_peptide(target, native, tables)])
    assert np.degrees(learnt["angle_mean"]) == pytest.approx(111, abs=2)
    carbonyl = np.linalg.norm(learnt["trans"][0] - learnt["trans"][1])
    assert carbonyl == pytest.approx(1.23, abs=0.02)
    peptide = np.linalg.norm(learnt["trans"][0] - learnt["trans"][2])
    assert peptide == pytest.approx(1.33, abs=0.02)
    assert np.linalg.norm(learnt["cbeta"]) == pytest.approx(1.53, abs=0.02)
    helical = np.degrees(np.nanmedian(phi_psi(native.positions, native.bonded), axis=0))
    np.testing.assert_allclose(helical, [-63, -42], atol=8)


def test_statistics_want_enough_chains_to_have_seen_a_cis_peptide(native):
    with pytest.raises(ValueError, match="no cis peptide"):
        learn_from_atoms([native])
