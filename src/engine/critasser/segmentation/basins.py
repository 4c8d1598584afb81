"""Divide a map into basins: voxels whose steepest ascent ends at the same maximum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Basins", "climb", "watershed"]

_NEIGHBOURS = [
    (dz, dy, dx) for dz in (-1, 0, 1) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dz or dy or dx
]
"""The 26 around a voxel, in the order in which the first of equals wins."""


@dataclass(frozen=True)
class Basins:
    """Basins of a map, in the box that holds them all.

    Attributes
    ----------
    labels : ndarray (dz, dy, dx) of uint32
        Number of each voxel's basin, from 1 in the order of first voxels; 0 outside.
    offset : tuple of 3 ints
        First voxel of the box in the whole map.
    shape : tuple of 3 ints
        Of the whole map.
    maxima : ndarray (n, 3) of int64
        Voxel of each basin's maximum in the box; row i is of basin i + 1.
    """

    labels: np.ndarray
    offset: tuple[int, int, int]
    shape: tuple[int, int, int]
    maxima: np.ndarray

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """Where the box is in the whole map."""
        return tuple(slice(o, o + n) for o, n in zip(self.offset, self.labels.shape))


def watershed(values: np.ndarray, level: float, keep_apart: np.ndarray | None = None) -> Basins:
    """Basins of what is at or above a level, as `chimerax.segment.watershed_regions` has them.

    Parameters
    ----------
    values : ndarray (nz, ny, nx)
    level : float
    keep_apart : ndarray (nz, ny, nx) of int, optional
        Numbers of parts: what is not 0 is inside, whatever the level, and no basin has voxels of
        two parts.

    Returns
    -------
    Basins
        None at all (labels of shape (0, 0, 0)) where nothing reaches the level.
    """
    inside = values >= level if keep_apart is None else keep_apart != 0
    bounds = _bounds(inside)
    shape = tuple(int(n) for n in values.shape)
    if bounds is None:
        return Basins(np.zeros((0, 0, 0), np.uint32), (0, 0, 0), shape, np.zeros((0, 3), np.int64))
    box = tuple(slice(first, last + 1) for first, last in bounds)
    inside = np.pad(inside[box], 1)
    padded = np.pad(np.asarray(values[box], dtype=np.float32), 1)
    flat = padded.ravel()
    own = np.flatnonzero(inside)
    part = None if keep_apart is None else np.pad(keep_apart[box], 1).ravel()
    highest = _highest_neighbours(flat, inside.ravel(), own, padded.shape, part)

    place = np.zeros(flat.size, dtype=np.int32 if own.size <= np.iinfo(np.int32).max else np.int64)
    place[own] = np.arange(own.size)
    parent = place[highest]
    while True:
        further = parent[parent]
        if np.array_equal(further, parent):
            break
        parent = further
    number, roots = _in_order(parent)
    labels = np.zeros(padded.shape, dtype=np.uint32)
    labels.ravel()[own] = number
    maxima = np.stack(np.unravel_index(own[roots], padded.shape), axis=1).astype(np.int64) - 1
    labels = np.ascontiguousarray(labels[1:-1, 1:-1, 1:-1])
    return Basins(labels, tuple(int(first) for first, _ in bounds), shape, maxima)


def _bounds(inside: np.ndarray) -> list[tuple[int, int]] | None:
    """First and last index along each axis of what is inside."""
    bounds = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        found = np.flatnonzero(inside.any(axis=others))
        if not found.size:
            return None
        bounds.append((int(found[0]), int(found[-1])))
    return bounds


def _highest_neighbours(flat, inside, own, shape, part) -> np.ndarray:
    """For each voxel inside, the highest of it and its 26 neighbours that are inside too."""
    best = flat[own]
    target = own.copy()
    steps = np.array([shape[1] * shape[2], shape[2], 1])
    for neighbour in _NEIGHBOURS:
        beside = own + int(steps @ neighbour)
        value = flat[beside]
        better = (value > best) & inside[beside]
        if part is not None:
            better &= part[beside] == part[own]
        np.copyto(best, value, where=better)
        np.copyto(target, beside, where=better)
    return target


def _in_order(parent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers from 1 in order of first appearance, and the root of each."""
    roots, first = np.unique(parent, return_index=True)
    order = np.argsort(first, kind="stable")
    number = np.zeros(int(roots[-1]) + 1, dtype=np.uint32)
    number[roots[order]] = np.arange(1, roots.size + 1, dtype=np.uint32)
    return number[parent], roots[order]


def climb(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Local maxima that steepest ascents end at.

    Parameters
    ----------
    values : ndarray (nz, ny, nx)
    starts : ndarray (n, 3) of int
        Voxels.

    Returns
    -------
    ndarray (n, 3) of int64
    """
    padded = np.pad(values, 1, constant_values=-np.inf)
    flat = padded.ravel()
    steps = np.array([padded.shape[1] * padded.shape[2], padded.shape[2], 1])
    around = np.array([0, *(int(steps @ one) for one in _NEIGHBOURS)])
    place = (np.asarray(starts, dtype=np.int64) + 1) @ steps
    moving = np.arange(place.size)
    while moving.size:
        near = place[moving, None] + around
        best = np.argmax(flat[near], axis=1)
        up = best > 0
        moving = moving[up]
        place[moving] = near[up, best[up]]
    return np.stack(np.unravel_index(place, padded.shape), axis=1).astype(np.int64) - 1
