"""Stage report of a fit: `results.json`."""

from __future__ import annotations

from critasser.job.records import read_json, write_json
from critasser.pipeline.files import PLACES
from critasser.pipeline.stage import Context, Stage
from critasser.pipeline.stages.results import run_facts, shown_settings

__all__ = ["STAGE"]


def fit_report(context: Context) -> None:
    """Gather what the stages found and write it for programs."""
    found = read_json(context.read(PLACES)) or {}
    results = {
        **run_facts(context),
        "kind": context.task.kind,
        "models": found.get("places", []),
        "resolution": context.fact("resolution"),
        "residues": len(context.target),
        "left_out": context.model.unknown,
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
