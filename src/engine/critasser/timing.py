"""How long the stages are expected to take, for the time left."""

from __future__ import annotations

from collections.abc import Iterable

from critasser.options import Inputs, Options
from critasser.preflight import Checked

__all__ = ["expected_seconds"]

ATOMIC_SECONDS = {"draft": 0.03, "standard": 0.1, "thorough": 0.4}
"""For a residue of a model, by the name of the atomic stage's schedule."""


def expected_seconds(
    inputs: Inputs, checked: Checked, options: Options, stages: Iterable[str]
) -> dict[str, float]:
    """Seconds of each stage on two cores, by residues, density and schedule.

    Measured on maps of 97 and 190 residues. Only the proportions matter: what is measured on the
    way corrects the rest.
    """
    schedule = options.schedule
    length = len(checked.target)
    # Unmasked maps are positive half of everywhere; what is worked on is cut out around the chain.
    volume = min(checked.volume, 400.0 * length)
    moves = length * schedule.replicas * schedule.sweeps
    known = {
        "density": 1.0 + checked.volume / 1e6,
        "network": 1.0 + volume * (4e-5 if checked.device == "cpu" else 2e-6),
        "calpha": 0.3,
        "trace": 0.5 + 0.008 * length,
        "templates": 0.1 + 5.0 * len(inputs.templates),
        "assembly": 0.5 + 7e-6 * moves,
        "decoys": 0.5 + 7e-6 * length * schedule.refinement_sweeps * options.models,
        "atomic": ATOMIC_SECONDS[schedule.atomic] * length * options.models,
        "quality": 0.003 * length,
        "report": 2.0,
    }
    return {stage: known.get(stage, 1.0) for stage in stages}
