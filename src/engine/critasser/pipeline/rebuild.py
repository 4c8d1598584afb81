"""A rebuild: stretches of a model built again in its map, the rest held."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from critasser.atomic import atoms_of_model
from critasser.errors import InputError
from critasser.options import ModelInputs, RebuildOptions
from critasser.pipeline.expected_time import expected_model_seconds
from critasser.pipeline.model_checks import check_model
from critasser.pipeline.pipeline import Pipeline
from critasser.pipeline.stage import Stage, Task
from critasser.pipeline.stages import (
    calpha,
    density,
    model_density,
    network,
    nucleic,
    stretch_assembly,
    stretch_atomic,
    stretch_quality,
    stretch_report,
    stretch_trace,
)
from critasser.rebuild.plan import Plan, plan_rebuild
from critasser.structure import read_sequences

__all__ = ["REBUILD", "check_rebuild", "stages"]

MAP_STAGES = (network.STAGE, nucleic.STAGE, calpha.STAGE)
STRETCH_STAGES = (
    stretch_trace.STAGE,
    stretch_assembly.STAGE,
    stretch_atomic.STAGE,
    stretch_quality.STAGE,
    stretch_report.STAGE,
)


def stages(task: Task) -> tuple[Stage, ...]:
    """The stages in order: of a model that a build made, the map is cut out as the build did."""
    first = density.STAGE if task.options.whole_map else model_density.STAGE
    return (first, *MAP_STAGES, *STRETCH_STAGES)


def check_rebuild(
    inputs: ModelInputs, options: RebuildOptions, source: Path | None = None
) -> Task:
    """Find bad input before any work starts.

    Parameters
    ----------
    inputs : ModelInputs
    options : RebuildOptions
    source : Path, optional
        Folder of the job that the model comes from, whose stages are used where they fit.

    Raises
    ------
    InputError
        As `check_model` and `plan_rebuild`; the model has no backbone beside a stretch.
    """
    checked, model = check_model(inputs, options)
    read = None
    if inputs.sequence is not None:
        read = read_sequences(inputs.sequence, protein=options.protein)
    plan = plan_rebuild(model, options.stretches, None if read is None else read.target)
    _anchored(plan)
    notes = (*checked.notes, *(read.notes if read is not None else ()))
    checked = dataclasses.replace(
        checked, target=plan.target, notes=notes, nucleic=() if read is None else read.nucleic
    )
    return Task("rebuild", inputs, options, checked, model, plan, source)


def _anchored(plan: Plan) -> None:
    """Refuse stretches beside which the model has no backbone to build on."""
    backbone = np.isfinite(atoms_of_model(plan.model)[:, :4]).all(axis=(1, 2))
    lacking = [
        str(plan.residues[anchor])
        for run in plan.runs
        for anchor in plan.anchors(run)
        if anchor is not None and not backbone[anchor]
    ]
    if lacking:
        raise InputError(
            f"{lacking[0]} lacks backbone atoms beside a stretch; take it into the stretch, or "
            "give a model with all backbone atoms"
        )


REBUILD = Pipeline(
    "rebuild",
    check_rebuild,
    stages,
    expected_model_seconds,
    adopts=("density", "network", "nucleic", "calpha"),
)
