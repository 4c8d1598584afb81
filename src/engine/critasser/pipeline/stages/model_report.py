"""Stage report of a score: `results.json` and `report.html`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from critasser.pipeline.files import DENSITY, QUALITY
from critasser.pipeline.stage import Context, Stage
from critasser.pipeline.stages.nucleic import NUCLEIC_FACTS, nucleic_facts
from critasser.pipeline.stages.results import (
    UNSEEN_FACTS,
    model_scores,
    order_of,
    quality_arrays,
    run_facts,
    shown_settings,
    unseen_facts,
    write_results,
)
from critasser.pipeline.stages.single_residues import BOND_FACTS

__all__ = ["STAGE", "model_results"]

Z_SCORES = ("register_z_score", "sequence_z_score")


def model_report(context: Context) -> None:
    """Gather what the stages found and write it for people and programs."""
    quality = quality_arrays(context)
    z_scores = {name: context.fact(name) for name in Z_SCORES}
    results = model_results(context, [{}], quality)
    results |= {name: score for name, score in z_scores.items() if score is not None}
    write_results(context, results, quality, order_of(quality))


def model_results(
    context: Context, more: list[Mapping[str, float]], quality: Mapping[str, Any]
) -> dict[str, Any]:
    """What `results.json` says of a job about a model; `more` of each model by its number."""
    return {
        **run_facts(context),
        "kind": context.task.kind,
        "models": [
            {
                **model_scores(quality, rank, k),
                "pcc": quality["pcc_mask"][k],
                **{kind: context.fact(kind)[k] for kind in BOND_FACTS},
                **more[k],
            }
            for rank, k in enumerate(order_of(quality), 1)
        ],
        "resolution": context.fact("resolution"),
        "residues": len(context.target),
        "left_out": context.model.unknown,
        **nucleic_facts(context),
        **unseen_facts(context),
    }


STAGE = Stage(
    "report",
    model_report,
    reads=(DENSITY, QUALITY),
    facts={"resolution": "density", **dict.fromkeys(Z_SCORES, "evidence"), **UNSEEN_FACTS,
           **NUCLEIC_FACTS, **BOND_FACTS},
    settings=shown_settings,
    of_run=True,
)
