"""Write `results.json` and `report.html`: what the last stages of all jobs but fits share."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from critasser.density import read_map
from critasser.job.arrays import load_arrays
from critasser.job.records import plain, write_json
from critasser.pipeline.files import DENSITY, QUALITY
from critasser.pipeline.stage import Context, Task
from critasser.report import ReportContent, write_report

__all__ = ["model_scores", "order_of", "quality_arrays", "run_facts", "shown_settings",
           "UNSEEN_FACTS", "unseen_facts", "write_results"]

SCORES = ("order", "etm", "crscore", "pcc_box", "pcc_mask", "shown", "calpha", "seen")
"""What every kind of job knows of its models."""


UNSEEN_FACTS = {"unseen": "quality", "trimmed": "quality"}
"""For `unseen_facts`."""


def shown_settings(task: Task) -> dict[str, object]:
    """What the report shows of the job itself."""
    return {
        "inputs": {role: str(path) for role, path in task.inputs.files().items()},
        "quality": task.options.quality,
        "seed": task.options.seed,
        "device": task.checked.device,
    }


def quality_arrays(context: Context, *more: str) -> dict[str, NDArray]:
    """Scores of the models by name, `more` than `SCORES` where there are more."""
    names = (*SCORES, *more)
    return dict(zip(names, load_arrays(context.read(QUALITY), *names)))


def order_of(quality: Mapping[str, NDArray]) -> list[int]:
    """Numbers of the models, best first."""
    return [int(k) for k in quality["order"]]


def model_scores(quality: Mapping[str, NDArray], rank: int, k: int) -> dict[str, Any]:
    """What `results.json` says of model k, the rank-th best."""
    return {
        "rank": rank,
        "file": f"5_models/model_{rank}.cif",
        "etm": quality["etm"][k],
        "crscore": quality["crscore"][k],
        "pcc_box": quality["pcc_box"][k],
        "pcc_mask": quality["pcc_mask"][k],
        "mean_confidence": quality["shown"][k, quality["seen"]].mean(),
    }


def unseen_facts(context: Context) -> dict[str, Any]:
    """What `results.json` says of residues that have no density."""
    return {"unseen": context.fact("unseen") or [], "trimmed": bool(context.fact("trimmed"))}


def run_facts(context: Context) -> dict[str, Any]:
    """What `results.json` says of the run as a whole."""
    job = context.run.job
    return {
        "finished": time.strftime("%Y-%m-%d %H:%M"),
        "warnings": [*context.task.checked.notes, *job.warnings()],
        "timings": job.timings(),
        "stages": {
            label: marker["summary"].get("said", "") for label, marker in job.markers.items()
        },
        "peak_memory_bytes": max(m["peak_memory_bytes"] for m in job.markers.values()),
    }


def write_results(
    context: Context,
    results: Mapping[str, Any],
    quality: Mapping[str, NDArray],
    order: Sequence[int],
    **more: NDArray[np.float64],
) -> None:
    """Write `results.json` and `report.html`.

    Parameters
    ----------
    context : Context
    results : mapping
        The content of `results.json`.
    quality : mapping
        From `quality_arrays`.
    order : sequence of int
        Numbers of the models, best first.
    **more : ndarray
        Further fields of `ReportContent`.
    """
    write_json(context.file("results.json"), results)
    shown = quality["seen"] | (not results["trimmed"])
    content = ReportContent(
        job=context.run.job.description(),
        results=plain(results),
        target=context.target,
        density=read_map(context.read(DENSITY)),
        calpha=[np.where(shown[:, None], quality["calpha"][k], np.nan) for k in order],
        confidence=[quality["shown"][k] for k in order],
        folder=context.run.job.folder.name,
        **more,
    )
    write_report(context.file("report.html", "report", "report"), content)
