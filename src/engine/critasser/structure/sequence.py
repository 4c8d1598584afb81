"""What is to be built: one or several sequences in one map."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from critasser.structure.alphabet import AMINO_ACIDS, ONE_TO_THREE

__all__ = ["Sequence", "Target"]

UNKNOWN_NAME = "UNK"


@dataclass(frozen=True)
class Sequence:
    """One chain.

    Attributes
    ----------
    name : str
    letters : str
        One-letter codes out of `AMINO_ACIDS`.
    unknown : tuple of int
        Places from 0 of residues that nobody knows; their letter is A, and they have no more atoms
        than alanine.
    """

    name: str
    letters: str
    unknown: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "unknown", tuple(int(place) for place in self.unknown))
        if any(not 0 <= place < len(self.letters) for place in self.unknown):
            raise ValueError(f"{self.name}: an unknown residue that is not in the sequence")
        foreign = set(self.letters) - set(AMINO_ACIDS)
        if foreign or not self.letters:
            raise ValueError(f"not a protein sequence: {self.name} ({''.join(sorted(foreign))})")

    def __len__(self) -> int:
        return len(self.letters)

    def part(self, low: int, high: int) -> Sequence:
        """Residues from `low` up to `high`, which is left out, counted from 0."""
        unknown = tuple(place - low for place in self.unknown if low <= place < high)
        return Sequence(self.name, self.letters[low:high], unknown)

    @cached_property
    def residue_names(self) -> tuple[str, ...]:
        """Names in the PDB, UNK for unknown residues."""
        names = [ONE_TO_THREE[letter] for letter in self.letters]
        for place in self.unknown:
            names[place] = UNKNOWN_NAME
        return tuple(names)


@dataclass(frozen=True)
class Target:
    """All chains in a map, laid end to end: residue i of L is one index everywhere.

    Attributes
    ----------
    sequences : tuple of Sequence
    """

    sequences: tuple[Sequence, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "sequences", tuple(self.sequences))
        if not self.sequences:
            raise ValueError("a target has at least one sequence")

    def __len__(self) -> int:
        return len(self.letters)

    def without(self, chains: Collection[int]) -> Target:
        """The target without some of its chains, given by their places from 0.

        Raises
        ------
        ValueError
            Nothing is left.
        """
        return Target(tuple(s for k, s in enumerate(self.sequences) if k not in chains))

    def rows_without(self, chains: Collection[int]) -> NDArray[np.bool_]:
        """Which residues (L,) are of other chains than these."""
        return ~np.isin(self.chain_index, list(chains))

    @cached_property
    def letters(self) -> str:
        """One-letter codes of all chains, joined; length L."""
        return "".join(sequence.letters for sequence in self.sequences)

    @cached_property
    def codes(self) -> NDArray[np.int8]:
        """Indices (L,) into `AMINO_ACIDS`."""
        return np.array([AMINO_ACIDS.index(letter) for letter in self.letters], dtype=np.int8)

    @cached_property
    def residue_names(self) -> tuple[str, ...]:
        """Names (L) in the PDB, UNK for unknown residues."""
        return tuple(name for sequence in self.sequences for name in sequence.residue_names)

    @cached_property
    def unknown(self) -> NDArray[np.bool_]:
        """Which residues (L,) nobody knows; see `Sequence`."""
        marks = np.zeros(len(self), dtype=np.bool_)
        for part, sequence in zip(self.chain_slices, self.sequences):
            marks[part][list(sequence.unknown)] = True
        return marks

    @cached_property
    def chain_index(self) -> NDArray[np.int64]:
        """Index (L,) of each residue's sequence."""
        return np.repeat(np.arange(len(self.sequences)), [len(s) for s in self.sequences])

    @cached_property
    def residue_number(self) -> NDArray[np.int64]:
        """Place (L,) of each residue in its own sequence, from 1."""
        return np.concatenate([np.arange(1, len(s) + 1) for s in self.sequences])

    @cached_property
    def bonded(self) -> NDArray[np.bool_]:
        """Whether (L − 1,) residues i and i + 1 belong to one chain."""
        return np.diff(self.chain_index) == 0

    @cached_property
    def chain_slices(self) -> tuple[slice, ...]:
        """Where each sequence lies among the L residues."""
        ends = np.cumsum([len(s) for s in self.sequences])
        return tuple(slice(int(end) - len(s), int(end)) for end, s in zip(ends, self.sequences))

    def part(self, chosen: NDArray[np.bool_]) -> Target:
        """Some of the residues (L,), at least one; a new chain begins where others lay between."""
        pieces = []
        for place, sequence in zip(self.chain_slices, self.sequences):
            edges = np.flatnonzero(np.diff(np.concatenate([[0], chosen[place].astype(int), [0]])))
            pieces += [sequence.part(*edge) for edge in edges.reshape(-1, 2).tolist()]
        return Target(tuple(pieces))
