"""What a residue is by its name: amino acids under all the names that programs give them.

The names of the Chemical Component Dictionary come from gemmi's table. Force fields name
protonation states, disulfides and the ends of chains in their own ways; residues of these names
have the atoms of one of the twenty amino acids.
"""

from __future__ import annotations

from functools import cache

import gemmi

from critasser.structure.alphabet import AMINO_ACIDS, ONE_TO_THREE, THREE_TO_ONE

__all__ = ["is_amino_acid", "is_plain", "kind_of", "letter_of", "three_letters"]

FORCE_FIELD_NAMES = {
    # Histidine: CHARMM, Amber, OPLS, GROMOS, Rosetta, X-PLOR.
    "HSD": "H", "HSE": "H", "HSP": "H", "HSC": "H", "HID": "H", "HIE": "H", "HIP": "H",
    "HISD": "H", "HISE": "H", "HISH": "H", "HISP": "H", "HISA": "H", "HISB": "H", "HIS1": "H",
    "HIS2": "H", "HIN": "H", "HIZ": "H", "HDE": "H", "HDD": "H",
    # Cysteine: disulfide, thiolate, bound to a metal.
    "CYX": "C", "CYM": "C", "CYN": "C", "CYH": "C", "CYT": "C", "CYD": "C", "CYZ": "C", "CYP": "C",
    "CYF": "C", "CYV": "C", "CYS1": "C", "CYS2": "C", "CYSH": "C", "CYSP": "C", "CYSD": "C",
    # Acids with a proton.
    "ASH": "D", "ASPH": "D", "ASPP": "D", "AS4": "D", "ASB": "D",
    "GLH": "E", "GLUH": "E", "GLUP": "E", "GL4": "E", "GLB": "E",
    # Lysine, arginine, tyrosine, serine, threonine of another charge.
    "LYN": "K", "LYP": "K", "LSN": "K", "LYSH": "K", "LYSN": "K",
    "ARN": "R", "ARGN": "R", "AR0": "R",
    "TYM": "Y", "TYO": "Y", "TYN": "Y", "TYRU": "Y", "SRO": "S", "THO": "T",
    "SERD": "S", "TRPN": "W", "PROH": "P", "GLYM": "G",
    # Atoms that carry a sugar (GLYCAM); the sugar is another residue.
    "NLN": "N", "OLS": "S", "OLT": "T",
}  # fmt: skip
"""Residues with the atoms of one of the twenty, by the names that force fields give them."""

PARENTS = {"MSE": "M", "SEC": "C", "CSE": "C", "PYL": "K", "OLP": "P", "CYSE": "C"}
"""Of residues whose own letter is none of the twenty, or that gemmi does not tabulate."""

ENDS = ("N", "C")
"""Amber's letter before the name of a residue at the beginning or end of a chain: NALA, CHIE."""

CAPS = {
    "ACE", "FOR", "NH2", "NME", "NMA", "NHE", "ACP", "CT1", "CT2", "CT3", "NAC", "ACX", "CBX",
    "MYR",
}  # fmt: skip
"""Groups at the ends of a chain that are no residues."""

WATER_NAMES = {
    "HOH", "WAT", "H2O", "DOD", "TIP", "TIP2", "TIP3", "TIP4", "TIP5", "TP3", "TP4", "TP5", "SOL",
    "SPC", "SPCE", "T3P", "T4P", "OPC", "OH2", "TIP3P", "TIP4P",
}  # fmt: skip

NUCLEOTIDES = {
    base + end for base in ("A", "C", "G", "U", "DA", "DC", "DG", "DT", "RA", "RC", "RG", "RU")
    for end in ("5", "3", "N")
} | {"ADE", "CYT", "GUA", "THY", "URA", "ADN", "RA", "RC", "RG", "RU"}  # fmt: skip
"""By the names of force fields; CYT, cysteine or cytidine, is told by its atoms."""


@cache
def _alias(name: str) -> str | None:
    """The letter of a name with the atoms of one of the twenty; None for any other."""
    name = name.upper()
    if name in THREE_TO_ONE:
        return THREE_TO_ONE[name]
    if name in FORCE_FIELD_NAMES:
        return FORCE_FIELD_NAMES[name]
    if len(name) == 4 and name[0] in ENDS:
        rest = name[1:]
        return THREE_TO_ONE.get(rest) or FORCE_FIELD_NAMES.get(rest)
    return None


@cache
def letter_of(name: str, parent: str = "") -> str:
    """The one-letter code of an amino acid, of its parent where it is a modified one; X for others.

    Parameters
    ----------
    name : str
        As in a coordinate file.
    parent : str
        Name of the residue that it is made of, where the file says so (MODRES).
    """
    letter = _alias(name) or PARENTS.get(name.upper())
    if letter:
        return letter
    code = gemmi.find_tabulated_residue(name).one_letter_code.upper().strip()
    if code and code in AMINO_ACIDS and is_amino_acid(name):
        return code
    return (_alias(parent) or "X") if parent else "X"


@cache
def is_amino_acid(name: str) -> bool:
    """Whether a name by itself says that a residue is an amino acid, X included."""
    return (
        _alias(name) is not None
        or name.upper() in PARENTS
        or gemmi.find_tabulated_residue(name).is_amino_acid()
    )


@cache
def is_plain(name: str) -> bool:
    """Whether a residue of this name has the atoms of one of the twenty amino acids."""
    return _alias(name) is not None


@cache
def three_letters(name: str) -> str | None:
    """The PDB's name of a force field's residue of four letters, which no PDB column holds."""
    letter = _alias(name) if len(name) == 4 else None
    return None if letter is None else ONE_TO_THREE[letter]


@cache
def kind_of(name: str) -> str:
    """What a residue that is no amino acid counts as: water, nucleotide, cap or ligand."""
    upper = name.upper()
    tabulated = gemmi.find_tabulated_residue(name)
    if upper in WATER_NAMES or tabulated.is_water():
        return "water"
    if upper in CAPS:
        return "cap"
    if upper in NUCLEOTIDES or tabulated.is_nucleic_acid():
        return "nucleotide"
    return "ligand"
