"""A person's model: its protein as the engine sees it, and the file written again around that."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import gemmi
import numpy as np
from numpy.typing import NDArray

from critasser.errors import InputError
from critasser.structure.alphabet import ONE_TO_THREE
from critasser.structure.bonds import Address, Bonds, add_bonds
from critasser.structure.chain import ProteinChain
from critasser.structure.left_out import LeftOut
from critasser.structure.metrics import add_metrics
from critasser.structure.mmcif import mmcif_document
from critasser.structure.model import AtomicModel
from critasser.structure.reading import notes_of, read_protein
from critasser.structure.residue_names import is_amino_acid, is_plain, letter_of
from critasser.structure.sequence import Sequence as ChainSequence
from critasser.structure.sequence import Target
from critasser.writing import appearing

__all__ = ["NO_NAME", "ModelFile", "ModelResidue"]

MOST_BYTES = 256 << 20
MOST_RESIDUES = 20_000
NO_NAME = "_"
"""In place of the name of a chain that has none."""

LONGEST_STEP = 4.5
"""Å between Cα of neighbours in a chain; farther apart something is missing between them."""


@dataclass(frozen=True)
class ModelResidue:
    """A residue by its place in a file, with the names that the file gives it.

    Attributes
    ----------
    chain : str
    number : int
    insertion : str
        "" for none.
    letter : str
    place : tuple of two int
        Of a residue of the file, its index among all of the file's residues, and 0. Of one that
        the file lacks, the index of the residue that it follows in its chain (that before the
        chain's first where it precedes all), and a count from 1.
    """

    chain: str
    number: int
    insertion: str
    letter: str
    place: tuple[int, int] = (-1, 0)

    @property
    def key(self) -> ModelResidue:
        """What tells it from all others: itself, by its place."""
        return self

    @property
    def name(self) -> tuple[int, str]:
        """Number and insertion code."""
        return self.number, self.insertion

    def __str__(self) -> str:
        return f"{self.chain or NO_NAME}:{self.number}{self.insertion}"


@dataclass(frozen=True, eq=False)
class ModelFile:
    """A model that is there already, whatever its chains, numbers, gaps and ligands.

    Attributes
    ----------
    path : Path
    structure : gemmi.Structure
        All that the file holds, in one model.
    chains : tuple of ProteinChain
        Its protein.
    left_out : LeftOut
        What stays in the file and is left out of everything else, by reason: no protein; residues
        that are none of the twenty amino acids, or have no Cα.
    backwards : tuple of str
        As of `Protein`.
    """

    path: Path
    structure: gemmi.Structure
    chains: tuple[ProteinChain, ...]
    left_out: LeftOut
    backwards: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: str | os.PathLike) -> ModelFile:
        """Read a PDB or mmCIF file, gzipped or not.

        Raises
        ------
        InputError
            As `read_protein`; also more than 20 000 residues, or none of the twenty amino acids
            with a Cα.
        """
        protein = read_protein(path, MOST_BYTES)
        structure, chains = protein.structure, protein.chains
        structure.assign_label_seq_id()
        total = sum(map(len, chains))
        if total > MOST_RESIDUES:
            raise InputError(
                f"{path} has {total} residues of protein, {MOST_RESIDUES} is most: give the "
                "chains that matter"
            )
        residues = [residue for chain in structure[0] for residue in chain]
        unknown = Counter[str](
            residues[chain.place[i]].name
            for chain in chains
            for i in np.flatnonzero(~_usable(chain) & np.isfinite(chain.calpha).all(axis=1))
        )
        left_out = protein.left_out.with_more("unknown", unknown)
        if not any(_usable(chain).any() for chain in chains):
            raise InputError(
                f"{path}: no residue of it is one of the twenty amino acids with a Cα, but it has "
                f"{left_out}; give a protein model"
            )
        return cls(Path(path), structure, chains, left_out, protein.backwards)

    @property
    def unknown(self) -> int:
        """Residues of protein that are none of the twenty amino acids, or have no Cα."""
        return self.left_out.total("unknown") + self.left_out.total("no calpha")

    @property
    def notes(self) -> tuple[str, ...]:
        """What the person should know of the file, each in a line."""
        return notes_of(self.path, self.left_out, self.backwards)

    def residues(self) -> list[ModelResidue]:
        """The usable residues, in the order of the file; the same order as in `model`."""
        return [
            ModelResidue(
                chain.name,
                int(chain.residue_number[i]),
                chain.insertion[i],
                chain.letters[i],
                (chain.place[i], 0),
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

    def modified(self) -> set[ModelResidue]:
        """The residues whose atoms are not those of the amino acid that they count as."""
        names = [residue.name for chain in self.structure[0] for residue in chain]
        return {one for one in self.residues() if not is_plain(names[one.place[0]])}

    def whole_sequence(self, chain: str) -> tuple[str, dict[ModelResidue, int]] | None:
        """What the file says of a chain's whole sequence, or None where it does not.

        Returns
        -------
        letters : str
            X for what is not one of the twenty.
        place : dict of ModelResidue to int
            Where in the letters the residues of `residues` are.
        """
        polymer = self.structure[0].find_chain(chain).get_polymer()
        entity = self.structure.get_entity_of(polymer) if len(polymer) else None
        if entity is None or not entity.full_sequence:
            return None
        letters = "".join(letter_of(gemmi.Entity.first_mon(n)) for n in entity.full_sequence)
        labels = [residue.label_seq for one in self.structure[0] for residue in one]
        place = {}
        for residue in self.residues():
            at = labels[residue.place[0]] if residue.chain == chain else None
            if at is not None and 1 <= at <= len(letters):
                place[residue] = at - 1
        return letters, place

    def write(
        self,
        path: str | os.PathLike,
        confidence: Mapping[ModelResidue, float],
        *,
        title: str,
        scores: Mapping[str, float] | None = None,
        replaced: Mapping[ModelResidue, Sequence[tuple[str, NDArray[np.float64]]]] | None = None,
        letters: Mapping[ModelResidue, str] | None = None,
        left_out: Collection[ModelResidue] = (),
        bonds: Bonds | None = None,
    ) -> None:
        """Write the file again as mmCIF, with confidences in the B-factors of its residues.

        Everything else stays: chains, numbers, ligands, positions.

        Parameters
        ----------
        path : path
            Appears whole, by atomic rename.
        confidence : mapping of ModelResidue to float
            0 … 100; residues without keep their B-factors.
        title : str
        scores : mapping of str to float, optional
            Of the model as a whole.
        replaced : mapping of ModelResidue to atoms, optional
            Names and positions (3,) of all atoms of a residue, in place of those it had; residues
            that the file lacks are put where their places say.
        letters : mapping of ModelResidue to str, optional
            One-letter codes that residues get, where not their own.
        left_out : collection of ModelResidue, optional
            Residues that are not written.
        bonds : Bonds, optional
            Cis peptides and disulfides by the place of residues among those with a confidence. Of
            residues that are replaced they take the place of what the file says; all others keep
            that.
        """
        structure = self.structure.clone()
        values = {residue.place: float(value) for residue, value in confidence.items()}
        rebuilt = {
            residue.place: (residue, (letters or {}).get(residue, residue.letter), atoms)
            for residue, atoms in (replaced or {}).items()
        }
        dropped = {residue.place for residue in left_out}
        marked: list[list[float | None]] = []
        first = 0
        for chain in structure[0]:
            count = len(chain)
            places = [(first + k, 0) for k in range(count)]
            _rebuild(chain, places, rebuilt)
            for place in dropped.intersection(places):
                at = places.index(place)
                _drop_alternatives(chain, places, at)
                del chain[at]
                del places[at]
            marked.append([values.get(place) for place in places])
            first += count
        structure.remove_empty_chains()
        marked = [shown for shown in marked if shown]
        if replaced:
            structure.setup_entities()
        structure.assign_label_seq_id(True)
        if bonds is not None and replaced:
            every = list(confidence)
            addresses = [_address(one, (letters or {}).get(one, one.letter)) for one in every]
            renewed = [i for i, one in enumerate(every) if one in replaced]
            add_bonds(structure, bonds, addresses, renewed)
        local = []
        for chain, shown in zip(structure[0], marked):
            before, held = None, None
            for residue, value in zip(chain, shown):
                if value is None and before == residue.seqid and is_amino_acid(residue.name):
                    value = held  # another conformation of the residue before
                before, held = residue.seqid, value
                if value is None:
                    continue
                for atom in residue:
                    atom.b_iso = value
                    atom.aniso = gemmi.SMat33f(0, 0, 0, 0, 0, 0)
                if residue.label_seq is not None:
                    local.append((residue.subchain, residue.label_seq, residue.name, value))
        structure.info = gemmi.InfoMap({"_struct.title": title})
        document = mmcif_document(structure)
        add_metrics(document.sole_block(), local, scores or {})
        with appearing(path) as temporary:
            document.write_file(str(temporary))


def _address(one: ModelResidue, letter: str) -> Address:
    number = gemmi.SeqId(one.number, one.insertion or " ")
    return one.chain, number, ONE_TO_THREE[letter]


def _usable(chain: ProteinChain) -> NDArray[np.bool_]:
    return (chain.codes >= 0) & np.isfinite(chain.calpha).all(axis=1)


def _rebuild(
    chain: gemmi.Chain,
    places: list[tuple[int, int]],
    rebuilt: Mapping[
        tuple[int, int], tuple[ModelResidue, str, Sequence[tuple[str, NDArray[np.float64]]]]
    ],
) -> None:
    """Give residues of a chain other atoms, and put in those that it lacks; places go along."""
    if not places:
        return
    low, high = places[0][0] - 1, places[-1][0]
    mine = {
        place: entry
        for place, entry in rebuilt.items()
        if entry[0].chain == chain.name and low <= place[0] <= high
    }
    polymer = next((r for r in chain if r.entity_type == gemmi.EntityType.Polymer), chain[0])
    subchain, entity = polymer.subchain, polymer.entity_id
    for place in sorted(mine, reverse=True):
        one, letter, atoms = mine[place]
        if place[1]:
            residue = gemmi.Residue()
            residue.seqid = gemmi.SeqId(one.number, one.insertion or " ")
            residue.entity_type = gemmi.EntityType.Polymer
            residue.subchain, residue.entity_id = subchain, entity
            at = place[0] - low
            chain.add_residue(residue, at)
            places.insert(at, place)
        else:
            at = places.index(place)
            _drop_alternatives(chain, places, at)
        residue = chain[at]
        residue.name = ONE_TO_THREE[letter]
        while len(residue):
            del residue[-1]
        for name, position in atoms:
            atom = gemmi.Atom()
            atom.name = name
            atom.element = gemmi.Element(name[0])
            atom.pos = gemmi.Position(*(float(x) for x in position))
            atom.occ = 1.0
            residue.add_atom(atom)


def _drop_alternatives(chain: gemmi.Chain, places: list[tuple[int, int]], at: int) -> None:
    """Of several conformations that are residues of their own one is left."""
    number = chain[at].seqid
    while at + 1 < len(chain) and chain[at + 1].seqid == number and all(
        atom.has_altloc() for atom in chain[at + 1]
    ):
        del chain[at + 1]
        del places[at + 1]
