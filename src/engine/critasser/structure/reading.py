"""Protein chains from PDB and mmCIF files."""

from __future__ import annotations

import codecs
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import gemmi
import numpy as np

from critasser.errors import InputError
from critasser.input_files import read_bytes
from critasser.structure.alphabet import ATOMIC_NUMBER
from critasser.structure.atom_site import read_mmcif
from critasser.structure.chain import ProteinChain
from critasser.structure.copies import beside_each_other
from critasser.structure.left_out import LeftOut
from critasser.structure.parting import Part, parted
from critasser.structure.pdb_text import read_pdb
from critasser.structure.residue_names import is_plain

__all__ = ["Protein", "read_chains", "read_protein"]

HEAD = 4096
"""Bytes in which a BinaryCIF file names its first fields."""

ONLY_ASCII = bytes(
    code if 32 <= code < 127 or code in b"\t\n\r" else ord("~") for code in range(256)
)
"""Translates bytes: control characters have no place in a coordinate file either, and a question
mark would be no value in mmCIF."""

HYDROGENS = ("H", "D")
OF_AMINO_ACIDS = ("C", "N", "O", "S", *HYDROGENS)
"""Elements of the twenty amino acids."""

BEFORE_ELEMENT = "0123456789'\"*"
"""What stands before the element in names of atoms, such as 1HB."""

MOST_BYTES = 512 << 20
NOWHERE = 9999.0
"""Å along an axis, the most that a PDB file can say: what programs write for an atom without a
position."""

FEWEST_PLACEHOLDERS = 2
"""Atoms exactly at the origin, which tell that none of them is there."""

LAST_OXYGENS = {"OT1": "O", "OT2": "OXT", "O1": "O", "O2": "OXT"}
"""Of CHARMM and GROMOS, for the names that the PDB gives the oxygens of the last residue."""


@dataclass(frozen=True, eq=False)
class Protein:
    """The protein of a coordinate file, and what else is in there.

    Attributes
    ----------
    path : Path
    structure : gemmi.Structure
        All that the file holds, in one model. Chain, number and insertion code name one residue of
        protein.
    chains : tuple of ProteinChain
        At least one, each of at least one residue.
    left_out : LeftOut
        What is in none of them.
    backwards : tuple of str
        Chains whose residues stand in the file from the last to the first.
    """

    path: Path
    structure: gemmi.Structure
    chains: tuple[ProteinChain, ...]
    left_out: LeftOut
    backwards: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What the person should know, each in a line."""
        return notes_of(self.path, self.left_out, self.backwards)


def notes_of(path: Path, left_out: LeftOut, backwards: Sequence[str]) -> tuple[str, ...]:
    """What the person should know of a file, each in a line."""
    lines = [left_out.line(path)]
    if backwards:
        which = ", ".join(name or "without a name" for name in backwards)
        lines.append(
            f"{path.name}: residues of chain {which} stand from the last to the first; they are "
            "taken in the order of their numbers"
        )
    return tuple(line for line in lines if line)


def read_chains(path: str | os.PathLike, max_bytes: int = MOST_BYTES) -> tuple[ProteinChain, ...]:
    """The protein chains of a PDB or mmCIF file; parameters and errors as `read_protein`."""
    return read_protein(path, max_bytes).chains


def read_protein(path: str | os.PathLike, max_bytes: int = MOST_BYTES) -> Protein:
    """Read the protein of a PDB or mmCIF file, gzipped or not.

    Chains are parted by TER, by segments, and where numbers begin again, whatever their names.
    The models of an assembly count together, of an ensemble only the first; files written one
    after another count together where they do not overlap. Of alternative locations the first
    counts. Hydrogens, ligands, water and nucleic acids are left out. Names that force fields give
    to the twenty amino acids are known, selenomethionine is read as methionine, and the letter of
    another modified residue is its parent's. What is a residue of a protein but not one of the
    twenty has the letter X.

    Parameters
    ----------
    path : path
    max_bytes : int
        Largest size, unpacked.

    Raises
    ------
    InputError
        There is no such file; it is damaged or too large; it is no coordinate file; it holds no
        protein.
    """
    path = Path(path)
    # Remarks come in any encoding, and only they may: names of residues and atoms are ASCII.
    raw = _ascii(read_bytes(path, max_bytes, "give only the chains that are needed."))
    try:
        structure, models = _one_model(_structures(raw, path))
        _mend_elements(structure[0])
        model, parts, others, renamed, backwards = parted(structure[0], _parents(structure))
    except (RuntimeError, ValueError, IndexError) as error:
        raise InputError(
            f"{path} is not a PDB or mmCIF file ({error}): give a coordinate file."
        ) from None
    _put(structure, model, parts, renamed)
    chains, atoms = [], Counter[tuple[str, str]]()
    placeholders = _has_placeholders(structure[0])
    residues = [residue for chain in structure[0] for residue in chain]
    for part in parts:
        chain = _chain(part, residues, atoms, placeholders)
        if len(chain):
            chains.append(chain)
    left_out = LeftOut({reason: dict(names) for reason, names in others.items()})
    for (reason, name), count in [*atoms.items(), (("model", ""), models)]:
        if count:
            left_out = left_out.with_more(reason, {name: count})
    if not chains and not residues:
        raise InputError(
            f"{path} is not a PDB or mmCIF file: there is no atom in it; give the model in one of "
            "these formats."
        )
    if not chains:
        but = f" (but {left_out})" if left_out else ""
        raise InputError(
            f"{path} holds no protein{but}: give a PDB or mmCIF file with a protein chain."
        )
    return Protein(path, structure, tuple(chains), left_out, tuple(dict.fromkeys(backwards)))


def _ascii(raw: bytes) -> bytes:
    """The text in ASCII, other characters replaced, whatever encoding an editor gave it."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", "replace").encode("ascii", "replace")
    return raw.removeprefix(codecs.BOM_UTF8).translate(ONLY_ASCII)


def _structures(raw: bytes, path: Path) -> list[gemmi.Structure]:
    if b"dataBlocks" in raw[:HEAD]:
        raise InputError(f"{path} is a BinaryCIF file: save the model as mmCIF.")
    if b"_atom_site." in raw or raw.lstrip()[:5].lower() == b"data_":
        return read_mmcif(raw, path)
    return read_pdb(raw, path)


def _one_model(structures: Sequence[gemmi.Structure]) -> tuple[gemmi.Structure, int]:
    """The structure with all models that are one molecule as one, and how many are left out."""
    structures = [one for one in structures if len(one)]
    if not structures:
        raise ValueError("no atoms in it")
    left_out = 0
    firsts = []
    for structure in structures:
        models = list(structure)
        chosen = beside_each_other(models, alike=True)
        left_out += len(models) - len(chosen)
        firsts.append(_joined(chosen))
    chosen = beside_each_other(firsts, alike=False)
    left_out += len(firsts) - len(chosen)
    structure = structures[0]
    joined = _joined(chosen)
    while len(structure):
        del structure[-1]
    structure.add_model(joined)
    return structure, left_out


def _mend_elements(model: gemmi.Model) -> None:
    """Elements of the twenty amino acids by the names of their atoms, where the file says others.

    Without its element a Cα that stands one column too far to the left is calcium, and PDBQT has
    types of atoms in place of elements.
    """
    for chain in model:
        for residue in chain:
            if not is_plain(residue.name):
                continue
            for atom in residue:
                if atom.element.name in OF_AMINO_ACIDS:
                    continue
                letter = atom.name.lstrip(BEFORE_ELEMENT)[:1].upper()
                if letter in OF_AMINO_ACIDS:
                    atom.element = gemmi.Element(letter)


def _has_placeholders(model: gemmi.Model) -> bool:
    """Whether atoms lie at the origin that a program could not place: one might belong there."""
    there = (
        atom
        for chain in model
        for residue in chain
        for atom in residue
        if not any(atom.pos.tolist())
    )
    return len(list(islice(there, FEWEST_PLACEHOLDERS))) == FEWEST_PLACEHOLDERS


def _joined(models: Sequence[gemmi.Model]) -> gemmi.Model:
    joined = gemmi.Model(1)
    for model in models:
        for chain in model:
            joined.add_chain(chain)
    return joined


def _parents(structure: gemmi.Structure) -> dict[str, str]:
    """What modified residues are made of, by their names."""
    return {
        one.res_id.name: one.parent_comp_id
        for one in structure.mod_residues
        if one.parent_comp_id and one.parent_comp_id != one.res_id.name
    }


def _put(
    structure: gemmi.Structure, model: gemmi.Model, parts: Sequence[Part], renamed: bool
) -> None:
    """Give the structure the model with its chains told apart, and say what is a polymer."""
    del structure[0]
    structure.add_model(model)
    residues = [residue for chain in structure[0] for residue in chain]
    for part in parts:
        for place in part.places:
            residues[place].entity_type = gemmi.EntityType.Polymer
    if renamed:
        # Chains that the file takes for one have the same subchains there.
        for residue in residues:
            residue.subchain = residue.entity_id = ""
        for entity in structure.entities:
            entity.subchains = []
    structure.setup_entities()


def _chain(
    part: Part,
    residues: Sequence[gemmi.Residue],
    left_out: Counter[tuple[str, str]],
    placeholders: bool,
) -> ProteinChain:
    """The residues of a part that have atoms; what is left out is counted by reason and name.

    With `placeholders` what lies at the origin has no place.
    """
    letters, numbers, insertion, places = [], [], [], []
    names, elements, owner, positions, b_factors = [], [], [], [], []
    for letter, place in zip(part.letters, part.places):
        residue = residues[place]
        found = 0
        seen: set[str] = set()
        oxygen = residue.find_atom("O", "*") is not None
        alternative = next((atom.altloc for atom in residue if atom.has_altloc()), "")
        for atom in residue:
            name, element = atom.name, atom.element.name
            if residue.name == "MSE" and element == "Se":
                name, element = "SD", "S"
            elif not oxygen and element == "O":
                name = LAST_OXYGENS.get(name, name)
            elif name == "CD" and letter == "I":
                name = "CD1"  # CHARMM's and GROMOS'
            if element in HYDROGENS:
                continue
            if element.upper() not in ATOMIC_NUMBER:
                left_out["element", element] += 1
                continue
            position = atom.pos.tolist()
            nowhere = not np.isfinite(position).all() or max(map(abs, position)) >= NOWHERE
            if nowhere or (placeholders and not any(position)):
                left_out["no place", ""] += 1
                continue
            if name in seen or (atom.has_altloc() and atom.altloc != alternative):
                left_out["conformation", ""] += 1
                continue
            seen.add(name)
            names.append(name)
            elements.append(element)
            owner.append(len(letters))
            positions.append(position)
            b_factors.append(atom.b_iso)
            found += 1
        if found:
            letters.append(letter)
            numbers.append(residue.seqid.num)
            insertion.append(residue.seqid.icode.strip())
            places.append(place)
        if "CA" not in seen:
            left_out["no calpha", residue.name] += 1
    return ProteinChain(
        part.chain,
        "".join(letters),
        np.array(numbers, dtype=np.int64),
        tuple(names),
        tuple(elements),
        np.array(owner, dtype=np.int64),
        np.array(positions, dtype=np.float64).reshape(-1, 3),
        np.array(b_factors, dtype=np.float64),
        tuple(insertion),
        tuple(places),
    )
