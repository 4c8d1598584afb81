"""Density near some atoms as a mesh of its own, closed all around: the map itself is not cut."""

from __future__ import annotations

import numpy as np

__all__ = ["density_at", "faded", "level_of", "mesh_near"]

REACH = 4.0
"""Å around the atoms within which density is shown as it is."""

RIM = 3.0
"""Å beyond that over which it fades away, so that the mesh ends in round caps."""

_MOST_VOXELS = 4_000_000
"""Of the box around the atoms; a larger one is looked at on every second voxel or fewer."""

_COLOR = (150, 150, 150, 255)

_SIGMAS = 2.0
"""Standard deviations over the mean, the level of a map that shows no surface."""


def faded(values: np.ndarray, distances: np.ndarray, reach: float, rim: float) -> np.ndarray:
    """Density that is as it was up to `reach` and falls to its least value over `rim`.

    Parameters
    ----------
    values : ndarray
    distances : ndarray
        Å; of each voxel from the nearest atom.
    reach, rim : float
        Å.
    """
    lowest = values.min()
    share = np.clip((reach + rim - distances) / rim, 0.0, 1.0)
    return (lowest + (values - lowest) * share).astype(np.float32)


def level_of(volume) -> float:
    """The level at which a map is looked at: its lowest surface's, else two deviations above its
    mean."""
    level = volume.minimum_surface_level
    if level is not None:
        return float(level)
    values = volume.full_matrix()[::2, ::2, ::2]
    return float(values.mean() + _SIGMAS * values.std())


def mesh_near(session, volume, scene_points: np.ndarray):
    """A mesh of a map's density near some points, in the map's place but not yet in the scene.

    Parameters
    ----------
    session : chimerax.core.session.Session
    volume : chimerax.map.Volume
    scene_points : ndarray (n, 3)
        Å, scene coordinates.

    Returns
    -------
    chimerax.core.models.Surface or None
        None where the map has nothing there.
    """
    from chimerax.core.models import Surface
    from chimerax.map import contour_surface
    from scipy.spatial import cKDTree

    data = volume.data
    points = volume.scene_position.inverse() * np.asarray(scene_points, dtype=np.float64)
    first, size, step = _box(data, points)
    if min(size) < 2:
        return None
    values = np.asarray(data.matrix(first, size), dtype=np.float32)[::step, ::step, ::step]
    grid = np.moveaxis(np.indices(values.shape), 0, -1)[..., ::-1] * step + first
    near = cKDTree(points)
    positions = data.ijk_to_xyz(grid.reshape(-1, 3).astype(np.float32))
    distances, _ = near.query(positions, distance_upper_bound=REACH + RIM)
    shown = faded(values, distances.reshape(values.shape), REACH, RIM)
    level = level_of(volume)
    vertices, triangles, normals = contour_surface(
        shown, level, cap_faces=True, calculate_normals=True
    )
    if not len(triangles):
        return None
    mesh = Surface("density at the place", session)
    placed = np.asarray(data.ijk_to_xyz(vertices * step + first), dtype=np.float32)
    turned = np.asarray(normals, dtype=np.float64) @ np.asarray(data.rotation, dtype=np.float64).T
    mesh.set_geometry(placed, turned.astype(np.float32), triangles)
    mesh.display_style = mesh.Mesh
    mesh.color = _COLOR
    mesh.pickable = False
    mesh.position = volume.scene_position
    return mesh


def _box(data, points: np.ndarray) -> tuple[tuple, tuple, int]:
    """First voxel and size of the box around points, and the step at which it is looked at."""
    index = np.asarray(data.xyz_to_ijk(points), dtype=np.float64)
    more = (REACH + RIM) / np.asarray(data.step, dtype=np.float64)
    whole = np.asarray(data.size)
    low = np.clip(np.floor(index.min(axis=0) - more), 0, whole).astype(int)
    high = np.clip(np.ceil(index.max(axis=0) + more) + 1, low, whole).astype(int)
    size = high - low
    step = max(int(np.ceil((np.prod(size, dtype=np.float64) / _MOST_VOXELS) ** (1 / 3))), 1)
    return tuple(low.tolist()), tuple(size.tolist()), step


def density_at(volume, scene_points: np.ndarray) -> np.ndarray:
    """Density (n,) at points as a multiple of the level at which the map is looked at.

    Parameters
    ----------
    volume : chimerax.map.Volume
    scene_points : ndarray (n, 3)
        Å, scene coordinates.
    """
    level = level_of(volume)
    values = np.asarray(volume.interpolated_values(np.asarray(scene_points, dtype=np.float32)))
    return values / level if level > 0 else np.full(len(values), np.nan)
