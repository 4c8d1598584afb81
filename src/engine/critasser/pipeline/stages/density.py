"""Stage density: cut the molecule out of its map, bring it to 1 Å and to one scale."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from critasser.density import (
    Grid,
    background,
    crop,
    crop_to_molecule,
    normalise,
    read_map,
    read_soft_mask,
    resample,
    write_map,
)
from critasser.network import predict_resolution
from critasser.options import FINEST_RESOLUTION
from critasser.pipeline.files import DENSITY
from critasser.pipeline.stage import Context, Stage, Task
from critasser.pipeline.stages.half_maps import save_detail

__all__ = ["EXTERNAL", "STAGE", "masked_map", "save_density", "settings"]

READ_SHARE = 0.3
"""Share of the stage's time that reading the map takes."""

EXTERNAL = ("map", "mask", "half_map_*", "resolution_weights")


def settings(task: Task) -> Mapping[str, object]:
    """The resolution that the person gave."""
    return {"resolution": task.options.resolution}


def density(context: Context) -> None:
    """Cut the map out around all that it holds."""
    grid, inside = masked_map(context)
    context.progress(READ_SHARE, "cutting out the molecule")
    part = crop_to_molecule(grid, mask=inside)
    halves = tuple(
        crop(read_map(path), part.origin, part.upper)
        for path in context.all_external("half_map_*")
    )
    save_density(context, grid.shape, part, halves)


def masked_map(context: Context) -> tuple[Grid, NDArray[np.bool_] | None]:
    """The person's map with nothing outside the mask, and the mask."""
    grid = read_map(context.external("map"))
    mask = context.external("mask")
    if mask is None:
        return grid, None
    soft = read_soft_mask(mask, grid)
    # Outside is solvent, whatever value that has in this map.
    solvent = np.float32(background(grid))
    return grid.with_values((grid.values - solvent) * soft.weight), soft.inside


def save_density(
    context: Context, whole: tuple[int, ...], grid: Grid, halves: tuple[Grid, ...] = ()
) -> None:
    """Save what was cut out at 1 Å and on one scale, and note its resolution.

    Parameters
    ----------
    context : Context
    whole : tuple of int
        Shape of the whole map.
    grid : Grid
    halves : tuple of Grid
        Half maps of what was cut out, two or none; with them noise is measured and noted too.
    """
    grid = normalise(resample(grid))
    write_map(context.file(DENSITY, "map", "the map as the stages see it"), grid)
    resolution = context.settings["resolution"]
    measured = save_detail(context, grid, halves) if halves else None
    if resolution is None and measured is not None:
        resolution = round(max(measured, FINEST_RESOLUTION), 1)
    elif resolution is None:
        resolution = round(predict_resolution(grid, context.external("resolution_weights")), 1)
        context.warn(
            f"no resolution given: {resolution} Å estimated from the map; give it by "
            "--resolution where it is known"
        )
    context.note(resolution=resolution)
    context.say(f"{_size(whole)} voxels, cut out and resampled: {_size(grid.shape)} of 1 Å")


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape[::-1]))


STAGE = Stage("density", density, settings=settings, external=EXTERNAL)
