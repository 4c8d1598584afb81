"""Lists what the twenty amino acids are made of: atoms, bonds, torsions, rings, chiral centres.

Plain chemistry with the atom names of the Protein Data Bank. Every residue's heavy atoms stand in
the fixed order ``N CA C O CB ...``; that order is the atom axis of every ``(n, SLOTS, 3)`` array of
this stage (NaN where a residue has no such atom). The last slot is OXT of a chain's end.
"""

from __future__ import annotations

__all__ = [
    "ATOMS",
    "BACKBONE",
    "BEYOND_CB",
    "CA",
    "CB",
    "CHI",
    "C",
    "HYDROGENS",
    "N",
    "O",
    "OXT",
    "PLANAR_CHI",
    "RINGS",
    "SG",
    "SIDE_BONDS",
    "SIDE_CHIRALITY",
    "SLOTS",
    "SYMMETRIC_CHI",
    "atom_slot",
    "bonds_of",
    "side_chain_order",
]

SLOTS = 15
"""Atoms of the largest residue (tryptophan, 14) and OXT."""

N, CA, C, O, CB = range(5)  # noqa: E741
"""Slots that nearly every residue fills."""

BEYOND_CB = 5
"""First slot beyond CB."""

SG = 5
"""In cysteine."""

OXT = 14
"""Of a chain's end."""

BACKBONE = ("N", "CA", "C", "O")

_SIDE = {
    "A": "CB",
    "C": "CB SG",
    "D": "CB CG OD1 OD2",
    "E": "CB CG CD OE1 OE2",
    "F": "CB CG CD1 CD2 CE1 CE2 CZ",
    "G": "",
    "H": "CB CG ND1 CD2 CE1 NE2",
    "I": "CB CG1 CG2 CD1",
    "K": "CB CG CD CE NZ",
    "L": "CB CG CD1 CD2",
    "M": "CB CG SD CE",
    "N": "CB CG OD1 ND2",
    "P": "CB CG CD",
    "Q": "CB CG CD OE1 NE2",
    "R": "CB CG CD NE CZ NH1 NH2",
    "S": "CB OG",
    "T": "CB OG1 CG2",
    "V": "CB CG1 CG2",
    "W": "CB CG CD1 CD2 NE1 CE2 CE3 CZ2 CZ3 CH2",
    "Y": "CB CG CD1 CD2 CE1 CE2 CZ OH",
}

ATOMS: dict[str, tuple[str, ...]] = {
    letter: BACKBONE + tuple(side.split()) for letter, side in _SIDE.items()
}
"""Heavy atom names by one-letter code, in slot order, OXT not counted."""


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(tuple(pair.split("-")) for pair in text.split())  # type: ignore[misc]


SIDE_BONDS: dict[str, tuple[tuple[str, str], ...]] = {
    "A": _pairs("CA-CB"),
    "C": _pairs("CA-CB CB-SG"),
    "D": _pairs("CA-CB CB-CG CG-OD1 CG-OD2"),
    "E": _pairs("CA-CB CB-CG CG-CD CD-OE1 CD-OE2"),
    "F": _pairs("CA-CB CB-CG CG-CD1 CG-CD2 CD1-CE1 CD2-CE2 CE1-CZ CE2-CZ"),
    "G": (),
    "H": _pairs("CA-CB CB-CG CG-ND1 CG-CD2 ND1-CE1 CD2-NE2 CE1-NE2"),
    "I": _pairs("CA-CB CB-CG1 CB-CG2 CG1-CD1"),
    "K": _pairs("CA-CB CB-CG CG-CD CD-CE CE-NZ"),
    "L": _pairs("CA-CB CB-CG CG-CD1 CG-CD2"),
    "M": _pairs("CA-CB CB-CG CG-SD SD-CE"),
    "N": _pairs("CA-CB CB-CG CG-OD1 CG-ND2"),
    "P": _pairs("CA-CB CB-CG CG-CD CD-N"),
    "Q": _pairs("CA-CB CB-CG CG-CD CD-OE1 CD-NE2"),
    "R": _pairs("CA-CB CB-CG CG-CD CD-NE NE-CZ CZ-NH1 CZ-NH2"),
    "S": _pairs("CA-CB CB-OG"),
    "T": _pairs("CA-CB CB-OG1 CB-CG2"),
    "V": _pairs("CA-CB CB-CG1 CB-CG2"),
    "W": _pairs(
        "CA-CB CB-CG CG-CD1 CG-CD2 CD1-NE1 NE1-CE2 CD2-CE2 CD2-CE3 CE2-CZ2 CE3-CZ3 CZ2-CH2 CZ3-CH2"
    ),
    "Y": _pairs("CA-CB CB-CG CG-CD1 CG-CD2 CD1-CE1 CD2-CE2 CE1-CZ CE2-CZ CZ-OH"),
}

CHI: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    letter: tuple(tuple(torsion.split("-")) for torsion in text.split())  # type: ignore[misc]
    for letter, text in {
        "A": "",
        "C": "N-CA-CB-SG",
        "D": "N-CA-CB-CG CA-CB-CG-OD1",
        "E": "N-CA-CB-CG CA-CB-CG-CD CB-CG-CD-OE1",
        "F": "N-CA-CB-CG CA-CB-CG-CD1",
        "G": "",
        "H": "N-CA-CB-CG CA-CB-CG-ND1",
        "I": "N-CA-CB-CG1 CA-CB-CG1-CD1",
        "K": "N-CA-CB-CG CA-CB-CG-CD CB-CG-CD-CE CG-CD-CE-NZ",
        "L": "N-CA-CB-CG CA-CB-CG-CD1",
        "M": "N-CA-CB-CG CA-CB-CG-SD CB-CG-SD-CE",
        "N": "N-CA-CB-CG CA-CB-CG-OD1",
        "P": "N-CA-CB-CG CA-CB-CG-CD",
        "Q": "N-CA-CB-CG CA-CB-CG-CD CB-CG-CD-OE1",
        "R": "N-CA-CB-CG CA-CB-CG-CD CB-CG-CD-NE CG-CD-NE-CZ",
        "S": "N-CA-CB-OG",
        "T": "N-CA-CB-OG1",
        "V": "N-CA-CB-CG1",
        "W": "N-CA-CB-CG CA-CB-CG-CD1",
        "Y": "N-CA-CB-CG CA-CB-CG-CD1",
    }.items()
}
"""Side-chain torsions by one-letter code, outwards from the backbone."""

SYMMETRIC_CHI = {("D", 1), ("E", 2), ("F", 1), ("Y", 1)}
"""(letter, chi index) of torsions that repeat after a half turn; only there do names swap."""

PLANAR_CHI = SYMMETRIC_CHI | {("H", 1), ("N", 1), ("Q", 2), ("W", 1)}
"""(letter, chi index) of torsions whose last centre is planar: no three wells."""

RINGS: dict[str, tuple[tuple[str, ...], ...]] = {
    "F": (("CG", "CD1", "CE1", "CZ", "CE2", "CD2"),),
    "H": (("CG", "ND1", "CE1", "NE2", "CD2"),),
    "P": (("N", "CA", "CB", "CG", "CD"),),
    "W": (("CG", "CD1", "NE1", "CE2", "CD2"), ("CD2", "CE2", "CZ2", "CH2", "CZ3", "CE3")),
    "Y": (("CG", "CD1", "CE1", "CZ", "CE2", "CD2"),),
}

SIDE_CHIRALITY: dict[str, tuple[str, str, str, str]] = {
    "I": ("CB", "CA", "CG1", "CG2"),
    "T": ("CB", "CA", "OG1", "CG2"),
    "V": ("CB", "CA", "CG2", "CG1"),
    "L": ("CG", "CB", "CD2", "CD1"),
}
"""Centre and three neighbours whose torsion (as an improper) is positive, about 34°: by chemistry
for Ile and Thr, by the names of the two methyl groups for Val and Leu. At every CA the same holds
of (CA, N, C, CB)."""

HYDROGENS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    letter: tuple(
        (group.split(":")[0], tuple(group.split(":")[1].split(","))) for group in text.split()
    )
    for letter, text in {
        "A": "N:H CA:HA CB:HB1,HB2,HB3",
        "C": "N:H CA:HA CB:HB2,HB3 SG:HG",
        "D": "N:H CA:HA CB:HB2,HB3",
        "E": "N:H CA:HA CB:HB2,HB3 CG:HG2,HG3",
        "F": "N:H CA:HA CB:HB2,HB3 CD1:HD1 CD2:HD2 CE1:HE1 CE2:HE2 CZ:HZ",
        "G": "N:H CA:HA2,HA3",
        "H": "N:H CA:HA CB:HB2,HB3 CD2:HD2 CE1:HE1 NE2:HE2",
        "I": "N:H CA:HA CB:HB CG1:HG12,HG13 CG2:HG21,HG22,HG23 CD1:HD11,HD12,HD13",
        "K": "N:H CA:HA CB:HB2,HB3 CG:HG2,HG3 CD:HD2,HD3 CE:HE2,HE3 NZ:HZ1,HZ2,HZ3",
        "L": "N:H CA:HA CB:HB2,HB3 CG:HG CD1:HD11,HD12,HD13 CD2:HD21,HD22,HD23",
        "M": "N:H CA:HA CB:HB2,HB3 CG:HG2,HG3 CE:HE1,HE2,HE3",
        "N": "N:H CA:HA CB:HB2,HB3 ND2:HD21,HD22",
        "P": "CA:HA CB:HB2,HB3 CG:HG2,HG3 CD:HD2,HD3",
        "Q": "N:H CA:HA CB:HB2,HB3 CG:HG2,HG3 NE2:HE21,HE22",
        "R": "N:H CA:HA CB:HB2,HB3 CG:HG2,HG3 CD:HD2,HD3 NE:HE NH1:HH11,HH12 NH2:HH21,HH22",
        "S": "N:H CA:HA CB:HB2,HB3 OG:HG",
        "T": "N:H CA:HA CB:HB OG1:HG1 CG2:HG21,HG22,HG23",
        "V": "N:H CA:HA CB:HB CG1:HG11,HG12,HG13 CG2:HG21,HG22,HG23",
        "W": "N:H CA:HA CB:HB2,HB3 CD1:HD1 NE1:HE1 CE3:HE3 CZ2:HZ2 CZ3:HZ3 CH2:HH2",
        "Y": "N:H CA:HA CB:HB2,HB3 CD1:HD1 CD2:HD2 CE1:HE1 CE2:HE2 OH:HH",
    }.items()
}
"""(heavy atom, its hydrogens) at neutral pH inside a chain; histidine carries its proton on NE2,
the commoner of the two neutral forms in water."""


def atom_slot(letter: str, name: str) -> int:
    """Index of atom `name` on the atom axis of residue type `letter`; KeyError if it has none."""
    if name == "OXT":
        return OXT
    try:
        return ATOMS[letter].index(name)
    except ValueError:
        raise KeyError(f"{letter} has no atom {name}") from None


def bonds_of(letter: str) -> tuple[tuple[str, str], ...]:
    """All bonds between heavy atoms within a residue of type `letter`, OXT not counted."""
    return (("N", "CA"), ("CA", "C"), ("C", "O"), *SIDE_BONDS[letter])


def side_chain_order(letter: str) -> tuple[tuple[str, str, str, str], ...]:
    """How to grow a side chain: ``(atom, bonded to, angle with, torsion with)`` from CB outwards.

    CB itself grows from ``(CA, C, N)`` so that its torsion carries the handedness of the residue.
    The torsion partner of an atom that a chi angle places is the chi's first atom; a second branch
    hangs on the first one by an improper torsion, which fixes its chirality or planarity.
    """
    if letter == "G":
        return ()
    chi_end = {torsion[3]: torsion for torsion in CHI[letter]}
    neighbours: dict[str, list[str]] = {}
    for a, b in SIDE_BONDS[letter]:
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    order: list[tuple[str, str, str, str]] = [("CB", "CA", "C", "N")]
    parent = {"CB": "CA", "CA": "N"}
    first_child: dict[str, str] = {}
    for name in ATOMS[letter][BEYOND_CB:]:
        source = next(n for n in neighbours[name] if n in parent)
        parent[name] = source
        if name in chi_end:
            order.append((name, source, chi_end[name][1], chi_end[name][0]))
            first_child[source] = name
        elif source in first_child:
            order.append((name, source, parent[source], first_child[source]))
        else:
            order.append((name, source, parent[source], parent[parent[source]]))
            first_child[source] = name
    return tuple(order)
