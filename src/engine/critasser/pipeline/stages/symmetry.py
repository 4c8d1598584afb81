"""Stage symmetry: the symmetry of the map, as it was given or as map and Cα positions tell it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from critasser.density import Grid, read_map
from critasser.job.arrays import load_calpha, load_symmetry, save_symmetry
from critasser.pipeline.files import DENSITY, EVERY_CALPHA, NUCLEIC, UNITS
from critasser.pipeline.stage import Context, Stage, Task, sequences
from critasser.pipeline.stages.nucleic import protein_density
from critasser.structure import Symmetry
from critasser.symmetry_text import Helix, PointGroup, is_looked_for, read_symmetry
from critasser.text import printable
from critasser.trace import GIVEN, find_symmetry, fit_symmetry, search_symmetry

__all__ = ["BY_POSITIONS", "GIVEN_STAGE", "STAGE", "load_units"]

BY_POSITIONS = 4.5
"""Å; in finer maps Cα positions tell the symmetry, and the density is not asked as well."""


def symmetry(context: Context) -> None:
    """Find where the axes lie of the symmetry that was given, or which symmetry there is.

    Notes ``map_symmetry``: its ``name``, how it was found (``by``: ``given``, ``density`` or
    ``positions``), and the ``correlation`` of the map with its images; None where there is none.
    """
    asked = context.settings["symmetry"]
    found = None
    if (kind := read_symmetry(asked)) is not None:
        found = _given(context, kind, protein_density(context))
    elif is_looked_for(asked):
        found = _looked_for(context)
    _save(context, kind, found)


def given_symmetry(context: Context) -> None:
    """As `symmetry`, of a job that is given one and looks for no Cα."""
    if (kind := read_symmetry(context.settings["symmetry"])) is not None:
        _save(context, kind, _given(context, kind, read_map(context.read(DENSITY))))


def _save(
    context: Context,
    kind: PointGroup | Helix | None,
    result: tuple[dict[str, object], Symmetry] | None,
) -> None:
    """Write and note what was found, the identity where nothing was; say so."""
    noted, found = result or (None, Symmetry(np.eye(3)[None], np.zeros((1, 3))))
    save_symmetry(context.file(UNITS), found)
    context.note(map_symmetry=noted)
    if noted is None:
        context.say("none" if kind is None else f"none; {kind} is not used")
    elif "correlation" in noted:
        context.say(
            f"{noted['name']}: the map correlates with its images by {noted['correlation']:.2f}"
        )
    else:
        context.say(f"{len(found)} units alike, by their Cα positions")


def load_units(context: Context) -> tuple[Symmetry, bool]:
    """The map's symmetry, and whether it is none that there may be within a chain."""
    noted = context.fact("map_symmetry")
    return load_symmetry(context.read(UNITS)), bool(noted) and noted["by"] != "positions"


def _given(
    context: Context, kind: PointGroup | Helix, density: Grid
) -> tuple[dict[str, object], Symmetry] | None:
    fitted = fit_symmetry(density, context.fact("resolution"), kind, _tick(context))
    if fitted is None or fitted.correlation < GIVEN:
        by = 0.0 if fitted is None else fitted.correlation
        context.warn(
            f"the map does not have the symmetry {printable(context.settings['symmetry'])}: "
            f"wherever its axis is put, the map correlates with its images by {by:.2f} at most, "
            f"and less than {GIVEN:g} is no symmetry; nothing is copied by it"
        )
        return None
    return _noted(fitted.kind, "given", fitted.correlation), fitted.symmetry


def _looked_for(context: Context) -> tuple[dict[str, object], Symmetry] | None:
    grid, resolution = protein_density(context), context.fact("resolution")
    calpha, _, _ = load_calpha(context.read(EVERY_CALPHA))
    found = find_symmetry(calpha)
    if len(found) > 1:
        return {"name": "", "by": "positions"}, found
    if resolution < BY_POSITIONS:
        return None
    searched = search_symmetry(grid, resolution, context.target, _tick(context))
    if searched is None:
        return None
    return _noted(searched.kind, "density", searched.correlation), searched.symmetry


def _noted(kind: PointGroup | Helix, by: str, correlation: float) -> dict[str, object]:
    return {"name": str(kind), "by": by, "correlation": round(correlation, 3)}


def _tick(context: Context):
    return lambda done: context.progress(done, "correlating the map with itself")


def _settings(task: Task) -> Mapping[str, object]:
    return {**sequences(task), "symmetry": task.options.symmetry}


STAGE = Stage(
    "symmetry",
    symmetry,
    reads=(DENSITY, EVERY_CALPHA, NUCLEIC),
    facts={"resolution": "density"},
    settings=_settings,
)

GIVEN_STAGE = Stage(
    "symmetry",
    given_symmetry,
    reads=(DENSITY,),
    facts={"resolution": "density"},
    settings=lambda task: {"symmetry": task.options.symmetry},
)
"""Of jobs that look for no Cα; only where a symmetry is given."""
