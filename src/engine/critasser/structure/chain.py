"""A protein chain as it stands in a coordinate file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from critasser.structure.alphabet import AMINO_ACIDS, ATOMIC_NUMBER

__all__ = ["ProteinChain"]


@dataclass(frozen=True, eq=False)
class ProteinChain:
    """Residues that have atoms, in chain order; n residues, m atoms.

    Attributes
    ----------
    name : str
        Chain identifier in the file.
    letters : str
        One-letter codes (n); X for what is not one of the twenty.
    residue_number : ndarray (n,) int64
        The file's own (author) numbers; insertion codes make repeats possible.
    atom_names, elements : tuple of str (m,)
    residue : ndarray (m,) int64
        Index 0 … n − 1 of each atom's residue, ascending.
    positions : ndarray (m, 3) float64
        x, y, z in Å.
    b_factor : ndarray (m,) float64
        B-factors, or the confidence where the structure is predicted.
    insertion : tuple of str (n,)
        Insertion codes, "" where there is none; empty where the file was not asked for them.
    place : tuple of int (n,)
        Of each residue among all residues of the file, in its order; empty as `insertion`.
    file : str
        Name of the file, for messages; empty where it does not matter.
    """

    name: str
    letters: str
    residue_number: NDArray[np.int64]
    atom_names: tuple[str, ...]
    elements: tuple[str, ...]
    residue: NDArray[np.int64]
    positions: NDArray[np.float64]
    b_factor: NDArray[np.float64]
    insertion: tuple[str, ...] = ()
    place: tuple[int, ...] = ()
    file: str = ""

    def __len__(self) -> int:
        return len(self.letters)

    @property
    def title(self) -> str:
        """Which chain it is, of which file: what messages call it."""
        return f"chain {self.name} of {self.file}" if self.file else f"chain {self.name}"

    @cached_property
    def codes(self) -> NDArray[np.int8]:
        """Indices (n,) into `AMINO_ACIDS`; −1 for X."""
        return np.array([AMINO_ACIDS.find(letter) for letter in self.letters], dtype=np.int8)

    def atom(self, name: str) -> NDArray[np.float64]:
        """Positions (n, 3) of the atoms of one name; NaN where a residue has none."""
        found = np.full((len(self), 3), np.nan)
        chosen = np.array([atom == name for atom in self.atom_names], dtype=bool)
        found[self.residue[chosen]] = self.positions[chosen]
        return found

    @cached_property
    def calpha(self) -> NDArray[np.float64]:
        """Cα positions (n, 3); NaN where a residue has none."""
        return self.atom("CA")

    @cached_property
    def backbone(self) -> NDArray[np.float64]:
        """Positions (n, 4, 3) of N, CA, C, O; NaN where missing."""
        return np.stack([self.atom(name) for name in ("N", "CA", "C", "O")], axis=1)

    @cached_property
    def amplitudes(self) -> NDArray[np.float64]:
        """Atomic numbers (m,), as `density.simulate` takes them."""
        return np.array([ATOMIC_NUMBER[e.upper()] for e in self.elements], dtype=np.float64)
