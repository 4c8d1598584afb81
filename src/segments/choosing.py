"""Where to build: what a person has chosen, as voxels of a map."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from chimerax.core.errors import UserError
from chimerax.core.models import Surface

from .models import Segment, Segmentation
from .voxelise import enclosed_voxels

__all__ = ["Chosen", "chosen_planes", "labels_from", "sort_out"]

_MOST_LABELS = 10_000
_LEAKING = 0.2
"""Share of the lines through a surface that may find no way out of it."""


@dataclass
class Chosen:
    """What a specifier means as a place in a map.

    Attributes
    ----------
    segments : dict
        Numbers of the regions of each segmentation.
    surfaces : list of chimerax.core.models.Model
        What they enclose.
    maps : list of chimerax.map.Volume
        Masks, and maps of regions' numbers.
    atoms : chimerax.atomic.Atoms
        Markers are atoms too.
    """

    segments: dict[Segmentation, list[int]] = field(default_factory=dict)
    surfaces: list = field(default_factory=list)
    maps: list = field(default_factory=list)
    atoms: object = ()

    def __bool__(self) -> bool:
        return bool(self.segments or self.surfaces or self.maps or len(self.atoms))

    @property
    def summary(self) -> str:
        """Said in messages."""
        regions = sum(len(numbers) for numbers in self.segments.values())
        counts = ((regions, "region"), (len(self.surfaces), "surface"), (len(self.maps), "map"),
                  (len(self.atoms), "atom"))  # fmt: skip
        parts = [f"{n} {what}{'s' if n > 1 else ''}" for n, what in counts if n]
        return ", ".join(parts)


def sort_out(objects, volume=None) -> Chosen:
    """What of some objects is a place: regions, surfaces, masks, atoms.

    Parameters
    ----------
    objects : chimerax.core.objects.Objects
    volume : chimerax.map.Volume, optional
        The map itself, which says nothing about where in it.

    Raises
    ------
    UserError
        There is nothing of that kind.
    """
    from chimerax.map import Volume, VolumeSurface

    models = list(objects.models)
    chosen = Chosen(atoms=objects.atoms)
    for model in models:
        if isinstance(model, Segment) and model.segmentation is not None:
            chosen.segments.setdefault(model.segmentation, []).append(model.number)
        elif isinstance(model, Volume):
            if model is not volume:
                chosen.maps.append(model)
        elif isinstance(model, VolumeSurface):
            # Of a map that is there itself it says nothing more.
            if model.volume is not volume and model.volume not in models:
                chosen.surfaces.append(model)
        elif _has_sides(model) and not (len(chosen.atoms) and hasattr(model, "atoms")):
            chosen.surfaces.append(model)
    for model in models:
        if isinstance(model, Segmentation) and model not in chosen.segments:
            chosen.segments[model] = sorted(model.segments)
    if not chosen:
        raise UserError(
            "segments: nothing chosen that is a place in the map; select regions (critasser "
            "segment), surfaces, markers or atoms"
        )
    return chosen


def _has_sides(model) -> bool:
    return isinstance(model, Surface) and model.triangles is not None and len(model.triangles) > 0


def chosen_planes(volume, chosen: Chosen, distance: float) -> Iterator[np.ndarray]:
    """Sections of a map's grid that lie in what is chosen: the union of all of it.

    Regions of the map's own segmentation are its voxels, exactly; all else is looked up where it
    lies in the scene now.

    Parameters
    ----------
    volume : chimerax.map.Volume
    chosen : Chosen
    distance : float
        Å; how near atoms.
    """
    from ..jobs.inputs import mask_planes, zone_planes

    parts = [_segment_planes(volume, model, numbers) for model, numbers in chosen.segments.items()]
    parts += [iter(inside_surface(volume, surface)) for surface in chosen.surfaces]
    parts += [mask_planes(volume, mask) for mask in chosen.maps]
    if len(chosen.atoms):
        parts.append(zone_planes(volume, chosen.atoms.scene_coords, distance))
    for planes in zip(*parts):
        yield np.logical_or.reduce(planes)


def _segment_planes(volume, segmentation: Segmentation, numbers) -> Iterator[np.ndarray]:
    index = segmentation.index_map
    inside = np.zeros(int(index.max(initial=0)) + 1, dtype=bool)
    inside[[number for number in numbers if number < len(inside)]] = True
    inside[0] = False
    if segmentation.volume is volume:
        for plane in index:
            yield inside[plane]
        return
    into = segmentation.to_scene.inverse() * volume.scene_position
    yield from (inside[plane] for plane in nearest_planes(volume, index, into))


def nearest_planes(volume, index: np.ndarray, into) -> Iterator[np.ndarray]:
    """Sections of a map's grid with the values of the nearest voxels of another one; 0 outside.

    Parameters
    ----------
    volume : chimerax.map.Volume
    index : ndarray (nz, ny, nx)
    into : chimerax.geometry.Place
        From the map's coordinates to the other's voxels (x, y, z).
    """
    from ..jobs.inputs import grid_positions

    size = np.array(index.shape[::-1])
    for points, shape in grid_positions(volume.data):
        ijk = np.rint(into * points).astype(np.int64)
        within = ((ijk >= 0) & (ijk < size)).all(axis=1)
        i, j, k = np.where(within[:, None], ijk, 0).T
        yield np.where(within, index[k, j, i], 0).reshape(shape)


def inside_surface(volume, surface) -> np.ndarray:
    """Voxels of a map that a surface encloses, where both are now: (nz, ny, nx) of bool.

    Raises
    ------
    UserError
        The surface is not closed.
    """
    into = volume.scene_position.inverse() * surface.scene_position
    vertices = volume.data.xyz_to_ijk(into * np.asarray(surface.vertices, dtype=np.float64))
    triangles = surface.masked_triangles
    inside, leaking = enclosed_voxels(vertices, triangles, tuple(volume.data.size[::-1]))
    if leaking > _LEAKING:
        raise UserError(
            f"{surface} encloses nothing: {leaking:.0%} of it has no other side. Choose a closed "
            "surface, or atoms near which to build"
        )
    if leaking:
        surface.session.logger.warning(
            f"{surface} has holes; what it encloses was found as well as it could be"
        )
    return inside


def labels_from(volume, objects) -> np.ndarray:
    """Numbers of regions on a map's grid, from a map of numbers or from a group of surfaces.

    Parameters
    ----------
    volume : chimerax.map.Volume
    objects : chimerax.core.objects.Objects

    Returns
    -------
    ndarray (nz, ny, nx) of uint32
        Surfaces are numbered in their order; where they overlap, the first one counts.

    Raises
    ------
    UserError
        There are none, or no numbers of regions.
    """
    chosen = sort_out(objects, volume)
    if len(chosen.maps) == 1 and not (chosen.segments or chosen.surfaces):
        labels = _labels_of_map(volume, chosen.maps[0])
    elif chosen.segments and not chosen.maps:
        labels = np.zeros(tuple(volume.data.size[::-1]), dtype=np.uint32)
        for number, (model, one) in enumerate(
            ((model, one) for model, all_ in chosen.segments.items() for one in all_), start=1
        ):
            planes = np.array(list(_segment_planes(volume, model, [one])))
            labels[planes & (labels == 0)] = number
    elif chosen.surfaces and not chosen.maps:
        labels = np.zeros(tuple(volume.data.size[::-1]), dtype=np.uint32)
        for number, surface in enumerate(chosen.surfaces, start=1):
            labels[inside_surface(volume, surface) & (labels == 0)] = number
    else:
        raise UserError(f"from: give one map of regions' numbers or surfaces, not {chosen.summary}")
    if not labels.any():
        raise UserError(f"no voxel of {volume} lies in {chosen.summary}")
    return labels


def _labels_of_map(volume, source) -> np.ndarray:
    values = source.full_matrix()
    whole = np.rint(values)
    if not np.array_equal(whole, values) or whole.min() < 0 or whole.max() >= 2**32:
        raise UserError(f"{source} holds density, not numbers of regions (0, 1, 2, …)")
    numbers = np.unique(whole)
    if len(numbers) > _MOST_LABELS:
        raise UserError(f"{source} has {len(numbers)} regions, {_MOST_LABELS} are most")
    grid = source.scene_position * source.data.ijk_to_xyz_transform
    into = grid.inverse() * volume.scene_position
    planes = nearest_planes(volume, whole.astype(np.uint32), into)
    return np.array(list(planes), dtype=np.uint32)
