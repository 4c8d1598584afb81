"""The twenty amino acids and the elements of proteins."""

from __future__ import annotations

__all__ = ["AMINO_ACIDS", "ATOMIC_NUMBER", "ONE_TO_THREE", "SECONDARY_STRUCTURE", "THREE_TO_ONE"]

AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
"""One-letter codes; an amino acid's index anywhere in Critasser is its place in here."""

ONE_TO_THREE = {
    "A": "ALA", "C": "CYS", "D": "ASP", "E": "GLU", "F": "PHE", "G": "GLY", "H": "HIS",
    "I": "ILE", "K": "LYS", "L": "LEU", "M": "MET", "N": "ASN", "P": "PRO", "Q": "GLN",
    "R": "ARG", "S": "SER", "T": "THR", "V": "VAL", "W": "TRP", "Y": "TYR",
}  # fmt: skip

THREE_TO_ONE = {three: one for one, three in ONE_TO_THREE.items()}

ATOMIC_NUMBER = {"H": 1, "C": 6, "N": 7, "O": 8, "P": 15, "S": 16, "SE": 34}

SECONDARY_STRUCTURE = "HEC"
"""Helix, strand, coil: the order of every secondary structure array."""
