"""A build: from a map and sequences to atomic models."""

from __future__ import annotations

from dataclasses import replace

from critasser.options import Inputs, Options
from critasser.pipeline.checks import check
from critasser.pipeline.expected_time import expected_build_seconds
from critasser.pipeline.files import FILTERED, LOCAL_RESOLUTION
from critasser.pipeline.pipeline import Pipeline
from critasser.pipeline.stage import Stage, Task
from critasser.pipeline.stages import (
    assembly,
    atomic,
    calpha,
    decoys,
    density,
    given_templates,
    half_maps,
    network,
    nucleic,
    quality,
    report,
    sequences,
    symmetry,
    template_search,
    templates,
    trace,
    unseen,
    weaker,
)

__all__ = ["BUILD", "STAGES"]

STAGES = (
    density.STAGE,
    network.STAGE,
    nucleic.STAGE,
    calpha.STAGE,
    weaker.STAGE,
    symmetry.STAGE,
    sequences.STAGE,
    given_templates.STAGE,
    template_search.STAGE,
    templates.STAGE,
    trace.STAGE,
    unseen.STAGE,
    assembly.STAGE,
    decoys.STAGE,
    atomic.STAGE,
    quality.STAGE,
    report.STAGE,
)
"""In the order in which they run."""


def _check(inputs: Inputs, options: Options) -> Task:
    return Task("build", inputs, options, check(inputs, options))


def _stages(task: Task) -> tuple[Stage, ...]:
    """Stages of a job; with half maps some look at more, and one more is there."""
    if not task.inputs.half_maps:
        return STAGES
    looks = {
        "network": (FILTERED,),
        "quality": (*quality.STAGE.reads, LOCAL_RESOLUTION),
        "report": (*report.STAGE.reads, LOCAL_RESOLUTION),
    }
    stages = [replace(one, reads=looks.get(one.name, one.reads)) for one in STAGES]
    told = {**report.STAGE.facts, **half_maps.FACTS}
    return (*stages[:-1], half_maps.STAGE, replace(stages[-1], facts=told))


BUILD = Pipeline("build", _check, _stages, expected_build_seconds)
