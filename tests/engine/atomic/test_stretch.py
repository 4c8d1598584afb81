"""A few residues get new atoms; their surroundings keep theirs to the last bit."""

import numpy as np
import pytest

from critasser.atomic import rebuild_atoms, settling
from critasser.atomic.chemistry import ATOMS
from critasser.atomic.validation import clashing_atoms, omega, stretched_bonds


@pytest.fixture(scope="module")
def spliced(target, native, density):
    built = np.zeros(len(target), dtype=bool)
    built[20:28] = True
    eased = np.zeros(len(target), dtype=bool)
    eased[[18, 19, 28, 29]] = True
    atoms = native.positions.copy()
    atoms[built] = np.nan
    atoms[5, 6:] = np.nan  # somebody left a side chain away
    rng = np.random.default_rng(0)
    calpha = native.positions[:, 1] + built[:, None] * rng.normal(scale=0.4, size=(len(target), 3))
    found, warnings = rebuild_atoms(
        target, atoms, calpha, built, eased, density, 3.0, rng=rng, schedule="draft"
    )
    return atoms, built, eased, found, warnings


def test_all_that_is_neither_built_nor_eased_stays_where_it_was(spliced):
    atoms, built, eased, found, _ = spliced
    still = ~(built | eased)
    known = np.isfinite(atoms[still])
    assert np.array_equal(found[still][known], atoms[still][known])


def test_new_residues_are_whole_bonded_and_clash_with_nothing(spliced, target):
    _, built, eased, found, warnings = spliced
    for i, letter in enumerate(target.letters):
        assert np.isfinite(found[i, : len(ATOMS[letter])]).all()
    moving = built | eased
    assert not [row for row in stretched_bonds(target, found) if moving[[row[0], row[2]]].any()]
    assert not [row for row in clashing_atoms(target, found) if moving[[row[0], row[2]]].any()]
    assert warnings == ()


def test_new_atoms_come_near_the_true_ones(spliced, native):
    _, built, _, found, _ = spliced
    away = np.linalg.norm(found[built, :4] - native.positions[built, :4], axis=2)
    assert np.sqrt(np.mean(away**2)) < 0.9


def test_a_backbone_that_is_missing_beside_is_an_error(target, native, density):
    built = np.zeros(len(target), dtype=bool)
    built[20:24] = True
    atoms = native.positions.copy()
    atoms[40, 2] = np.nan
    with pytest.raises(ValueError, match="backbone"):
        rebuild_atoms(
            target, atoms, native.positions[:, 1], built, built, density, 3.0,
            rng=np.random.default_rng(0),
        )  # fmt: skip


def test_a_peptide_wrongly_taken_for_cis_becomes_trans(target, native, density, monkeypatch):
    built = np.zeros(len(target), dtype=bool)
    built[20:28] = True
    atoms = native.positions.copy()
    atoms[built] = np.nan
    rng = np.random.default_rng(0)
    calpha = native.positions[:, 1] + built[:, None] * rng.normal(scale=0.4, size=(len(target), 3))
    wrong = np.arange(len(target) - 1) == 23
    monkeypatch.setattr(settling, "choose_cis", lambda *_: wrong)
    found, warnings = rebuild_atoms(
        target, atoms, calpha, built, built, density, 3.0,
        rng=rng, schedule="draft",
    )  # fmt: skip
    assert warnings == ()
    assert np.abs(omega(target, found)[23]) > np.radians(120.0)
