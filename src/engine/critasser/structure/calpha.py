"""Cα positions found in a map, and chains through them: positions, traces, templates."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from critasser.structure.fields import check_shape, set_array

__all__ = ["CalphaSet", "CalphaTriples", "Template", "Trace"]


@dataclass(frozen=True, eq=False)
class CalphaTriples:
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
        set_array(self, "triple", np.int64)
        set_array(self, "log_odds", np.float64)
        check_shape(self, "triple", (None, 3))
        check_shape(self, "log_odds", (len(self.triple),))

    def select(self, index: NDArray[np.int64], count: int) -> CalphaTriples:
        """Those whose three positions of `count` are all in `index`, by their place in it."""
        place = np.full(count, -1)
        place[index] = np.arange(len(index))
        triple = place[self.triple]
        whole = (triple >= 0).all(axis=1)
        return CalphaTriples(triple[whole], self.log_odds[whole])


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
    triples : CalphaTriples, optional
        How the chain may run through them.
    """

    positions: NDArray[np.float64]
    probability: NDArray[np.float64]
    amino_acid: NDArray[np.float64]
    secondary_structure: NDArray[np.float64]
    triples: CalphaTriples | None = None

    def __post_init__(self) -> None:
        for name in ("positions", "probability", "amino_acid", "secondary_structure"):
            set_array(self, name, np.float64)
        n = len(self.positions)
        check_shape(self, "positions", (None, 3))
        check_shape(self, "probability", (n,))
        check_shape(self, "amino_acid", (n, 20))
        check_shape(self, "secondary_structure", (n, 3))

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
            self.triples and self.triples.select(index, len(self)),
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
        set_array(self, "positions", np.float64)
        set_array(self, "confidence", np.float64)
        check_shape(self, "positions", (None, 3))
        check_shape(self, "confidence", (len(self.positions),))

    @property
    def placed(self) -> NDArray[np.bool_]:
        """Which residues (L,) have a position."""
        return np.isfinite(self.positions).all(axis=1)

    def part(self, chosen: NDArray[np.bool_]) -> Trace:
        """Of chosen residues (L,) of the target alone."""
        return replace(
            self, positions=self.positions[chosen], confidence=self.confidence[chosen]
        )


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
    identity : float
        Share of the aligned residues with the same amino acid, 0 … 1.
    z_score : float
        Deviations by which the register that the template has stands out from others in the map.
    values : ndarray (L,) float64, optional
        What each residue gains by the density where it stands, in deviations of the fields that
        structures are fitted to; NaN where that is not known.
    """

    positions: NDArray[np.float64]
    score: float
    source: str
    identity: float = 1.0
    z_score: float = 0.0
    values: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        set_array(self, "positions", np.float64)
        check_shape(self, "positions", (None, 3))
        if self.values is None:
            object.__setattr__(self, "values", np.full(len(self.positions), np.nan))
        set_array(self, "values", np.float64)
        check_shape(self, "values", (len(self.positions),))

    @property
    def placed(self) -> NDArray[np.bool_]:
        """Which residues (L,) have a position."""
        return np.isfinite(self.positions).all(axis=1)

    def part(self, chosen: NDArray[np.bool_]) -> Template:
        """Of chosen residues (L,) of the target alone."""
        return replace(self, positions=self.positions[chosen], values=self.values[chosen])
