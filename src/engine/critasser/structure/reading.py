"""Protein chains from PDB and mmCIF files."""

from __future__ import annotations

import os

import gemmi
import numpy as np

from critasser.errors import InputError
from critasser.structure.alphabet import ATOMIC_NUMBER, THREE_TO_ONE
from critasser.structure.chain import ProteinChain

__all__ = ["read_chains"]


def read_chains(path: str | os.PathLike) -> tuple[ProteinChain, ...]:
    """Read the protein chains of a PDB or mmCIF file (.gz too)."""
    try:
        structure = gemmi.read_structure(str(path))
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"{path} is not a PDB or mmCIF file: {error}") from None
    structure.setup_entities()
    chains = []
    for chain in structure[0]:
        built = _protein(chain)
        if len(built):
            chains.append(built)
    return tuple(chains)


def _protein(chain: gemmi.Chain) -> ProteinChain:
    letters, numbers, names, elements, residues, positions, b_factors = [], [], [], [], [], [], []
    for residue in chain.get_polymer().first_conformer():
        name = "MET" if residue.name == "MSE" else residue.name
        if residue.find_atom("CA", "*", gemmi.Element("C")) is None:
            continue
        for atom in residue.first_conformer():
            element = atom.element.name
            if element == "H" or element.upper() not in ATOMIC_NUMBER:
                continue
            names.append("SD" if atom.name == "SE" else atom.name)
            elements.append("S" if element == "Se" else element)
            residues.append(len(letters))
            positions.append(atom.pos.tolist())
            b_factors.append(atom.b_iso)
        letters.append(THREE_TO_ONE.get(name, "X"))
        numbers.append(residue.seqid.num)
    return ProteinChain(
        chain.name,
        "".join(letters),
        np.array(numbers, dtype=np.int64),
        tuple(names),
        tuple(elements),
        np.array(residues, dtype=np.int64),
        np.array(positions, dtype=np.float64).reshape(-1, 3),
        np.array(b_factors, dtype=np.float64),
    )
