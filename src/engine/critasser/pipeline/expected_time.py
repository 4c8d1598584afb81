"""How long the stages are expected to take, for the time left."""

from __future__ import annotations

from critasser.options import REBUILDS
from critasser.pipeline.stage import Task

__all__ = ["expected_build_seconds", "expected_model_seconds"]

USUAL_MODELS = 3
"""Models that are different enough, of the five that are asked for."""

ATOMIC_SECONDS = {"draft": 0.02, "standard": 0.1, "thorough": 0.4}
"""For a residue of a model, by the name of the atomic stage's schedule."""

BAND_SECONDS = 4e-6
"""For each Å³, to compare half maps in all bands."""

VOLUME_OF_RESIDUE = 400.0
"""Å³ of map that is worked on for each residue, solvent around it included: unmasked maps are
positive half of everywhere, but what is worked on is cut out around the chain."""


def expected_build_seconds(task: Task, models: int = USUAL_MODELS) -> dict[str, float]:
    """Seconds of each stage of a build on one core, by residues, density and schedule.

    Measured on maps of 97 to 397 residues. Only the proportions matter: what is measured on the
    way corrects the rest.

    Parameters
    ----------
    task : Task
    models : int
        How many there are, where that is known.
    """
    options, checked = task.options, task.checked
    schedule = options.schedule
    length = len(checked.target)
    volume = min(checked.volume, VOLUME_OF_RESIDUE * length)
    moves = length * schedule.replicas * schedule.sweeps
    models = min(options.models, models)
    seconds = {
        "density": 1.0 + checked.volume / 1e6,
        "network": 1.0 + volume * (1.5e-4 if checked.device == "cpu" else 2e-6),
        "calpha": 0.5 + 0.01 * length,
        "trace": 3.0 + 2e-4 * length**2,
        "templates": 0.1 + 5.0 * len(task.inputs.templates),
        "assembly": 0.5 + 0.018 * length + 7e-6 * moves,
        "decoys": 0.3 + 7e-6 * length * schedule.refinement_sweeps * models,
        "atomic": ATOMIC_SECONDS[schedule.atomic] * length * models,
        "quality": 0.001 * length,
        "report": 2.0,
    }
    if task.inputs.half_maps:
        seconds["density"] += 2.0 + BAND_SECONDS * volume
        seconds["cross_validation"] = ATOMIC_SECONDS[schedule.atomic] * length
    return seconds



def expected_model_seconds(task: Task, models: int = USUAL_MODELS) -> dict[str, float]:
    """Seconds of each stage of a job about a model, which is scored or rebuilt; parameters as
    `expected_build_seconds`."""
    options, checked = task.options, task.checked
    length = len(checked.target)
    schedule, work = options.schedule, REBUILDS[options.quality]
    models = min(options.models, models)
    moving = 0 if task.plan is None else int(task.plan.built.sum())
    seconds = {
        "density": 1.0 + checked.volume / 1e6,
        "network": 1.0 + checked.volume * (4e-5 if checked.device == "cpu" else 2e-6),
        "calpha": 0.3,
    }
    if moving:
        seconds |= {
            "trace": 1.0 + 0.1 * moving,
            "assembly": 1.0 + 2e-5 * moving * work.replicas * work.sweeps,
            "atomic": (3.0 + 10.0 * ATOMIC_SECONDS[schedule.atomic] * moving) * models,
        }
    else:
        seconds["evidence"] = 0.3 + 0.01 * length
    seconds["quality"] = 0.003 * length * (models if moving else 1)
    seconds["report"] = 1.0
    return seconds
