"""Which part of a map a command looks at: regions, a mask, or what is near atoms."""

from __future__ import annotations

from chimerax.core.errors import UserError

from ..jobs.inputs import PlacedMap, mask_planes, zone_planes
from ..models.segments.choosing import chosen_planes, sort_out

__all__ = ["Region"]

_RANGE = 8.0
"""Å around atoms, unless given."""


class Region:
    """Part of a map, as the keywords of a command say; all of it where none is given.

    Parameters
    ----------
    segments : chimerax.core.objects.Objects or None
        Regions, what surfaces enclose, or what is near these atoms or markers.
    mask : chimerax.map.Volume or None
        Where it is 0.5 or more.
    near : chimerax.atomic.Atoms or None
    distance : float or None
        How near, in Å.
    """

    def __init__(self, segments=None, mask=None, near=None, distance: float | None = None) -> None:
        self._segments = segments
        self._mask = mask
        self._near = near
        self._given = distance
        self._chosen = None

    @property
    def given(self) -> bool:
        """Whether it is anything less than all of the map."""
        return any(place is not None for place in (self._segments, self._mask, self._near))

    def check(self) -> None:
        """Refuse keywords that do not go together.

        Raises
        ------
        UserError
        """
        if sum(place is not None for place in (self._segments, self._mask, self._near)) > 1:
            raise UserError("give one of segments, mask and near, not several of them")
        if self._near is not None and not len(self._near):
            raise UserError("near: no atoms specified")
        if self._near is None and self._segments is None and self._given is not None:
            raise UserError("range says how near; give near too")

    def look_up(self, volume) -> None:
        """Find out what is meant in a map.

        Raises
        ------
        UserError
            Nothing of it can be a region of this map.
        """
        if self._segments is not None:
            self._chosen = sort_out(self._segments, volume)

    def planes(self, placed: PlacedMap):
        """Sections of the map's grid, and what is said when no voxel is inside; None for all."""
        distance = _RANGE if self._given is None else self._given
        if self._chosen is not None:
            return chosen_planes(placed, self._chosen, distance), self._chosen.summary
        if self._mask is not None:
            return mask_planes(placed, PlacedMap.of(self._mask)), f"the mask {self._mask}"
        if self._near is not None:
            planes = zone_planes(placed, self._near.scene_coords, distance)
            return planes, f"{distance:g} Å of those atoms"
        return None, ""
