"""Stage density of a score or rebuild: cut the map out around the model alone."""

from __future__ import annotations

from collections.abc import Mapping

from critasser.density import crop
from critasser.pipeline.stage import Context, Stage, Task
from critasser.pipeline.stages.density import (
    EXTERNAL,
    READ_SHARE,
    masked_map,
    save_density,
    settings,
)

__all__ = ["MODEL_MARGIN", "STAGE"]

MODEL_MARGIN = 12.0
"""Å of map kept around a model: as far as the network sees around a residue."""


def model_density(context: Context) -> None:
    """Cut the map out around the model's atoms."""
    grid, _ = masked_map(context)
    context.progress(READ_SHARE, "cutting out the molecule")
    atoms = context.model.model().positions
    part = crop(grid, atoms.min(axis=0) - MODEL_MARGIN, atoms.max(axis=0) + MODEL_MARGIN)
    save_density(context, grid.shape, part)


def _settings(task: Task) -> Mapping[str, object]:
    return {**settings(task), "around": task.checked.checksums["model"]}


STAGE = Stage("density", model_density, settings=_settings, external=EXTERNAL)
