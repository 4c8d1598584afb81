"""A deposited model: its protein chains, and how much of their sequences they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import gemmi
import numpy as np

from critasser.data.refusal import Refusal
from critasser.errors import InputError
from critasser.structure import Protein, ProteinChain, read_protein
from critasser.structure.residue_names import letter_of

__all__ = ["MODELLED", "SHORTEST", "DepositedChain", "Deposited", "read_deposited"]

SHORTEST = 30
"""Residues; shorter chains teach little of folds, and packing leaves them out."""

MOST_UNKNOWN = 0.1
"""Share of residues that are none of the twenty."""

LEAST_SIDE_CHAINS = 0.7
"""Share of residues other than glycine and alanine that have atoms beyond Cβ; less is a trace."""

MODELLED = 0.3
"""Share of the sequence that a chain shows, at least, unless told otherwise."""

MOST_WRONG = 0.02
"""Share of residues that differ from the sequence at their place."""

BACKBONE = {"N", "CA", "C", "O", "OXT", "CB"}

MOST_UNPACKED = 2 << 30
"""Bytes of a model's text; the largest entry of the PDB has about 0.7 GB."""


@dataclass(frozen=True, eq=False)
class DepositedChain:
    """A chain and the sequence of the molecule that was in the experiment.

    Attributes
    ----------
    chain : ProteinChain
    sequence : str
        One-letter codes of the whole molecule; the chain's own where the file has none.
    modelled : float
        Share of the sequence that the chain shows.
    wrong : float
        Share of the chain's residues that differ from the sequence.
    """

    chain: ProteinChain
    sequence: str
    modelled: float
    wrong: float

    def check(self, least_modelled: float) -> None:
        """Raise `Refusal` where nothing can be learnt from the chain."""
        chain, letters = self.chain, self.chain.letters
        if len(chain) < SHORTEST:
            raise Refusal(f"{len(chain)} residues, less than {SHORTEST}")
        unknown = letters.count("X") / len(chain)
        if unknown > MOST_UNKNOWN:
            raise Refusal(f"{unknown:.0%} of the residues are unknown")
        beyond = {
            residue for name, residue in zip(chain.atom_names, chain.residue)
            if name not in BACKBONE
        }  # fmt: skip
        longer = [k for k, letter in enumerate(letters) if letter not in "GAX"]
        shown = sum(k in beyond for k in longer) / max(len(longer), 1)
        if shown < LEAST_SIDE_CHAINS:
            raise Refusal(f"{shown:.0%} of the side chains are there: a trace of the backbone")
        if self.wrong > MOST_WRONG:
            raise Refusal(f"{self.wrong:.0%} of the residues differ from the deposited sequence")
        if self.modelled < least_modelled:
            raise Refusal(f"{self.modelled:.0%} of the sequence is modelled")


@dataclass(frozen=True, eq=False)
class Deposited:
    """The protein of a deposited model.

    Attributes
    ----------
    chains : tuple of DepositedChain
    resolution : float or None
        Å, where the file says it.
    """

    chains: tuple[DepositedChain, ...]
    resolution: float | None

    @property
    def positions(self) -> np.ndarray:
        """Of all atoms of protein (n, 3), Å."""
        return np.concatenate([one.chain.positions for one in self.chains])

    @property
    def amplitudes(self) -> np.ndarray:
        """Atomic numbers (n,)."""
        return np.concatenate([one.chain.amplitudes for one in self.chains])

    def different(self) -> list[DepositedChain]:
        """Of chains of one sequence the one that shows most of it; long ones first."""
        best: dict[str, DepositedChain] = {}
        for one in self.chains:
            kept = best.get(one.sequence)
            if kept is None or len(one.chain) > len(kept.chain):
                best[one.sequence] = one
        return sorted(best.values(), key=lambda one: -len(one.chain))


def read_deposited(path: Path, most_bytes: int = MOST_UNPACKED) -> Deposited:
    """Read a deposited model.

    Raises
    ------
    Refusal
        It is no coordinate file, or holds no protein.
    """
    try:
        protein = read_protein(path, most_bytes)
    except InputError as error:
        raise Refusal(str(error)) from None
    sequences = _sequences(protein.structure)
    residues = [residue for chain in protein.structure[0] for residue in chain]
    chains = tuple(_chain(chain, residues, sequences) for chain in protein.chains)
    return Deposited(chains, _resolution(protein))


def _resolution(protein: Protein) -> float | None:
    value = protein.structure.resolution
    return float(value) if np.isfinite(value) and value > 0 else None


def _sequences(structure: gemmi.Structure) -> dict[str, str]:
    """Sequence of each polymer of protein, by the names of its chains in the file."""
    found = {}
    for entity in structure.entities:
        if entity.entity_type == gemmi.EntityType.Polymer and entity.full_sequence:
            names = (gemmi.Entity.first_mon(name) for name in entity.full_sequence)
            found[entity.name] = "".join(letter_of(name) for name in names)
    return found


def _chain(
    chain: ProteinChain, residues: Sequence[gemmi.Residue], sequences: dict[str, str]
) -> DepositedChain:
    places = [residues[place] for place in chain.place]
    sequence = sequences.get(places[0].entity_id, "") if places else ""
    numbers = [residue.label_seq for residue in places]
    known = [
        (letter, sequence[number - 1])
        for letter, number in zip(chain.letters, numbers)
        if number is not None and 1 <= number <= len(sequence)
    ]
    if len(known) < len(chain):
        return DepositedChain(chain, chain.letters, 1.0, 0.0)
    wrong = sum(a != b for a, b in known if "X" not in (a, b)) / len(known)
    return DepositedChain(chain, sequence, len(known) / len(sequence), wrong)
