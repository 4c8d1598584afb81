"""Stage report of a fit: `results.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from critasser.job.records import read_json, write_json
from critasser.pipeline.files import PLACES
from critasser.pipeline.stage import Context, Stage
from critasser.pipeline.stages.results import run_facts, shown_settings

__all__ = ["STAGE", "SYMMETRIC_STAGE"]


def fit_report(context: Context) -> None:
    """Gather what the stages found and write it for programs."""
    _write(context, None)


def symmetric_report(context: Context) -> None:
    """As `fit_report`, with the symmetry of the map and how many units the best place has."""
    noted, units = context.fact("map_symmetry"), context.fact("units")
    told = {"name": noted["name"], "units": units, "built": 1} if noted else None
    _write(context, told and {**told, "correlation": noted["correlation"]})


def _write(context: Context, symmetry: Mapping[str, Any] | None) -> None:
    found = read_json(context.read(PLACES)) or {}
    results = {
        **run_facts(context),
        "kind": context.task.kind,
        "models": found.get("places", []),
        "resolution": context.fact("resolution"),
        "residues": len(context.target),
        "left_out": context.model.unknown,
        "symmetry": symmetry,
    }
    write_json(context.file("results.json"), results)


STAGE = Stage(
    "report",
    fit_report,
    reads=(PLACES,),
    facts={"resolution": "density"},
    settings=shown_settings,
    of_run=True,
)

SYMMETRIC_STAGE = replace(
    STAGE,
    body=symmetric_report,
    facts={**STAGE.facts, "map_symmetry": "symmetry", "units": "fit"},
)
"""The same where the symmetry of the map is given."""
