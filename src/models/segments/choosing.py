"""Turn what a person has chosen into the voxels of a map where to build."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from chimerax.core.errors import UserError
from chimerax.core.models import Surface

from ...jobs.inputs import PlacedMap, mask_planes, nearest_planes, zone_planes
from .segment import Segment
from .segmentation import Segmentation
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


def chosen_planes(placed: PlacedMap, chosen: Chosen, distance: float) -> Iterator[np.ndarray]:
    """Sections of a map's grid that lie in what is chosen: the union of all of it.

    Regions of the map's own segmentation are its voxels, exactly; all else is looked up where it
    lies in the scene now. What is chosen is taken as it is now, the voxels are found later, as the
    sections are asked for, in any thread.

    Parameters
    ----------
    placed : PlacedMap
    chosen : Chosen
    distance : float
        Å; how near atoms.
    """
    parts = [_segment_planes(placed, model, numbers) for model, numbers in chosen.segments.items()]
    parts += [inside_surface(placed, surface) for surface in chosen.surfaces]
    parts += [mask_planes(placed, PlacedMap.of(mask)) for mask in chosen.maps]
    if len(chosen.atoms):
        parts.append(zone_planes(placed, chosen.atoms.scene_coords, distance))
    return (np.logical_or.reduce(planes) for planes in zip(*parts))


def _segment_planes(placed: PlacedMap, segmentation: Segmentation, numbers) -> Iterator[np.ndarray]:
    # Editing makes new groups and leaves these as they are.
    regions, group = segmentation.regions, segmentation.group
    inside = np.zeros(int(group.max(initial=0)) + 1, dtype=bool)
    inside[[number for number in numbers if number < len(inside)]] = True
    inside[0] = False
    own = segmentation.volume is not None and segmentation.volume.data is placed.data
    into = None if own else segmentation.to_scene.inverse() * placed.to_scene

    def planes() -> Iterator[np.ndarray]:
        index = regions.index_map(group)
        for plane in index if into is None else nearest_planes(placed, index, into):
            yield inside[plane]

    return planes()


def inside_surface(placed: PlacedMap, surface) -> Iterator[np.ndarray]:
    """Sections of a map's grid that a surface encloses, where both are now: (ny, nx) of bool.

    Raises
    ------
    UserError
        When the first section is asked for: the surface is not closed.
    """
    into = placed.to_scene.inverse() * surface.scene_position
    vertices = placed.data.xyz_to_ijk(into * np.asarray(surface.vertices, dtype=np.float64))
    triangles = surface.masked_triangles
    name, session = str(surface), surface.session

    def planes() -> Iterator[np.ndarray]:
        inside, leaking = enclosed_voxels(vertices, triangles, tuple(placed.data.size[::-1]))
        if leaking > _LEAKING:
            raise UserError(
                f"{name} encloses nothing: {leaking:.0%} of it has no other side. Choose a closed "
                "surface, or atoms near which to build"
            )
        if leaking:
            session.ui.thread_safe(
                session.logger.warning,
                f"{name} has holes; what it encloses was found as well as it could be",
            )
        yield from inside

    return planes()


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
    placed = PlacedMap.of(volume)
    if len(chosen.maps) == 1 and not (chosen.segments or chosen.surfaces):
        labels = _labels_of_map(placed, chosen.maps[0])
    elif chosen.segments and not chosen.maps:
        labels = np.zeros(tuple(volume.data.size[::-1]), dtype=np.uint32)
        for number, (model, one) in enumerate(
            ((model, one) for model, all_ in chosen.segments.items() for one in all_), start=1
        ):
            planes = np.array(list(_segment_planes(placed, model, [one])))
            labels[planes & (labels == 0)] = number
    elif chosen.surfaces and not chosen.maps:
        labels = np.zeros(tuple(volume.data.size[::-1]), dtype=np.uint32)
        for number, surface in enumerate(chosen.surfaces, start=1):
            planes = np.array(list(inside_surface(placed, surface)))
            labels[planes & (labels == 0)] = number
    else:
        raise UserError(f"from: give one map of regions' numbers or surfaces, not {chosen.summary}")
    if not labels.any():
        raise UserError(f"no voxel of {volume} lies in {chosen.summary}")
    return labels


def _labels_of_map(placed: PlacedMap, source) -> np.ndarray:
    values = source.full_matrix()
    whole = np.rint(values)
    if not np.array_equal(whole, values) or whole.min() < 0 or whole.max() >= 2**32:
        raise UserError(f"{source} holds density, not numbers of regions (0, 1, 2, …)")
    numbers = np.unique(whole)
    if len(numbers) > _MOST_LABELS:
        raise UserError(f"{source} has {len(numbers)} regions, {_MOST_LABELS} are most")
    grid = source.scene_position * source.data.ijk_to_xyz_transform
    into = grid.inverse() * placed.to_scene
    planes = nearest_planes(placed, whole.astype(np.uint32), into)
    return np.array(list(planes), dtype=np.uint32)
