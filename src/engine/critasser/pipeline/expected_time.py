"""How long the stages are expected to take, for the time left."""

from __future__ import annotations

from collections.abc import Iterable

from critasser.options import REBUILDS, Inputs, Options
from critasser.pipeline.checks import Checked

__all__ = ["expected_model_seconds", "expected_seconds"]

USUAL_MODELS = 3
"""Different enough, of the five that are asked for."""

ATOMIC_SECONDS = {"draft": 0.02, "standard": 0.1, "thorough": 0.4}
"""For a residue of a model, by the name of the atomic stage's schedule."""


def expected_seconds(
    inputs: Inputs, checked: Checked, options: Options, stages: Iterable[str]
) -> dict[str, float]:
    """Seconds of each stage on one core, by residues, density and schedule.

    Measured on maps of 97 to 397 residues. Only the proportions matter: what is measured on the
    way corrects the rest.
    """
    schedule = options.schedule
    length = len(checked.target)
    # Unmasked maps are positive half of everywhere; what is worked on is cut out around the chain.
    volume = min(checked.volume, 400.0 * length)
    moves = length * schedule.replicas * schedule.sweeps
    models = min(options.models, USUAL_MODELS)
    known = {
        "density": 1.0 + checked.volume / 1e6,
        "network": 3.0 + volume * (7e-5 if checked.device == "cpu" else 2e-6),
        "calpha": 0.5 + 0.005 * length,
        "trace": 3.0 + 2e-4 * length**2,
        "templates": 0.1 + 5.0 * len(inputs.templates),
        "assembly": 0.5 + 0.018 * length + 7e-6 * moves,
        "decoys": 0.3 + 7e-6 * length * schedule.refinement_sweeps * models,
        "atomic": ATOMIC_SECONDS[schedule.atomic] * length * models,
        "quality": 0.001 * length,
        "report": 2.0,
    }
    return {stage: known.get(stage, 1.0) for stage in stages}


def expected_model_seconds(
    checked: Checked, options: Options, stages: Iterable[str], moving: int = 0
) -> dict[str, float]:
    """Seconds of each stage of a job about a model, of which `moving` residues are built again."""
    length = len(checked.target)
    schedule, work = options.schedule, REBUILDS[options.quality]
    known = {
        "density": 1.0 + checked.volume / 1e6,
        "network": 1.0 + checked.volume * (4e-5 if checked.device == "cpu" else 2e-6),
        "calpha": 0.3,
        "evidence": 0.3 + 0.01 * length,
        "trace": 1.0 + 0.1 * moving,
        "assembly": 1.0 + 2e-5 * moving * work.replicas * work.sweeps,
        "atomic": (3.0 + 10.0 * ATOMIC_SECONDS[schedule.atomic] * moving) * options.models,
        "quality": 0.003 * length * (options.models if moving else 1),
        "report": 1.0,
    }
    return {stage: known.get(stage, 1.0) for stage in stages}
