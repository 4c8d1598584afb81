"""A build: from a map and sequences to atomic models."""

from __future__ import annotations

from critasser.options import Inputs, Options
from critasser.pipeline.checks import check
from critasser.pipeline.expected_time import expected_build_seconds
from critasser.pipeline.pipeline import Pipeline
from critasser.pipeline.stage import Task
from critasser.pipeline.stages import (
    assembly,
    atomic,
    calpha,
    decoys,
    density,
    network,
    quality,
    report,
    sequences,
    templates,
    trace,
    unseen,
)

__all__ = ["BUILD", "STAGES"]

STAGES = (
    density.STAGE,
    network.STAGE,
    calpha.STAGE,
    sequences.STAGE,
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


BUILD = Pipeline("build", _check, lambda _: STAGES, expected_build_seconds)
