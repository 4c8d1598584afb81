"""Nucleotides of fibre models have the bonds, angles and base pairs that crystals show."""

import numpy as np
import pytest

from critasser.network.training.nucleic_geometry import FORMS, PAIRED

# Bond lengths in Å: Gelbin et al. and Clowney et al., J. Am. Chem. Soc. 118, 519 and 509 (1996).
BACKBONE = {
    "P OP1": 1.485, "P OP2": 1.485, "P O5'": 1.593, "P O3'": 1.607, "O5' C5'": 1.435,
    "C5' C4'": 1.51, "C4' C3'": 1.525, "C3' C2'": 1.52, "C2' C1'": 1.525, "C1' O4'": 1.415,
    "O4' C4'": 1.45, "C2' O2'": 1.412,
}  # fmt: skip
PURINE = {
    "C1' N9": 1.46, "N9 C8": 1.373, "C8 N7": 1.308, "N7 C5": 1.388, "C5 C4": 1.381, "C4 N9": 1.375,
    "C5 C6": 1.41, "C6 N1": 1.371, "N1 C2": 1.356, "C2 N3": 1.327, "N3 C4": 1.347, "C6 N6": 1.335,
    "C6 O6": 1.237, "C2 N2": 1.341,
}  # fmt: skip
PYRIMIDINE = {
    "C1' N1": 1.47, "N1 C2": 1.386, "C2 N3": 1.363, "N3 C4": 1.36, "C4 C5": 1.435, "C5 C6": 1.338,
    "C6 N1": 1.372, "C2 O2": 1.23, "C4 N4": 1.335, "C4 O4": 1.23, "C5 C7": 1.496,
}  # fmt: skip
ANGLES = {
    "OP1 P OP2": 119, "O3' P O5'": 104, "P O5' C5'": 121, "O5' C5' C4'": 110, "C5' C4' C3'": 115,
    "C4' O4' C1'": 110, "C1' C2' C3'": 102,
}  # fmt: skip
HYDROGEN_BONDS = {
    "AT": ("N6 O4", "N1 N3"), "AU": ("N6 O4", "N1 N3"), "GC": ("O6 N4", "N1 N3", "N2 O2"),
}  # fmt: skip
EVERY = [(name, letter) for name, form in FORMS.items() for letter in form.nucleotides]


def atoms(name, letter):
    nucleotide = FORMS[name].nucleotides[letter]
    return dict(zip(nucleotide.names, nucleotide.positions))


def bonds(at, table):
    """Length by bond, of those bonds whose atoms there are."""
    both = {bond: bond.split() for bond in table}
    return {
        bond: np.linalg.norm(at[one] - at[two])
        for bond, (one, two) in both.items()
        if one in at and two in at
    }


@pytest.mark.parametrize(("name", "letter"), EVERY)
def test_bonds_have_their_lengths_and_nothing_else_is_so_near(name, letter):
    at, table = atoms(name, letter), BACKBONE | (PURINE if letter in "AG" else PYRIMIDINE)
    found = bonds(at, table)
    assert found == pytest.approx({bond: table[bond] for bond in found}, abs=0.05)
    # As many bonds as atoms and rings make, O3' bound by its phosphorus alone here.
    assert len(found) == len(at) - 1 + (3 if letter in "AG" else 2)
    names = list(at)
    near = {
        frozenset((one, two))
        for k, one in enumerate(names)
        for two in names[:k]
        if np.linalg.norm(at[one] - at[two]) < 1.9
    }
    assert near == {frozenset(bond.split()) for bond in found}


@pytest.mark.parametrize(("name", "letter"), EVERY)
def test_angles_of_the_backbone_are_those_of_crystals(name, letter):
    at = atoms(name, letter)
    for angle, degrees in ANGLES.items():
        one, middle, two = (at[atom] for atom in angle.split())
        a, b = one - middle, two - middle
        cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
        assert np.degrees(np.arccos(cosine)) == pytest.approx(degrees, abs=6), angle


@pytest.mark.parametrize("name", FORMS)
def test_residues_are_bound_to_the_next_of_their_strand(name):
    form = FORMS[name]
    angle = np.radians(form.twist)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0],
                     [0, 0, 1]])  # fmt: skip
    for letter in form.nucleotides:
        at = atoms(name, letter)
        before = turn @ at["C3'"] + [0, 0, form.rise]
        assert np.linalg.norm(before - at["O3'"]) == pytest.approx(1.42, abs=0.03)


@pytest.mark.parametrize("name", FORMS)
def test_bases_pair_in_a_plane_by_hydrogen_bonds(name):
    pairs = [pair for pair in HYDROGEN_BONDS if set(pair) <= set(FORMS[name].nucleotides)]
    assert len(pairs) == 2
    for pair in pairs:
        assert pair[1] in PAIRED[pair[0]] and pair[0] in PAIRED[pair[1]]
        one, two = (atoms(name, letter) for letter in pair)
        two = {atom: position * [1, -1, -1] for atom, position in two.items()}
        for bond in HYDROGEN_BONDS[pair]:
            donor, acceptor = bond.split()
            assert 2.65 < np.linalg.norm(one[donor] - two[acceptor]) < 3.1
        assert 10.4 < np.linalg.norm(one["C1'"] - two["C1'"]) < 10.9
        for base in (one, two):
            ring = np.array([base[atom] for atom in ("N1", "C2", "N3", "C4", "C5", "C6")])
            assert np.linalg.svd(ring - ring.mean(axis=0))[1][2] < 0.05


@pytest.mark.parametrize(
    ("name", "chi", "out_of_plane"),
    [("B-DNA", -98, -0.46), ("A-DNA", -154, 0.5), ("A-RNA", -166, 0.5)],
)
def test_bases_are_anti_and_sugars_puckered_as_each_form_has_it(name, chi, out_of_plane):
    """C3'-endo, on the side of C5', in the A forms, and C3'-exo in B-DNA; gauche+ about C4'-C5'."""
    at = atoms(name, "A")
    assert torsion(at, "O4' C1' N9 C4") == pytest.approx(chi, abs=2)
    assert 30 < torsion(at, "O5' C5' C4' C3'") < 60
    four, ring, one = (at[atom] for atom in ("C4'", "O4'", "C1'"))
    normal = np.cross(ring - four, one - four)
    normal *= np.sign(normal @ (at["C5'"] - four)) / np.linalg.norm(normal)
    assert normal @ (at["C3'"] - four) == pytest.approx(out_of_plane, abs=0.05)


def torsion(at, names):
    """Degrees."""
    one, two, three = np.diff([at[atom] for atom in names.split()], axis=0)
    first, second = np.cross(one, two), np.cross(two, three)
    aside = np.cross(first, second) @ two / np.linalg.norm(two)
    return np.degrees(np.arctan2(aside, first @ second))
