"""All-atom models of a target."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from critasser.structure.alphabet import ATOMIC_NUMBER
from critasser.structure.fields import check_shape, set_array
from critasser.structure.sequence import Target

__all__ = ["AtomicModel"]


@dataclass(frozen=True, eq=False)
class AtomicModel:
    """Atoms of all residues of a target.

    Attributes
    ----------
    target : Target
    atom_names : tuple of str (n,)
        As in the PDB: N, CA, CB …
    elements : tuple of str (n,)
        N, C, …
    residue : ndarray (n,) int64
        Index 0 … L − 1 of each atom's residue.
    positions : ndarray (n, 3) float64
        x, y, z in Å.
    """

    target: Target
    atom_names: tuple[str, ...]
    elements: tuple[str, ...]
    residue: NDArray[np.int64]
    positions: NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "atom_names", tuple(str(name) for name in self.atom_names))
        object.__setattr__(self, "elements", tuple(str(name) for name in self.elements))
        set_array(self, "residue", np.int64)
        set_array(self, "positions", np.float64)
        n = len(self.atom_names)
        check_shape(self, "elements", (n,))
        check_shape(self, "residue", (n,))
        check_shape(self, "positions", (n, 3))
        if n and (self.residue.min() < 0 or self.residue.max() >= len(self.target)):
            raise ValueError("an atom belongs to a residue that the target does not have")

    def __len__(self) -> int:
        return len(self.atom_names)

    @property
    def calpha(self) -> NDArray[np.float64]:
        """Cα positions (L, 3); NaN where a residue has none."""
        return self.atom("CA")

    def atom(self, name: str) -> NDArray[np.float64]:
        """Positions (L, 3) of the atoms of one name; NaN where a residue has none."""
        found = np.full((len(self.target), 3), np.nan)
        chosen = np.array([atom == name for atom in self.atom_names], dtype=bool)
        found[self.residue[chosen]] = self.positions[chosen]
        return found

    @cached_property
    def amplitudes(self) -> NDArray[np.float64]:
        """Atomic numbers (n,), as `density.simulate` takes them."""
        return np.array([ATOMIC_NUMBER[e.upper()] for e in self.elements], dtype=np.float64)

    def with_positions(self, positions: ArrayLike) -> AtomicModel:
        """The same atoms elsewhere: positions (n, 3) in Å."""
        return replace(self, positions=np.asarray(positions, dtype=np.float64))

    def without(self, left_out: NDArray[np.bool_]) -> AtomicModel:
        """The same target without the atoms of some of its residues (L,)."""
        kept = ~left_out[self.residue]
        return replace(
            self,
            atom_names=tuple(itertools.compress(self.atom_names, kept)),
            elements=tuple(itertools.compress(self.elements, kept)),
            residue=self.residue[kept],
            positions=self.positions[kept],
        )

    def part(self, chosen: NDArray[np.bool_]) -> AtomicModel:
        """Some of the residues (L,), see `Target.part`."""
        kept = chosen[self.residue]
        place = np.cumsum(chosen) - 1
        return AtomicModel(
            self.target.part(chosen),
            tuple(itertools.compress(self.atom_names, kept)),
            tuple(itertools.compress(self.elements, kept)),
            place[self.residue[kept]],
            self.positions[kept],
        )
