"""A person's model: its protein as the engine sees it, and the file written again around that."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import gemmi
import numpy as np
from numpy.typing import NDArray

from critasser.errors import InputError
from critasser.structure.alphabet import ONE_TO_THREE, THREE_TO_ONE
from critasser.structure.chain import ProteinChain
from critasser.structure.mmcif import add_metrics, mmcif_document
from critasser.structure.model import AtomicModel
from critasser.structure.reading import protein_of, read_structure
from critasser.structure.sequence import Sequence as ChainSequence
from critasser.structure.sequence import Target
from critasser.writing import appearing

__all__ = ["ModelFile", "ModelResidue"]

MOST_BYTES = 256 << 20
MOST_RESIDUES = 20_000
LONGEST_STEP = 4.5
"""Å between Cα of neighbours in a chain; farther apart something is missing between them."""


@dataclass(frozen=True)
class ModelResidue:
    """A residue by the names that its file gives it.

    Attributes
    ----------
    chain : str
    number : int
    insertion : str
        "" for none.
    letter : str
    """

    chain: str
    number: int
    insertion: str
    letter: str

    @property
    def key(self) -> tuple[str, int, str]:
        """What tells it from all others."""
        return self.chain, self.number, self.insertion

    def __str__(self) -> str:
        return f"{self.chain}:{self.number}{self.insertion}"


@dataclass(frozen=True, eq=False)
class ModelFile:
    """A model that is there already, whatever its chains, numbers, gaps and ligands.

    Attributes
    ----------
    path : Path
    structure : gemmi.Structure
        All that the file holds; of several models the first.
    chains : tuple of ProteinChain
        Its protein.
    unknown : int
        Residues of protein that are none of the twenty amino acids, or have no Cα; they stay in
        the file and are left out of everything else.
    """

    path: Path
    structure: gemmi.Structure
    chains: tuple[ProteinChain, ...]
    unknown: int

    @classmethod
    def read(cls, path: str | os.PathLike) -> ModelFile:
        """Read a PDB or mmCIF file, gzipped or not.

        Raises
        ------
        InputError
            As `read_chains`; also more than 20 000 residues, or none of the twenty amino acids
            with a Cα.
        """
        structure = read_structure(path, MOST_BYTES)
        while len(structure) > 1:
            del structure[-1]
        structure.setup_entities()
        structure.assign_label_seq_id()
        chains = tuple(c for c in map(protein_of, structure[0]) if len(c))
        total = sum(map(len, chains))
        if total > MOST_RESIDUES:
            raise InputError(
                f"{path} has {total} residues of protein, {MOST_RESIDUES} is most: give the "
                "chains that matter"
            )
        known = sum(int(_usable(chain).sum()) for chain in chains)
        if not known:
            raise InputError(f"{path}: no residue of it is an amino acid with a Cα")
        return cls(Path(path), structure, chains, total - known)

    def residues(self) -> list[ModelResidue]:
        """The usable residues, in the order of the file; the same order as in `model`."""
        return [
            ModelResidue(
                chain.name, int(chain.residue_number[i]), chain.insertion[i], chain.letters[i]
            )
            for chain in self.chains
            for i in np.flatnonzero(_usable(chain))
        ]

    def model(self) -> AtomicModel:
        """The usable residues as a model; where something is missing, a new chain begins."""
        sequences, names, elements, owner, positions = [], [], [], [], []
        first = 0
        for chain in self.chains:
            usable = np.flatnonzero(_usable(chain))
            if not len(usable):
                continue
            place = np.full(len(chain), -1)
            place[usable] = first + np.arange(len(usable))
            first += len(usable)
            mine = np.flatnonzero(place[chain.residue] >= 0)
            names += [chain.atom_names[k] for k in mine]
            elements += [chain.elements[k] for k in mine]
            owner.append(place[chain.residue[mine]])
            positions.append(chain.positions[mine])
            step = np.linalg.norm(np.diff(chain.calpha[usable], axis=0), axis=1)
            cuts = [0, *(np.flatnonzero(step > LONGEST_STEP) + 1).tolist(), len(usable)]
            letters = "".join(chain.letters[i] for i in usable)
            sequences += [
                ChainSequence(chain.name, letters[a:b]) for a, b in itertools.pairwise(cuts)
            ]
        return AtomicModel(
            Target(tuple(sequences)),
            tuple(names),
            tuple(elements),
            np.concatenate(owner),
            np.concatenate(positions),
        )

    def modified(self) -> set[tuple[str, int, str]]:
        """Keys of the residues whose atoms are not those of the amino acid that they count as."""
        return {
            _key(chain, residue)
            for chain in self.structure[0]
            for residue in chain
            if _is_protein(residue) and residue.name not in THREE_TO_ONE
        }

    def whole_sequence(self, chain: str) -> tuple[str, dict[tuple[int, str], int]] | None:
        """What the file says of a chain's whole sequence, or None where it does not.

        Returns
        -------
        letters : str
            X for what is not one of the twenty.
        place : dict of (number, insertion) to int
            Of the residues that are there, in the letters.
        """
        found = self.structure[0].find_chain(chain)
        polymer = found.get_polymer()
        entity = self.structure.get_entity_of(polymer) if len(polymer) else None
        if entity is None or not entity.full_sequence:
            return None
        letters = "".join(
            THREE_TO_ONE.get(gemmi.Entity.first_mon(name), "X") for name in entity.full_sequence
        )
        place = {}
        for residue in polymer.first_conformer():
            at = residue.label_seq
            if at is not None and 1 <= at <= len(letters):
                place[residue.seqid.num, residue.seqid.icode.strip()] = at - 1
        return letters, place

    def write(
        self,
        path: str | os.PathLike,
        confidence: Mapping[tuple[str, int, str], float],
        *,
        title: str,
        scores: Mapping[str, float] | None = None,
        replaced: Mapping[tuple[str, int, str], Sequence[tuple[str, NDArray[np.float64]]]]
        | None = None,
        letters: Mapping[tuple[str, int, str], str] | None = None,
    ) -> None:
        """Write the file again as mmCIF, with confidences in the B-factors of its residues.

        Everything else of its first model stays: chains, numbers, ligands, positions.

        Parameters
        ----------
        path : path
            Appears whole, by atomic rename.
        confidence : mapping of (chain, number, insertion) to float
            0 … 100; residues without keep their B-factors.
        title : str
        scores : mapping of str to float, optional
            Of the model as a whole.
        replaced : mapping of (chain, number, insertion) to atoms, optional
            Names and positions (3,) of all atoms of a residue, in place of those it had; residues
            that the file lacks are put where their numbers say.
        letters : mapping of (chain, number, insertion) to str, optional
            One-letter codes of the residues that the file lacks.
        """
        structure = self.structure.clone()
        for key, atoms in (replaced or {}).items():
            _replace(structure[0], key, atoms, (letters or {}).get(key))
        if replaced:
            structure.setup_entities()
        structure.assign_label_seq_id(True)
        local = []
        for chain in structure[0]:
            for residue in chain:
                value = confidence.get(_key(chain, residue))
                if value is None or not _is_protein(residue):
                    continue
                for atom in residue:
                    atom.b_iso = float(value)
                    atom.aniso = gemmi.SMat33f(0, 0, 0, 0, 0, 0)
                if residue.label_seq is not None:
                    local.append((residue.subchain, residue.label_seq, residue.name, float(value)))
        structure.info = gemmi.InfoMap({"_struct.title": title})
        document = mmcif_document(structure)
        add_metrics(document.sole_block(), local, scores or {})
        with appearing(path) as temporary:
            document.write_file(str(temporary))


def _usable(chain: ProteinChain) -> NDArray[np.bool_]:
    return (chain.codes >= 0) & np.isfinite(chain.calpha).all(axis=1)


def _key(chain: gemmi.Chain, residue: gemmi.Residue) -> tuple[str, int, str]:
    return chain.name, residue.seqid.num, residue.seqid.icode.strip()


def _is_protein(residue: gemmi.Residue) -> bool:
    return gemmi.find_tabulated_residue(residue.name).is_amino_acid()


def _replace(
    model: gemmi.Model,
    key: tuple[str, int, str],
    atoms: Sequence[tuple[str, NDArray[np.float64]]],
    letter: str | None,
) -> None:
    """Give a residue other atoms, or put in one that is not there."""
    name, number, insertion = key
    chain = model.find_chain(name)
    found = [k for k, one in enumerate(chain) if _key(chain, one) == key and _is_protein(one)]
    if found:
        residue = chain[found[0]]
        for k in reversed(found[1:]):  # of several conformations one is left
            del chain[k]
        if letter is not None:
            residue.name = ONE_TO_THREE[letter]
    else:
        if letter is None:
            raise ValueError(f"{key} is not there, and nothing says what it is")
        residue = gemmi.Residue()
        residue.name = ONE_TO_THREE[letter]
        residue.seqid = gemmi.SeqId(number, insertion or " ")
        residue.entity_type = gemmi.EntityType.Polymer
        polymer = [k for k, one in enumerate(chain) if one.entity_type == gemmi.EntityType.Polymer]
        residue.subchain = chain[polymer[0]].subchain
        residue.entity_id = chain[polymer[0]].entity_id
        place = next(
            (
                k
                for k in polymer
                if (chain[k].seqid.num, chain[k].seqid.icode.strip()) > (number, insertion)
            ),
            polymer[-1] + 1,
        )
        residue = chain.add_residue(residue, place)
    while len(residue):
        del residue[-1]
    for atom_name, position in atoms:
        atom = gemmi.Atom()
        atom.name = atom_name
        atom.element = gemmi.Element(atom_name[0])
        atom.pos = gemmi.Position(*(float(x) for x in position))
        atom.occ = 1.0
        residue.add_atom(atom)
