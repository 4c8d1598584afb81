"""Protein chains from PDB and mmCIF files."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

import gemmi
import numpy as np

from critasser.errors import InputError
from critasser.structure.alphabet import AMINO_ACIDS, ATOMIC_NUMBER
from critasser.structure.chain import ProteinChain

__all__ = ["protein_of", "read_chains", "read_structure"]

GZIP_MAGIC = b"\x1f\x8b"
ONLY_ASCII = bytes(range(128)) + b"?" * 128
HYDROGENS = ("H", "D")


def read_chains(path: str | os.PathLike, max_bytes: int = 512 << 20) -> tuple[ProteinChain, ...]:
    """Read the protein chains of a PDB or mmCIF file, gzipped or not.

    Of several models the first counts, of alternative locations the first. Hydrogens, ligands,
    water and nucleic acids are left out. Selenomethionine is read as methionine, and the letter of
    another modified residue is its parent's. What is a residue of a protein but not one of the
    twenty has the letter X.

    Parameters
    ----------
    path : path
    max_bytes : int
        Largest size, unpacked.

    Returns
    -------
    tuple of ProteinChain
        At least one, each of at least one residue.

    Raises
    ------
    InputError
        There is no such file; it is damaged or too large; it is no coordinate file; it holds no
        protein.
    """
    structure = read_structure(path, max_bytes)
    chains = [protein_of(chain) for chain in structure[0]]
    return tuple(chain for chain in chains if len(chain))


def read_structure(path: str | os.PathLike, max_bytes: int = 512 << 20) -> gemmi.Structure:
    """The whole content of a file that holds protein; parameters and errors as `read_chains`."""
    path = Path(path)
    # Remarks come in any encoding, and only they may: names of residues and atoms are ASCII.
    raw = _bytes(path, max_bytes).translate(ONLY_ASCII)
    try:
        structure = gemmi.read_structure_string(raw)
        structure.setup_entities()
    except (RuntimeError, ValueError, IndexError) as error:
        raise InputError(
            f"{path} is not a PDB or mmCIF file ({error}): give a coordinate file."
        ) from None
    if not len(structure) or not any(len(protein_of(chain)) for chain in structure[0]):
        raise InputError(f"{path} holds no protein: give a PDB or mmCIF file with a protein chain.")
    return structure


def _bytes(path: Path, max_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            packed = file.read(2) == GZIP_MAGIC
            file.seek(0)
            if packed:
                with gzip.open(file) as unpacked:
                    raw = unpacked.read(max_bytes + 1)
            else:
                raw = file.read(max_bytes + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            f"{path} is cut off or damaged ({error}): copy or download it again."
        ) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
    if len(raw) > max_bytes:
        raise InputError(
            f"{path} is larger than {max_bytes / 2**20:.3g} MB: give only the chains that are "
            "needed."
        )
    return raw


def protein_of(chain: gemmi.Chain) -> ProteinChain:
    """The protein residues of a chain that have atoms; none where it holds no protein."""
    letters, numbers, insertion = [], [], []
    names, elements, owner, positions, b_factors = [], [], [], [], []
    polymer = chain.get_polymer()
    # Without any sign of a polymer (single residues, only Cα) every amino acid counts.
    residues = polymer if len(polymer) else chain
    for residue in residues.first_conformer():
        if not gemmi.find_tabulated_residue(residue.name).is_amino_acid():
            continue
        selenomethionine = residue.name == "MSE"
        found = 0
        seen = set()
        for atom in residue.first_conformer():
            name, element = atom.name, atom.element.name
            if selenomethionine and element == "Se":
                name, element = "SD", "S"
            position = atom.pos.tolist()
            if (
                element in HYDROGENS
                or element.upper() not in ATOMIC_NUMBER
                or name in seen
                or not np.isfinite(position).all()
            ):
                continue
            seen.add(name)
            names.append(name)
            elements.append(element)
            owner.append(len(letters))
            positions.append(position)
            b_factors.append(atom.b_iso)
            found += 1
        if found:
            letters.append(_letter(residue.name))
            numbers.append(residue.seqid.num)
            insertion.append(residue.seqid.icode.strip())
    return ProteinChain(
        chain.name,
        "".join(letters),
        np.array(numbers, dtype=np.int64),
        tuple(names),
        tuple(elements),
        np.array(owner, dtype=np.int64),
        np.array(positions, dtype=np.float64).reshape(-1, 3),
        np.array(b_factors, dtype=np.float64),
        tuple(insertion),
    )


def _letter(name: str) -> str:
    letter = gemmi.find_tabulated_residue(name).one_letter_code.upper()
    return letter if letter in AMINO_ACIDS and letter else "X"
