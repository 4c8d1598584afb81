"""Energies of rotamers are as defined, and the search finds the lowest."""

import itertools

import numpy as np
import pytest

from critasser.atomic.packing_kernels import (
    FixedAtoms,
    Rotamers,
    contact_energy,
    fixed_energies,
    pack,
    total_energy,
)
from critasser.atomic.side_chains import RADII


def little_problem(rng, residues=4, rotamers=3):
    """Some residues of two atoms each in a small space, all neighbours of each other."""
    count = residues * rotamers
    atoms = rng.uniform(0, 5.0, (2 * count, 3))
    near = np.concatenate([[j for j in range(residues) if j != i] for i in range(residues)])
    return {
        "own": rng.uniform(0, 2, count),
        "atoms": atoms,
        "starts": np.arange(count) * 2,
        "sizes": np.full(count, 2),
        "kinds": rng.integers(0, 5, 2 * residues),
        "kind_starts": np.arange(residues + 1) * 2,
        "rows": np.arange(residues + 1) * rotamers,
        "near": near,
        "near_starts": np.arange(residues + 1) * (residues - 1),
        "radius": RADII,
    }


def energy_by_definition(choice, problem):
    total = 0.0
    chosen = [problem["rows"][i] + r for i, r in enumerate(choice)]
    for i, k in enumerate(chosen):
        total += problem["own"][k]
        for j in range(i):
            for a, b in itertools.product(range(2), repeat=2):
                first = problem["atoms"][2 * k + a]
                second = problem["atoms"][2 * chosen[j] + b]
                total += contact_by_definition(
                    np.linalg.norm(first - second),
                    problem["kinds"][2 * i + a],
                    problem["kinds"][2 * j + b],
                )
    return total


def contact_by_definition(distance, first, second):
    touch = 2.75 if {first, second} <= {1, 2} else RADII[first] + RADII[second]
    if distance >= touch:
        return 0.0
    if first == second == 3 and 1.75 < distance < 2.9:
        return -4.0
    return 12.0 * min((1 - distance / touch) / 0.45, 1.0)


def test_contact_energy_is_as_defined():
    for distance in np.arange(0.1, 4.2, 0.23):
        for first, second in itertools.product(range(5), repeat=2):
            assert contact_energy(distance**2, first, second, RADII) == pytest.approx(
                contact_by_definition(distance, first, second)
            )


def test_total_energy_is_as_defined_and_the_search_finds_its_lowest(rng):
    for _ in range(5):
        problem = little_problem(rng)
        energies = {
            choice: energy_by_definition(choice, problem)
            for choice in itertools.product(range(3), repeat=4)
        }
        for choice in list(energies)[::9]:
            assert total_energy(np.array(choice), Rotamers(**problem)) == pytest.approx(
                energies[choice]
            )
        temperatures = np.concatenate([np.geomspace(3, 0.1, 60), np.zeros(3)])
        order = rng.permuted(np.tile(np.arange(4), (63, 1)), axis=1)
        choice = np.zeros(4, dtype=np.int64)
        pack(choice, Rotamers(**problem), order, rng.random((63, 4)), temperatures)
        assert energies[tuple(choice)] <= np.partition(list(energies.values()), 2)[2] + 1e-9


def test_contacts_with_fixed_atoms_leave_out_the_own_residue(rng):
    atoms, fixed = rng.uniform(0, 4, (2, 3)), rng.uniform(0, 4, (6, 3))
    kind, owner = rng.integers(0, 5, 6), np.array([0, 0, 1, 1, 2, 2])
    none = np.zeros(0, dtype=np.int64)
    rotamers = Rotamers(
        own=np.zeros(1), atoms=atoms, starts=np.array([0]), sizes=np.array([2]),
        kinds=np.array([0, 2]), kind_starts=np.array([0, 2]), rows=np.array([0, 1]),
        near=none, near_starts=np.array([0, 0]), radius=RADII,
    )  # fmt: skip
    surroundings = FixedAtoms(fixed, kind, owner, np.arange(6), np.array([0, 6]))
    found = fixed_energies(rotamers, np.array([0]), surroundings, np.array([False]))
    expected = sum(
        contact_by_definition(np.linalg.norm(atoms[a] - fixed[f]), [0, 2][a], kind[f])
        for a in range(2)
        for f in range(2, 6)
    )
    assert found[0] == pytest.approx(expected)
