"""Tell whether a map is the mirror image of a protein, from the Cα positions found in it.

A network finds the Cα of a mirror image as well as those of a protein (the mean probability of the
hundred best Cα was higher for the protein in 21 of 36 simulated maps), but they wind the other way.
So positions tell the hand, and the mirror image need not be looked at.

Measured on 8 other validation chains, simulated with noise up to SNR 1, and on their mirror images:
at 3.5 and 5 Å the likelier hand is right in 32 of 32 and `Hand.mirrored` in 12 of 16 mirror images;
at 7 Å the likelier hand is right in 15 of 16. Of 32 proteins at 3.5, 5, 7 and 10 Å none is called a
mirror image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.structure import CalphaSet

__all__ = ["Hand", "tell_hand"]

LINK = (3.2, 4.4)
"""Å between neighbours along a chain, as positions are found: a trans peptide's 3.8 Å and 0.6 Å of
error to either side."""

HELIX_BEND, HELIX_REACH, HELIX_TORSION = (4.7, 6.3), (4.2, 6.6), (25.0, 80.0)
STRAND_BEND, STRAND_REACH, STRAND_TORSION = (5.8, 8.0), (8.8, 12.0), (120.0, 172.0)
"""Å from first to third and from first to fourth of four, and size of their torsion in degrees.
Near 180° a strand's torsion has no sign to speak of."""

LEAST_STRAND = 0.5
"""Mean probability that four positions are in a strand."""

HELIX_WEIGHT, STRAND_WEIGHT = 1.0, 0.7
"""Log odds of the hand from four positions. By count they are 3.4 and 2.1 (36 simulated maps of 12
validation chains at 2.5–5 Å, with noise); but fours overlap, and a wrong link spoils three."""

MOST_ODDS = 50.0
"""Bound of the log-odds of the hand, so that its probability can be computed."""

WRONG = 0.01
"""Probability of the right hand below which a map is called a mirror image."""


@dataclass(frozen=True)
class Hand:
    """The hand of a map and what it was told by.

    Attributes
    ----------
    helix : tuple of int
        Fours of successive positions that wind as a right-handed helix does, and as its mirror
        image.
    strand : tuple of int
        Fours that twist as a strand does, and as its mirror image.
    right : float
        Probability that the map has the hand of proteins; 0.5 where nothing tells.
    """

    helix: tuple[int, int]
    strand: tuple[int, int]
    right: float

    @property
    def mirrored(self) -> bool:
        """Surely the mirror image of a protein."""
        return self.right < WRONG


def tell_hand(calpha: CalphaSet) -> Hand:
    """The hand of a map, from positions found in it.

    Parameters
    ----------
    calpha : CalphaSet

    Returns
    -------
    Hand
    """
    fours = _fours(calpha.positions)
    x = calpha.positions[fours]

    def within(first: int, last: int, bounds: tuple[float, float]) -> NDArray[np.bool_]:
        apart = np.linalg.norm(x[:, last] - x[:, first], axis=1)
        return (apart > bounds[0]) & (apart < bounds[1])

    torsion = np.degrees(_torsion(x))
    size = np.abs(torsion)
    strand = calpha.secondary_structure[fours, 1].mean(axis=1) > LEAST_STRAND
    counts = []
    for bend, reach, sizes, sign, besides in (
        (HELIX_BEND, HELIX_REACH, HELIX_TORSION, 1, True),
        (STRAND_BEND, STRAND_REACH, STRAND_TORSION, -1, strand),
    ):
        chosen = within(0, 2, bend) & within(1, 3, bend) & within(0, 3, reach) & besides
        chosen &= (size > sizes[0]) & (size < sizes[1])
        counts.append(tuple(int(np.sum(chosen & (s * torsion > 0))) for s in (sign, -sign)))
    (helix, left), (strand_right, strand_left) = counts
    odds = HELIX_WEIGHT * (helix - left) + STRAND_WEIGHT * (strand_right - strand_left)
    odds = float(np.clip(odds, -MOST_ODDS, MOST_ODDS))
    return Hand(counts[0], counts[1], float(1 / (1 + np.exp(-odds))))


def _fours(positions: NDArray[np.float64]) -> NDArray[np.int64]:
    """All chains (m, 4) of four linked positions, each in one direction."""
    pairs = cKDTree(positions).query_pairs(LINK[1], output_type="ndarray").reshape(-1, 2)
    apart = np.linalg.norm(positions[pairs[:, 0]] - positions[pairs[:, 1]], axis=1)
    pairs = pairs[apart > LINK[0]]
    links = np.concatenate([pairs, pairs[:, ::-1]]).astype(np.int64)
    links = links[np.lexsort((links[:, 1], links[:, 0]))]
    start = np.searchsorted(links[:, 0], np.arange(len(positions) + 1))
    chains = links
    for _ in range(2):
        count = np.diff(start)[chains[:, -1]]
        row = np.repeat(np.arange(len(chains)), count)
        turn = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        following = links[start[chains[row, -1]] + turn, 1]
        new = np.all(chains[row] != following[:, None], axis=1)
        chains = np.column_stack([chains[row], following])[new]
    return chains[chains[:, 0] < chains[:, -1]]


def _torsion(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Torsion in radians of fours of positions (m, 4, 3)."""
    a, b, c = x[:, 1] - x[:, 0], x[:, 2] - x[:, 1], x[:, 3] - x[:, 2]
    first, second = np.cross(a, b), np.cross(b, c)
    along = np.linalg.norm(b, axis=1) * np.sum(a * second, axis=1)
    return np.arctan2(along, np.sum(first * second, axis=1))
