"""The two half maps of a job's map."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

from chimerax.core.errors import UserError

from .inputs import PlacedMap

__all__ = ["half_map_files", "placed_halves", "size_of_map"]

_SIZE = struct.Struct("<3i")
"""Numbers of voxels along x, y and z, with which an MRC file begins."""

_MOST = 1 << 16
"""Voxels along an axis; more are no number of voxels, but another order of bytes."""


def placed_halves(half_maps, size: Sequence[int] | None, volume=None) -> list[PlacedMap]:
    """The two half maps of a map, which lie on its grid.

    Parameters
    ----------
    half_maps : list of chimerax.map.Volume or None
    size : three ints, optional
        Voxels of the map along x, y and z; unless given the engine looks.
    volume : chimerax.map.Volume, optional
        The map itself, where it is open.

    Raises
    ------
    UserError
        They are not two, one of them is the map, or has another grid.
    """
    if half_maps is None:
        return []
    if len(half_maps) != 2:
        raise UserError(f"halfMaps: give two maps, not {len(half_maps)}")
    for half in half_maps:
        if half is volume:
            raise UserError(f"halfMaps: {half} is the map itself; give the maps of its two halves")
        if size is not None and tuple(half.data.size) != tuple(size):
            here, there = (" × ".join(map(str, one)) for one in (half.data.size, size))
            raise UserError(
                f"halfMaps: {half} has {here} voxels, the map {there}; give the half maps that "
                "the map was made of"
            )
    return [PlacedMap.of(half) for half in half_maps]


def half_map_files(inputs: Path, halves: Sequence[PlacedMap]) -> list[Path]:
    """Where the half maps of a job are written."""
    return [inputs / f"half_map_{k}.mrc" for k, _ in enumerate(halves, 1)]


def size_of_map(path: Path) -> tuple[int, int, int] | None:
    """Voxels of an MRC file along x, y and z; None for a file that does not tell them at once."""
    try:
        with path.open("rb") as file:
            size = _SIZE.unpack(file.read(_SIZE.size))
    except (OSError, struct.error):
        return None
    return size if all(0 < n < _MOST for n in size) else None
