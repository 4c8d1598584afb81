"""Letters of a placed structure are told from other registers by what is read where it lies."""

import numpy as np
import pytest

from critasser.templates import register_z_score


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.fixture
def letters(rng):
    return rng.integers(20, size=80).astype(np.int8)


@pytest.fixture
def odds(letters, rng):
    """Each residue's own letter is a little likelier, among noise."""
    read = rng.normal(size=(80, 20))
    read[np.arange(80), letters] += 1.0
    return read


def test_own_letters_stand_out_and_a_shifted_or_shuffled_register_does_not(letters, odds, rng):
    assert register_z_score(odds, letters) > 4.0
    assert register_z_score(odds, np.roll(letters, 4)) < 2.0
    assert register_z_score(odds, rng.permutation(letters)) < 3.0


def test_the_more_residues_are_read_the_further_they_stand_out(letters, odds):
    some = np.where(np.arange(80)[:, None] < 50, odds, np.nan)
    assert register_z_score(odds, letters) > register_z_score(some, letters) > 2.0


def test_one_wrong_reading_however_sure_does_not_decide(letters, odds):
    wrong = odds.copy()
    wrong[3, letters[3]] = -99.0
    assert register_z_score(wrong, letters) > 0.7 * register_z_score(odds, letters)


def test_few_residues_or_letters_that_nobody_knows_tell_nothing(letters, odds):
    assert np.isnan(register_z_score(odds, np.where(np.arange(80) < 30, letters, -1)))
    assert np.isnan(register_z_score(odds, np.zeros(80, np.int8)))  # built as alanine
    assert np.isnan(register_z_score(np.full((80, 20), np.nan), letters))


def test_unknown_letters_among_others_do_not_count(letters, odds):
    holes = np.where(np.arange(80) % 4 == 0, -1, letters).astype(np.int8)
    assert 3.0 < register_z_score(odds, holes) < register_z_score(odds, letters)
