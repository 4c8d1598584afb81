"""What stages hand to each other: positions, traces, templates, models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from critasser.structure.alphabet import ATOMIC_NUMBER
from critasser.structure.sequence import Target

__all__ = ["AtomicModel", "CalphaSet", "Template", "Trace", "Ways"]


def _check_shape(owner: object, name: str, shape: tuple[int | None, ...]) -> None:
    """ValueError unless the field is an array of that shape (None: any length)."""
    found = np.shape(getattr(owner, name))
    if len(found) != len(shape) or any(b not in (None, a) for a, b in zip(found, shape)):
        raise ValueError(f"{type(owner).__name__}.{name} has shape {found}, not {shape}")


def _set_array(owner: object, name: str, dtype: type) -> None:
    object.__setattr__(owner, name, np.ascontiguousarray(getattr(owner, name), dtype=dtype))


@dataclass(frozen=True, eq=False)
class Ways:
    """How the chain may run through Cα positions.

    Attributes
    ----------
    triple : ndarray (t, 3) int64
        Positions before, at and after, by their index.
    log_odds : ndarray (t,) float64
        That the chain runs there, in this direction.
    """

    triple: NDArray[np.int64]
    log_odds: NDArray[np.float64]

    def __post_init__(self) -> None:
        _set_array(self, "triple", np.int64)
        _set_array(self, "log_odds", np.float64)
        _check_shape(self, "triple", (None, 3))
        _check_shape(self, "log_odds", (len(self.triple),))

    def select(self, index: NDArray[np.int64], count: int) -> Ways:
        """Those whose three positions of `count` are all in `index`, by their place in it."""
        place = np.full(count, -1)
        place[index] = np.arange(len(index))
        triple = place[self.triple]
        whole = (triple >= 0).all(axis=1)
        return Ways(triple[whole], self.log_odds[whole])


@dataclass(frozen=True, eq=False)
class CalphaSet:
    """Cα positions found in a map, not yet assigned to residues.

    Attributes
    ----------
    positions : ndarray (n, 3) float64
        x, y, z in Å.
    probability : ndarray (n,) float64
        Of a Cα there.
    amino_acid : ndarray (n, 20) float64
        Probabilities in the order of `AMINO_ACIDS`.
    secondary_structure : ndarray (n, 3) float64
        Probabilities of helix, strand, coil.
    ways : Ways, optional
        What is known of the chain's course.
    """

    positions: NDArray[np.float64]
    probability: NDArray[np.float64]
    amino_acid: NDArray[np.float64]
    secondary_structure: NDArray[np.float64]
    ways: Ways | None = None

    def __post_init__(self) -> None:
        for name in ("positions", "probability", "amino_acid", "secondary_structure"):
            _set_array(self, name, np.float64)
        n = len(self.positions)
        _check_shape(self, "positions", (None, 3))
        _check_shape(self, "probability", (n,))
        _check_shape(self, "amino_acid", (n, 20))
        _check_shape(self, "secondary_structure", (n, 3))

    def __len__(self) -> int:
        return len(self.positions)

    def select(self, index: ArrayLike) -> CalphaSet:
        """Those positions that an index array or Boolean array (n,) names."""
        index = np.arange(len(self))[np.asarray(index)]
        return CalphaSet(
            self.positions[index],
            self.probability[index],
            self.amino_acid[index],
            self.secondary_structure[index],
            self.ways and self.ways.select(index, len(self)),
        )


@dataclass(frozen=True, eq=False)
class Trace:
    """Cα positions assigned to residues of the target.

    Attributes
    ----------
    positions : ndarray (L, 3) float64
        x, y, z in Å; NaN where a residue is not placed.
    confidence : ndarray (L,) float64
        0 … 1, of position and register; 0 where not placed.
    score : float
        Higher is better, comparable between traces of one call.
    source : str
        Where it comes from, for the log.
    """

    positions: NDArray[np.float64]
    confidence: NDArray[np.float64]
    score: float
    source: str

    def __post_init__(self) -> None:
        _set_array(self, "positions", np.float64)
        _set_array(self, "confidence", np.float64)
        _check_shape(self, "positions", (None, 3))
        _check_shape(self, "confidence", (len(self.positions),))

    @property
    def placed(self) -> NDArray[np.bool_]:
        """Which residues (L,) have a position."""
        return np.isfinite(self.positions).all(axis=1)


@dataclass(frozen=True, eq=False)
class Template:
    """A known structure aligned with the target and superposed in the map's frame.

    Attributes
    ----------
    positions : ndarray (L, 3) float64
        x, y, z in Å; NaN where the template has nothing for a residue.
    score : float
        CRscore against the Cα positions (paper eq. 1).
    source : str
        Where it comes from, for the log.
    """

    positions: NDArray[np.float64]
    score: float
    source: str

    def __post_init__(self) -> None:
        _set_array(self, "positions", np.float64)
        _check_shape(self, "positions", (None, 3))

    @property
    def placed(self) -> NDArray[np.bool_]:
        """Which residues (L,) have a position."""
        return np.isfinite(self.positions).all(axis=1)


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
        _set_array(self, "residue", np.int64)
        _set_array(self, "positions", np.float64)
        n = len(self.atom_names)
        _check_shape(self, "elements", (n,))
        _check_shape(self, "residue", (n,))
        _check_shape(self, "positions", (n, 3))
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
