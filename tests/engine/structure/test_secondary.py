"""Helices and strands are seen in Cα positions."""

import numpy as np
import pytest

from critasser.structure import COIL, HELIX, SECONDARY_STRUCTURE, STRAND, assign_secondary_structure


def helix(n):
    turn = np.radians(100.0) * np.arange(n)
    return np.stack([2.3 * np.cos(turn), 2.3 * np.sin(turn), 1.5 * np.arange(n)], axis=1)


def strand(n, x=0.0):
    i = np.arange(n)
    return np.stack([np.full(n, x), 0.9 * (-1.0) ** i, 3.3 * i], axis=1)


def test_an_ideal_helix_is_a_helix_but_for_its_ends():
    found = assign_secondary_structure(helix(20))
    assert np.all(found[2:-2] == HELIX)
    assert found.dtype == np.int8


def test_a_long_strand_counts_alone_and_a_short_one_only_in_a_sheet():
    assert np.all(assign_secondary_structure(strand(8))[2:-2] == STRAND)
    alone = strand(4)
    padded = np.concatenate([alone, np.full((3, 3), np.nan)])
    assert np.all(assign_secondary_structure(padded) == COIL)


def test_a_chain_breaks_at_missing_and_distant_residues():
    gappy = helix(20)
    gappy[10] = np.nan
    found = assign_secondary_structure(gappy)
    assert found[10] == COIL
    assert np.all(found[3:7] == HELIX)
    apart = np.concatenate([helix(12), helix(12) + 50.0])
    assert np.all(assign_secondary_structure(apart)[[4, 5, 18, 19]] == HELIX)


@pytest.mark.parametrize("n", range(7))
def test_short_and_empty_chains_are_coil(n):
    assert len(assign_secondary_structure(helix(n))) == n
    assert np.all(assign_secondary_structure(np.full((n, 3), np.nan)) == COIL)


# What biotite 1.6 (`annotate_sse`) says of the same residues.
BIOTITE = "CEEEEECCCCCCCCCEEEEEEEECCCCCCCCCCCCCCCCCCCCCCEEEECCCCCCCCCCC"


def test_biotite_sees_the_same_in_a_real_chain(chain):
    found = "".join(SECONDARY_STRUCTURE[code] for code in assign_secondary_structure(chain))
    assert sum(a == b for a, b in zip(found, BIOTITE)) >= 56
