"""A fit: a known or predicted model placed in a map, domain by domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from critasser.options import FitOptions, ModelInputs
from critasser.pipeline.expected_time import expected_fit_seconds
from critasser.pipeline.fit_checks import check_fit
from critasser.pipeline.pipeline import Pipeline
from critasser.pipeline.stage import Stage, Task
from critasser.pipeline.stages import density, fit_report, model_fit, network, symmetry
from critasser.symmetry_text import read_symmetry

__all__ = ["FIT", "STAGES", "SYMMETRIC_STAGES"]

STAGES = (density.STAGE, network.STAGE, model_fit.STAGE, fit_report.STAGE)
"""In the order in which they run."""

SYMMETRIC_STAGES = (
    density.STAGE, network.STAGE, symmetry.GIVEN_STAGE, model_fit.SYMMETRIC_STAGE,
    fit_report.SYMMETRIC_STAGE,
)  # fmt: skip
"""The same where the symmetry of the map is given."""


def _stages(task: Task) -> tuple[Stage, ...]:
    return STAGES if read_symmetry(task.options.symmetry) is None else SYMMETRIC_STAGES


def _check(inputs: ModelInputs, options: FitOptions) -> Task:
    checked, model = check_fit(inputs, options)
    return Task("fit", inputs, options, checked, model)


def _closing(best: Mapping[str, Any]) -> str:
    return f"{best['file']}, {best['share_near']:.0%} of Cα near a position of the map"


FIT = Pipeline("fit", _check, _stages, expected_fit_seconds, closing=_closing)
