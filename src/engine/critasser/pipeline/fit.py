"""A fit: a known or predicted model placed in a map, domain by domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from critasser.options import FitOptions, ModelInputs
from critasser.pipeline.expected_time import expected_fit_seconds
from critasser.pipeline.fit_checks import check_fit
from critasser.pipeline.pipeline import Pipeline
from critasser.pipeline.stage import Task
from critasser.pipeline.stages import density, fit_report, model_fit, network

__all__ = ["FIT", "STAGES"]

STAGES = (density.STAGE, network.STAGE, model_fit.STAGE, fit_report.STAGE)
"""In the order in which they run."""


def _check(inputs: ModelInputs, options: FitOptions) -> Task:
    checked, model = check_fit(inputs, options)
    return Task("fit", inputs, options, checked, model)


def _closing(best: Mapping[str, Any]) -> str:
    return f"{best['file']}, {best['share_near']:.0%} of Cα near a position of the map"


FIT = Pipeline("fit", _check, lambda _: STAGES, expected_fit_seconds, closing=_closing)
