"""Puts hydrogens where their heavy atoms' geometry says, the same way every time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from critasser.atomic.internal_coordinates import direction, place, unit

__all__ = ["hydrogen_positions"]

LENGTH = {"C": 1.09, "N": 1.01, "O": 0.96, "S": 1.34}
"""Å from the heavy atom."""

HALF_TETRAHEDRON = np.radians(54.75)
"""Half of the angle between two hydrogens of a tetrahedral atom."""

END_GEOMETRY = {
    1: (np.radians(109.0), (np.pi,)),
    2: (np.radians(120.0), (0.0, np.pi)),
    3: (np.radians(109.5), (np.pi / 3, np.pi, -np.pi / 3)),
}
"""Bond angle and torsions of the hydrogens of an end atom, by their number: hydroxyl or thiol,
amide, methyl or ammonium."""


def hydrogen_positions(
    element: str,
    parent: NDArray[np.float64],
    neighbours: NDArray[np.float64],
    beyond: NDArray[np.float64] | None,
    count: int,
) -> NDArray[np.float64]:
    """Positions (m, count, 3) of the hydrogens of m heavy atoms that are alike.

    Parameters
    ----------
    element : str
        Of the heavy atoms.
    parent : (m, 3) Å
    neighbours : (m, k, 3) Å
        Heavy atoms bonded to each.
    beyond : (m, 3) Å
        A heavy atom bonded to the only neighbour, where k is 1.
    count : int
        Number of hydrogens on each.
    """
    length = LENGTH[element]
    if neighbours.shape[1] == 1:
        if beyond is None:
            raise ValueError("an end atom's hydrogens need a reference beyond its neighbour")
        bend, turns = END_GEOMETRY[count]
        near = neighbours[:, 0]
        return np.stack([place(parent, near, beyond, length, bend, turn) for turn in turns], axis=1)
    arms = unit(neighbours - parent[:, None])
    away = direction(-arms.sum(axis=1), arms[:, 0])
    if count == 1:
        return (parent + length * away)[:, None]
    normal = direction(np.cross(arms[:, 0], arms[:, 1]), away)
    middle = parent + length * np.cos(HALF_TETRAHEDRON) * away
    side = length * np.sin(HALF_TETRAHEDRON) * normal
    return np.stack([middle + side, middle - side], axis=1)
