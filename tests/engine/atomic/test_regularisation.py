"""Impossible Cα chains become possible; possible parts stay."""

import numpy as np
from scipy.spatial import cKDTree

from critasser.atomic.regularisation import choose_cis, regularise
from critasser.structure.peptides import estimated_noise

CIS = (0.0005, 0.05)


def bonds(calpha):
    return np.linalg.norm(np.diff(calpha, axis=0), axis=1)


def nothing(target):
    return np.zeros(len(target) - 1, dtype=bool)


def test_a_good_chain_does_not_move(target, native):
    calpha = native.positions[:, 1]
    np.testing.assert_allclose(
        regularise(calpha, target.bonded, nothing(target)), calpha, atol=0.02
    )


def test_only_the_neighbourhood_of_a_break_moves(target, native):
    calpha = native.positions[:, 1].copy()
    calpha[30] += [3.0, 0.0, 0.0]
    mended = regularise(calpha, target.bonded, nothing(target))
    assert np.all((bonds(mended) > 3.5) & (bonds(mended) < 4.1))
    assert np.abs(mended - calpha)[:20].max() < 0.02
    assert np.abs(mended - calpha)[41:].max() < 0.02


def test_noise_is_taken_out_not_added(target, native, rng):
    true = native.positions[:, 1]
    noisy = true + rng.normal(size=true.shape) * 1.0 / np.sqrt(3)
    mended = regularise(noisy, target.bonded, nothing(target))
    assert np.linalg.norm(mended - true) < 0.9 * np.linalg.norm(noisy - true)
    assert np.abs(bonds(mended) - 3.8).max() < 0.3


def test_atoms_all_in_one_point_become_a_chain_of_separate_atoms(target):
    mended = regularise(np.zeros((len(target), 3)), target.bonded, nothing(target))
    assert np.abs(bonds(mended) - 3.8).max() < 0.4
    apart = cKDTree(mended).query_pairs(1.0, output_type="ndarray")
    assert len(apart) == 0


def test_error_is_read_from_bond_lengths(target, native, rng):
    true = native.positions[:, 1]
    noisy = true + rng.normal(size=true.shape) * 0.6 / np.sqrt(3)
    assert estimated_noise(true, target.bonded) < 0.1
    assert 0.35 < estimated_noise(noisy, target.bonded) < 0.95


def line(lengths):
    return np.concatenate([[0.0], np.cumsum(lengths)])[:, None] * np.array([1.0, 0.0, 0.0])


def test_a_short_bond_in_an_accurate_chain_is_cis():
    calpha = line([3.8] * 5 + [2.95] + [3.8] * 5)
    proline = np.zeros(12, dtype=bool)
    found = choose_cis(calpha, proline, np.ones(11, dtype=bool), CIS)
    assert np.flatnonzero(found).tolist() == [5]


def test_a_short_bond_in_a_noisy_chain_is_cis_before_proline_at_most(rng):
    lengths = 3.8 + rng.normal(scale=0.35, size=40)
    lengths[[10, 20]] = 2.8
    proline = np.zeros(41, dtype=bool)
    proline[21] = True
    found = choose_cis(line(lengths), proline, np.ones(40, dtype=bool), CIS)
    assert set(np.flatnonzero(found)) <= {20}
