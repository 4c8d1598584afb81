"""The molecule as the force field sees it."""

import numpy as np
import openmm
import pytest

from critasser.atomic.force_field import base_system, full_system, molecule_of, soft_system
from critasser.atomic.residue_atoms import atoms_of_model, model_of_atoms
from critasser.structure import Sequence, Target


@pytest.fixture(scope="module")
def whole(target, native):
    """The native chain with an OXT, which the deposited chain lacks."""
    positions = native.positions.copy()
    end = positions[-1]
    if np.isnan(end[14]).any():
        positions[-1, 14] = 3 * end[2] - end[1] - end[3]
    return positions


def energy(system, positions):
    context = openmm.Context(
        system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatform("Reference")
    )
    context.setPositions(positions / 10)
    return context.getState(energy=True).getPotentialEnergy()._value


def test_models_hold_every_atom_and_give_them_back(target, whole):
    model = model_of_atoms(target, whole)
    np.testing.assert_array_equal(atoms_of_model(model), whole)
    assert model.atom_names[-1] == "OXT"
    lacking = whole.copy()
    lacking[3, 5] = np.nan
    with pytest.raises(ValueError, match="residue 4 has no position"):
        model_of_atoms(target, lacking)


def test_hydrogens_are_at_bond_length_and_apart(target, whole):
    molecule = molecule_of(target)
    positions = molecule.with_hydrogens(whole)
    own = np.flatnonzero(molecule.parent >= 0)
    length = np.linalg.norm(positions[own] - positions[molecule.parent[own]], axis=1)
    assert np.all((length > 0.95) & (length < 1.35))
    for parent in np.unique(molecule.parent[own]):
        sisters = positions[molecule.parent == parent]
        for i in range(len(sisters)):
            for j in range(i):
                assert np.linalg.norm(sisters[i] - sisters[j]) > 1.4


def test_the_deposited_chain_has_the_low_energy_of_a_protein(target, whole):
    molecule = molecule_of(target)
    base = base_system(molecule)
    positions = molecule.with_hydrogens(whole)
    full = energy(full_system(base, 0.7), positions)
    assert np.isfinite(full)
    assert full < 200 * len(target)
    assert energy(soft_system(molecule, base), positions) < 200 * len(target)


def test_soft_spheres_stay_finite_where_atoms_coincide(target, whole):
    molecule = molecule_of(target)
    system = soft_system(molecule, base_system(molecule))
    crushed = molecule.with_hydrogens(whole * 0.5)
    assert np.isfinite(energy(system, crushed))


@pytest.mark.parametrize("letters", ["PC", "GG", "ACDEFGHIKLMNPQRSTVWY", "WP"])
def test_every_residue_finds_its_template_wherever_it_stands(letters):
    for order in (letters, letters[::-1]):
        molecule = molecule_of(Target((Sequence("A", order), Sequence("B", order))))
        assert base_system(molecule).getNumParticles() == len(molecule.elements)


def test_bridged_cysteines_lose_their_hydrogens():
    target = Target((Sequence("A", "ACA"), Sequence("B", "ACA")))
    free, bridged = molecule_of(target), molecule_of(target, ((1, 4),))
    assert len(free.elements) - len(bridged.elements) == 2
    base_system(bridged)
