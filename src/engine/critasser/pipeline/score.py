"""A score: how far a model that is there already, and each of its residues, can be trusted."""

from __future__ import annotations

from critasser.options import ModelInputs, Options
from critasser.pipeline.expected_time import expected_model_seconds
from critasser.pipeline.model_checks import check_model
from critasser.pipeline.pipeline import Pipeline
from critasser.pipeline.stage import Task
from critasser.pipeline.stages import (
    calpha,
    model_density,
    model_quality,
    model_report,
    model_significance,
    network,
    nucleic,
)

__all__ = ["SCORE", "STAGES"]

STAGES = (
    model_density.STAGE,
    network.STAGE,
    nucleic.STAGE,
    calpha.STAGE,
    model_significance.STAGE,
    model_quality.STAGE,
    model_report.STAGE,
)
"""In the order in which they run."""


def _check(inputs: ModelInputs, options: Options) -> Task:
    checked, model = check_model(inputs, options)
    return Task("score", inputs, options, checked, model)


SCORE = Pipeline("score", _check, lambda _: STAGES, expected_model_seconds)
