"""Make the surfaces of regions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ...engine.critasser.segmentation.regions import Regions

__all__ = ["Geometry", "geometries", "placed"]

Geometry = tuple[np.ndarray, np.ndarray]
"""Vertices (n, 3), x y z in voxels of the whole map, and triangles (m, 3)."""

_FINEST = 256
"""Voxels along the longest side of a box from which on every second one is enough to look at."""

_SMOOTHING = 0.5, 8
"""Factor and number of turns, for surfaces that would show voxels as stairs."""


def geometries(
    regions: Regions, group: np.ndarray, numbers: Iterable[int] | None = None
) -> dict[int, Geometry]:
    """Surfaces of regions, in voxels; may be called in a thread.

    Parameters
    ----------
    regions : Regions
    group : ndarray (n + 1,)
    numbers : iterable of int, optional
        Only these regions.

    Returns
    -------
    dict
        By number of the region.
    """
    from chimerax.segment import segmentation_surfaces
    from chimerax.surface import smooth_vertex_positions

    wanted = np.asarray(group, dtype=np.int32)
    labels, corner = regions.labels, np.array(regions.offset)
    if numbers is not None:
        wanted = np.where(np.isin(group, list(numbers)), group, 0).astype(np.int32)
        labels, corner = _cut_out(labels, wanted, corner)
    if not wanted.any() or not labels.size:
        return {}
    stride = max(1, int(np.ceil(max(labels.shape) / _FINEST)))
    found = {}
    # Without nothing around it a surface would end flat where the box does.
    thinned = np.pad(labels[::stride, ::stride, ::stride], 1)
    for number, vertices, triangles in segmentation_surfaces(thinned, wanted):
        smooth_vertex_positions(vertices, triangles, *_SMOOTHING)
        found[int(number)] = ((vertices - 1) * stride + corner[::-1], triangles)
    empty = set(np.unique(wanted[wanted > 0]).tolist()) - found.keys()
    if empty:
        # So small that no voxel of them was looked at.
        only = np.where(np.isin(wanted, list(empty)), wanted, 0).astype(np.int32)
        for number, vertices, triangles in segmentation_surfaces(np.pad(labels, 1), only):
            found[int(number)] = (vertices - 1 + corner[::-1], triangles)
    return found


def _cut_out(labels, wanted, corner) -> tuple[np.ndarray, np.ndarray]:
    """The part of a box that holds all that is wanted."""
    inside = (wanted != 0)[labels]
    box = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        found = np.flatnonzero(inside.any(axis=others))
        box.append(slice(int(found[0]), int(found[-1]) + 1) if found.size else slice(0, 0))
    cut = np.ascontiguousarray(labels[tuple(box)])
    return cut, corner + [part.start for part in box]


def placed(geometry: Geometry, grid: np.ndarray):
    """Vertices, normals and triangles in a map's coordinates.

    Parameters
    ----------
    geometry : Geometry
    grid : ndarray (3, 4)
        From voxels to the map's coordinates.
    """
    from chimerax.surface import calculate_vertex_normals

    vertices, triangles = geometry
    there = (vertices @ grid[:, :3].T + grid[:, 3]).astype(np.float32)
    return there, calculate_vertex_normals(there, triangles), triangles
