"""Cα positions tell a protein from its mirror image."""

from pathlib import Path

import numpy as np
import pytest

from critasser.calpha.hand import tell_hand
from critasser.structure import CalphaSet, assign_secondary_structure, read_chains

DATA = Path(__file__).parents[2] / "data"


def found_in(name, error=0.0):
    """A chain's Cα as if found in a map: without order, and not quite where they are."""
    (chain,) = read_chains(DATA / name)
    known = np.isfinite(chain.calpha).all(axis=1)
    structure = np.eye(3)[assign_secondary_structure(chain)][known]
    rng = np.random.default_rng(0)
    order = rng.permutation(len(structure))
    positions = chain.calpha[known] + rng.normal(scale=error / np.sqrt(3), size=(len(order), 3))
    n = len(order)
    return CalphaSet(positions[order], np.ones(n), np.full((n, 20), 0.05), structure[order])


def mirrored(calpha):
    return CalphaSet(
        calpha.positions * (1, 1, -1),
        calpha.probability,
        calpha.amino_acid,
        calpha.secondary_structure,
    )


@pytest.mark.parametrize("name", ["1a2p_A.pdb.gz", "1gl2_D.pdb.gz", "3wmi_A.pdb.gz"])
@pytest.mark.parametrize("error", [0.0, 0.6])
def test_a_protein_and_its_mirror_image_are_told_apart(name, error):
    calpha = found_in(name, error)
    hand, other = tell_hand(calpha), tell_hand(mirrored(calpha))
    assert hand.right > 0.99
    assert not hand.mirrored
    assert other.mirrored
    assert other.helix == hand.helix[::-1]
    assert other.strand == hand.strand[::-1]


def test_strands_alone_tell_the_hand():
    calpha = found_in("1a2p_A.pdb.gz")
    strands = calpha.select(calpha.secondary_structure[:, 1] > 0.5)
    hand = tell_hand(strands)
    assert hand.strand[0] > 2 * hand.strand[1]
    assert tell_hand(mirrored(strands)).right < 0.05


def test_positions_that_are_no_chain_tell_nothing():
    rng = np.random.default_rng(0)
    grid = 3.8 * np.argwhere(np.ones((4, 4, 4)))
    for positions in (np.empty((0, 3)), rng.uniform(0, 300, (100, 3)), grid):
        n = len(positions)
        calpha = CalphaSet(positions, np.ones(n), np.full((n, 20), 0.05), np.full((n, 3), 1 / 3))
        assert tell_hand(calpha).right == pytest.approx(0.5)
