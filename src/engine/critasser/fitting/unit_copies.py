"""Copies of a placed structure in the other units of a symmetric molecule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.density import Grid
from critasser.fitting.choice import CLASH_DISTANCE
from critasser.structure import Symmetry

__all__ = ["distinct_places", "overlap_of_units", "units_in_map"]

ONE_PLACE = 0.5
"""Share of a structure's residues that lie in another's place, from which the two are in one: units
that touch share a few in a hundred."""

LEAST_INSIDE = 0.8
"""Of a copy's residues, that must lie in the map: boxes cut filaments."""


def units_in_map(calpha: NDArray[np.float64], symmetry: Symmetry, grid: Grid) -> Symmetry:
    """Operations that lead a structure to its copies in a map.

    Parameters
    ----------
    calpha : ndarray (n, 3)
        Of the structure in its place, Å; NaN where missing.
    symmetry : Symmetry
        Of the map; the first operation is the identity.
    grid : Grid
        The map.

    Returns
    -------
    Symmetry
        The identity first; none that leads out of the map, nor to where the structure or another
        of its copies is already, as of a structure that is the whole molecule.
    """
    calpha = _present(calpha)
    kept: list[int] = []
    trees: list[cKDTree] = []
    for k, image in enumerate(symmetry.images(calpha)):
        inside = ((image >= grid.origin) & (image <= grid.upper)).all(axis=1).mean()
        free = all(_shared(image, tree) < ONE_PLACE for tree in trees)
        if k == 0 or (inside >= LEAST_INSIDE and free):
            kept.append(k)
            trees.append(cKDTree(image))
    return Symmetry(symmetry.rotation[kept], symmetry.shift[kept])


def distinct_places(places: Sequence[NDArray[np.float64]], symmetry: Symmetry) -> list[int]:
    """Which places (n, 3) of a structure, best first, are no image of a better one."""
    kept: list[int] = []
    trees: list[cKDTree] = []
    for k, place in enumerate(places):
        own = _present(place)
        if all(_shared(own, tree) < ONE_PLACE for tree in trees):
            kept.append(k)
            trees += map(cKDTree, symmetry.images(own))
    return kept


def overlap_of_units(calpha: NDArray[np.float64], units: Symmetry) -> float:
    """Largest share of a structure's residues (n, 3) that lie in one of its copies."""
    own = _present(calpha)
    return max((_shared(own, cKDTree(image)) for image in units.images(own)[1:]), default=0.0)


def _present(calpha: NDArray[np.float64]) -> NDArray[np.float64]:
    return calpha[np.isfinite(calpha).all(axis=1)]


def _shared(positions: NDArray[np.float64], tree: cKDTree) -> float:
    """Share of positions (n, 3) that lie in another structure."""
    distance, _ = tree.query(positions, distance_upper_bound=CLASH_DISTANCE)
    return float(np.isfinite(distance).mean())
