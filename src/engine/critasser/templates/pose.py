"""Says where a template may lie in the map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Fit", "PlacedChain", "Pose", "Search", "in_chain"]


@dataclass(frozen=True, eq=False)
class Pose:
    """A rigid placing of a template.

    Attributes
    ----------
    rotation : ndarray (3, 3)
    translation : ndarray (3,)
        Å; a template point x goes to ``rotation @ x + translation``.
    score : float
        Share of the template's Cα that find a partner, weighted by ``1/(1 + (d/2 Å)²)``; 0 … 1,
        comparable between strategies.
    """

    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]
    score: float

    def apply(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Positions (n, 3) moved; NaN stays NaN."""
        return positions @ self.rotation.T + self.translation


@dataclass(frozen=True, eq=False)
class PlacedChain:
    """A template chain in the map, as a fit to the density puts it.

    Attributes
    ----------
    positions : ndarray (n, 3)
        Cα of the chain's n residues in the map's frame, Å; NaN where it has no place.
    bodies : int
        Rigid bodies that it was placed as.
    """

    positions: NDArray[np.float64]
    bodies: int


Search = Callable[..., tuple[Pose, ...]]
"""``search(moving (n, 3), fixed (m, 3), *, copies=1, progress=None)`` → poses, best first."""


def in_chain(
    length: int, seen: NDArray[np.int64], placed: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Positions (length, 3) of all residues of a chain, from those (n, 3) that have a Cα."""
    positions = np.full((length, 3), np.nan)
    positions[seen] = placed
    return positions


class Fit(Protocol):
    """What the density says of template chains in the map."""

    def __call__(
        self,
        number: int,
        *,
        copies: int = 1,
        progress: Callable[[float, str], None] | None = None,
    ) -> Sequence[PlacedChain]:
        """Places of chain `number`, best first; none where the map does not tell them."""

    def gain(
        self, number: int, positions: NDArray[np.float64], wanted: NDArray[np.bool_]
    ) -> float:
        """What the wanted residues (n,) of chain `number` gain by lying at positions (n, 3), NaN
        for none: the sum over residues of how far each is above what chance does."""

    def lying(self, number: int, positions: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Residues (n,) of chain `number` at positions (n, 3) but for stretches off the density."""

    def along(
        self, number: int, positions: NDArray[np.float64]
    ) -> NDArray[np.float64] | None:
        """Log-odds (n, 20) of amino acids that the map shows along chain `number` at positions
        (n, 3), NaN where it shows none; None where the map is not asked."""

    def certain(self, number: int) -> bool:
        """Whether the fold of chain `number` is known to be that of the map."""

    def against(
        self,
        number: int,
        positions: NDArray[np.float64],
        wanted: NDArray[np.bool_],
        letters: NDArray[np.int8],
        z_score: float = 0.0,
    ) -> str:
        """Why chain `number` cannot lie at positions (n, 3), NaN for none; empty if it can.

        Residues (n,) that the target has too are `wanted`; only they can be in the map. They are
        read as `letters` (n,), indices into `AMINO_ACIDS`; -1 where the target has none.
        `z_score` says how far that reading stands out from chance.
        """
