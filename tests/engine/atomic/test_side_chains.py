"""Side chains: their search finds the best, on real backbones the right ones."""

import numpy as np
import pytest

from critasser.atomic.chemistry import ATOMS, CHI, bonds_of
from critasser.atomic.rotamer_statistics import chi_angles
from critasser.atomic.side_chains import (
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
