"""Stage report of a rebuild: `results.json` and `report.html`."""

from __future__ import annotations

from critasser.job.arrays import load_arrays
from critasser.pipeline.files import CANDIDATES, DENSITY, QUALITY
from critasser.pipeline.stage import Context, Stage
from critasser.pipeline.stages.model_report import model_results
from critasser.pipeline.stages.nucleic import NUCLEIC_FACTS
from critasser.pipeline.stages.results import (
    UNSEEN_FACTS,
    order_of,
    quality_arrays,
    shown_settings,
    write_results,
)
from critasser.pipeline.stages.single_residues import BOND_FACTS

__all__ = ["STAGE"]


def stretch_report(context: Context) -> None:
    """Gather what the stages found, of the stretches too, and write it."""
    quality = quality_arrays(context, "local_pcc")
    (energy,) = load_arrays(context.read(CANDIDATES), "energy")
    built = context.plan.built
    more = [
        {
            "energy": energy[k],
            "stretch_pcc": quality["local_pcc"][k, built].mean(),
            "stretch_confidence": quality["shown"][k, built].mean(),
        }
        for k in range(len(energy))
    ]
    results = model_results(context, more, quality)
    before = context.fact("stretch_pcc_before")
    if before is not None:
        results["stretch_pcc_before"] = before
    write_results(context, results, quality, order_of(quality))


STAGE = Stage(
    "report",
    stretch_report,
    reads=(DENSITY, CANDIDATES, QUALITY),
    facts={"resolution": "density", "stretch_pcc_before": "quality", **UNSEEN_FACTS,
           **NUCLEIC_FACTS, **BOND_FACTS},
    settings=shown_settings,
    of_run=True,
)
