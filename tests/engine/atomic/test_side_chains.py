"""Side chains: their search finds the best, on real backbones the right ones."""

import itertools

import numpy as np
import pytest

from critasser.atomic.chemistry import ATOMS, CHI, bonds_of
from critasser.atomic.packing_kernels import (
    FixedAtoms,
    Rotamers,
    contact_energy,
    fixed_energies,
    pack,
    total_energy,
)
from critasser.atomic.rotamer_statistics import chi_angles, chi_bins, learn
from critasser.atomic.side_chains import (
    RADII,
    grow_side_chain,
    load_rotamer_tables,
    pack_side_chains,
)
from critasser.structure import AMINO_ACIDS


@pytest.fixture(scope="module")
def tables():
    return load_rotamer_tables()


def bare(native):
    positions = native.positions.copy()
    positions[:, 5:14] = np.nan
    return positions


@pytest.mark.parametrize("letter", [letter for letter in AMINO_ACIDS if CHI[letter]])
def test_a_grown_side_chain_has_the_chi_angles_and_bonds_asked_for(letter, tables):
    backbone = np.array([[-0.5, 1.35, 0.1], [0, 0, 0], [1.5, 0, 0], [-0.55, -0.75, -1.2]])
    chi = tables.chi(letter)
    grown = grow_side_chain(letter, *backbone, chi, tables)
    whole = np.full((len(chi), 15, 3), np.nan)
    whole[:, [0, 1, 2, 4]] = backbone
    whole[:, 5 : 5 + grown.shape[1]] = grown
    np.testing.assert_allclose(np.exp(1j * chi_angles(letter, whole)), np.exp(1j * chi), atol=1e-6)
    for a, b in bonds_of(letter):
        if "O" not in (a, b):
            slots = [ATOMS[letter].index(name) for name in (a, b)]
            lengths = np.linalg.norm(np.diff(whole[:, slots], axis=1), axis=-1)
            assert np.all((lengths > 1.15) & (lengths < 1.95)), (a, b)


def test_every_atom_is_placed_and_density_finds_nearly_all_rotamers(
    target, native, density, tables, rng
):
    found = pack_side_chains(
        bare(native), target.codes, target.bonded, tables, rng=rng, density=density,
        density_weight=2.5, contact_weight=0.4,
    )  # fmt: skip
    right = whole = 0
    for code in np.unique(target.codes):
        letter, rows = AMINO_ACIDS[code], target.codes == code
        assert np.isfinite(found[rows, : len(ATOMS[letter])]).all()
        if CHI[letter]:
            error = (
                chi_angles(letter, found[rows])[:, 0]
                - chi_angles(letter, native.positions[rows])[:, 0]
            )
            right += np.sum(np.cos(error) > np.cos(np.radians(40)))
            whole += rows.sum()
    assert right > 0.9 * whole


def test_a_second_search_with_the_same_seed_gives_the_same_bytes(target, native, tables):
    first, second = (
        pack_side_chains(
            bare(native), target.codes, target.bonded, tables, rng=np.random.default_rng(5)
        )
        for _ in range(2)
    )
    assert first.tobytes() == second.tobytes()


def test_side_chains_outside_the_chosen_residues_stay(target, native, tables, rng):
    only = np.zeros(len(target), dtype=bool)
    only[[10, 30]] = True
    found = pack_side_chains(
        native.positions, target.codes, target.bonded, tables, rng=rng, only=only
    )
    np.testing.assert_array_equal(found[~only], native.positions[~only])


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


def test_learnt_rotamers_are_means_of_what_fell_into_them(chain, native):
    tables = learn([chain] * 30)
    rows = native.codes == AMINO_ACIDS.index("V")
    angles = chi_angles("V", native.positions[rows])
    bins = chi_bins("V", angles)
    commonest = np.bincount(bins).argmax()
    np.testing.assert_allclose(
        np.exp(1j * tables["V_chi"][0]),
        np.exp(1j * np.angle(np.exp(1j * angles[bins == commonest]).mean(axis=0))),
        atol=1e-6,
    )
    assert tables["V_counts"].sum() <= 30 * rows.sum()
