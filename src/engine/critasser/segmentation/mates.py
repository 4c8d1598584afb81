"""Find the regions that a map's symmetry leads onto each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

__all__ = ["index_operations", "symmetry_mates"]

SAMPLES = 500
"""Voxels of a region that are looked at."""

MOST_SAMPLES = 500_000
"""Voxels of all regions together that they are chosen from."""

ALIKE = 0.5
"""Share of them that has to come to lie in one other region."""


def index_operations(
    places: Iterable[np.ndarray], grid: np.ndarray, offset: Sequence[int]
) -> list[np.ndarray]:
    """Symmetry of a map, as it leads voxels of a part of it onto each other.

    Parameters
    ----------
    places : iterable of ndarray (3, 4)
        In the map's coordinates, x y z.
    grid : ndarray (3, 4)
        From voxels (x, y, z) to those coordinates.
    offset : three ints
        First voxel (z, y, x) of the part.

    Returns
    -------
    list of ndarray (3, 4)
        From voxels (z, y, x) to voxels.
    """
    flip = np.eye(3)[::-1]
    first = np.asarray(offset, dtype=np.float64)
    there, shift = flip @ grid[:, :3] @ flip, flip @ grid[:, 3]
    back = np.linalg.inv(there)
    found = []
    for place in np.asarray(list(places), dtype=np.float64):
        turn, moved = flip @ place[:, :3] @ flip, flip @ place[:, 3]
        linear = back @ turn @ there
        constant = back @ (turn @ shift + moved - shift)
        found.append(np.column_stack([linear, constant + linear @ first - first]))
    return found


def symmetry_mates(index_map: np.ndarray, operations: Iterable[np.ndarray]) -> dict[int, int]:
    """Groups of equivalent regions.

    Parameters
    ----------
    index_map : ndarray (nz, ny, nx) of uint32
        Numbers of regions, 0 outside.
    operations : iterable of ndarray (3, 4)
        Each leads voxels (z, y, x) onto equivalent ones.

    Returns
    -------
    dict
        Number of the group, from 1, of each region that has mates; two regions are mates when more
        than half of each comes to lie in the other.
    """
    regions, points = _samples(index_map)
    if not len(regions):
        return {}
    size = np.array(index_map.shape)
    leader = {int(number): int(number) for number in regions}

    def lead(number: int) -> int:
        while leader[number] != number:
            number = leader[number]
        return number

    for operation in operations:
        forth = _onto(index_map, regions, points, size, operation)
        turn = operation[:, :3]
        inverse = np.linalg.inv(turn)
        back = np.column_stack([inverse, -inverse @ operation[:, 3]])
        returned = _onto(index_map, regions, points, size, back)
        for number, other in forth.items():
            if other != number and returned.get(other) == number:
                one, two = sorted((lead(number), lead(other)))
                leader[two] = one
    members: dict[int, list[int]] = {}
    for number in leader:
        members.setdefault(lead(number), []).append(number)
    groups = [group for _, group in sorted(members.items()) if len(group) > 1]
    return {number: place for place, group in enumerate(groups, start=1) for number in group}


def _samples(index_map) -> tuple[np.ndarray, list[np.ndarray]]:
    """Numbers of the regions, and evenly chosen voxels (k, 3) of each."""
    flat = index_map.ravel()
    inside = np.flatnonzero(flat)
    inside = inside[:: max(1, inside.size // MOST_SAMPLES)]
    numbers = flat[inside]
    order = np.argsort(numbers, kind="stable")
    regions, begins = np.unique(numbers[order], return_index=True)
    points = []
    for begin, end in zip(begins, np.append(begins[1:], len(order))):
        chosen = np.unique(np.linspace(begin, end - 1, SAMPLES).astype(np.int64))
        place = inside[order[chosen]]
        points.append(np.stack(np.unravel_index(place, index_map.shape), axis=1))
    return regions, points


def _onto(index_map, regions, points, size, operation) -> dict[int, int]:
    """The region in which most of each one comes to lie."""
    found = {}
    for number, own in zip(regions, points):
        there = np.rint(own @ operation[:, :3].T + operation[:, 3]).astype(np.int64)
        there = there[((there >= 0) & (there < size)).all(axis=1)]
        others, votes = np.unique(index_map[tuple(there.T)], return_counts=True)
        if others.size and others[votes.argmax()] and votes.max() > ALIKE * len(own):
            found[int(number)] = int(others[votes.argmax()])
    return found
