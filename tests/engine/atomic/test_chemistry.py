"""Tables of the twenty amino acids agree with their formulas."""

import pytest

from critasser.atomic.chemistry import ATOMS, CHI, HYDROGENS, RINGS, bonds_of, side_chain_order
from critasser.structure import AMINO_ACIDS

# Residues within a chain at neutral pH, histidine neutral: C, H, N, O, S.
FORMULAS = {
    "A": (3, 5, 1, 1, 0), "C": (3, 5, 1, 1, 1), "D": (4, 4, 1, 3, 0), "E": (5, 6, 1, 3, 0),
    "F": (9, 9, 1, 1, 0), "G": (2, 3, 1, 1, 0), "H": (6, 7, 3, 1, 0), "I": (6, 11, 1, 1, 0),
    "K": (6, 13, 2, 1, 0), "L": (6, 11, 1, 1, 0), "M": (5, 9, 1, 1, 1), "N": (4, 6, 2, 2, 0),
    "P": (5, 7, 1, 1, 0), "Q": (5, 8, 2, 2, 0), "R": (6, 13, 4, 1, 0), "S": (3, 5, 1, 2, 0),
    "T": (4, 7, 1, 2, 0), "V": (5, 9, 1, 1, 0), "W": (11, 10, 2, 1, 0), "Y": (9, 9, 1, 2, 0),
}  # fmt: skip


@pytest.mark.parametrize("letter", AMINO_ACIDS)
def test_atoms_are_those_of_the_formula(letter):
    names = ATOMS[letter]
    hydrogens = sum(len(group) for _, group in HYDROGENS[letter])
    counts = tuple(sum(name[0] == e for name in names) for e in "CNOS")
    assert (counts[0], hydrogens, *counts[1:]) == FORMULAS[letter]


@pytest.mark.parametrize("letter", AMINO_ACIDS)
def test_bonds_make_one_piece_with_the_known_rings(letter):
    names, bonds = ATOMS[letter], bonds_of(letter)
    reached = {"N"}
    for _ in names:
        reached |= {b for pair in bonds for b in pair if set(pair) & reached}
    assert reached == set(names)
    assert len(bonds) == len(names) - 1 + len(RINGS.get(letter, ()))


@pytest.mark.parametrize("letter", AMINO_ACIDS)
def test_side_chains_grow_from_atoms_already_there(letter):
    known = {"N", "CA", "C"}
    bonds = {frozenset(pair) for pair in bonds_of(letter)}
    for atom, bonded, angle_with, torsion_with in side_chain_order(letter):
        assert {bonded, angle_with, torsion_with} <= known
        assert {frozenset((atom, bonded)), frozenset((bonded, angle_with))} <= bonds
        known.add(atom)
    assert known | {"O"} == set(ATOMS[letter])
    placed = [names[::-1] for names in side_chain_order(letter)]
    assert all(chi in placed for chi in CHI[letter])
