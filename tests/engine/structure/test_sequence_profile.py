"""The sequence alone says plain things about its residues."""

import numpy as np
import pytest

from critasser.structure import AMINO_ACIDS, assign_secondary_structure
from critasser.structure.exposure import SIDE_EDGES, chain_exposure
from critasser.structure.sequence_profile import sequence_profile


def profile(letters):
    codes = np.array([AMINO_ACIDS.index(x) if x != "X" else -1 for x in letters], np.int8)
    return sequence_profile(codes, np.zeros(len(codes), np.int64))


def test_helix_formers_strand_formers_and_breakers_are_known():
    helix = profile("AEELLKKAAEELLKKLAEA").structure[9]
    strand = profile("SGVTVRVEGNTVYVTVTGSG").structure[6]
    coil = profile("GPNGSPGDNGPSGNPGDGP").structure[9]
    assert (helix.argmax(), strand.argmax(), coil.argmax()) == (0, 1, 2)


def test_in_a_helix_with_two_faces_the_greasy_one_is_buried():
    letters = "SPEELKKLVEELAKKLEELVRKLKEGS"
    buried = profile(letters).side[:, -2:].mean(axis=1)
    inner = [k for k, x in enumerate(letters) if x in "LV"]
    outer = [k for k, x in enumerate(letters) if x in "EK"]
    assert buried[inner].mean() > buried[outer].mean() + 1


def test_a_real_chain_is_told_better_than_by_frequencies(barnase):
    told = sequence_profile(barnase.codes, np.zeros(len(barnase), np.int64))
    rows = np.arange(len(barnase))
    assert told.structure[rows, assign_secondary_structure(barnase)].mean() > 0.15
    side = chain_exposure(barnase.calpha)[:, 0]
    known = np.isfinite(side)
    bins = np.searchsorted(SIDE_EDGES, side[known], side="right")
    assert told.side[rows[known], bins].mean() > 0.1


def test_an_unknown_residue_is_told_by_its_neighbours():
    known, unknown = (profile(f"AEELLKKAAE{x}LLKKLAEAL").structure[10] for x in "EX")
    assert unknown.argmax() == 0
    assert unknown[0] < known[0]


def test_chains_of_a_target_are_read_one_by_one(barnase):
    codes = np.tile(barnase.codes, 30)
    many = sequence_profile(codes, np.repeat(np.arange(30), len(barnase)))
    np.testing.assert_allclose(many.back[-5:], many.back[len(barnase) - 5 : len(barnase)])
    assert many.back.shape == (len(codes), 8)


@pytest.mark.parametrize("length", [1, 2])
def test_the_shortest_sequences_are_read(length):
    assert np.isfinite(profile("M" * length).structure).all()
