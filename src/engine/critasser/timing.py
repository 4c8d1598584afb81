"""How long the stages are expected to take, for the time left."""

from __future__ import annotations

from collections.abc import Iterable

from critasser.options import Options
from critasser.preflight import Checked

__all__ = ["expected_seconds"]


def expected_seconds(checked: Checked, options: Options, stages: Iterable[str]) -> dict[str, float]:
    """Seconds of each stage on two cores of 2020, by residues, density and schedule.

    Only their proportions matter much: what is measured on the way corrects the rest.
    """
    schedule = options.schedule
    length = len(checked.target)
    # The network looks at tiles that hold density: the molecule's volume and its surroundings.
    tiles = max(checked.volume, 130.0 * length) / 1e5 + 1.0
    network = (8.0 if checked.device == "cpu" else 0.5) * tiles
    known = {
        "density": 1.0 + checked.volume / 1e6,
        "network": 3.0 + network,
        "calpha": 2.0,
        "trace": 0.05 * length * schedule.traces / 10,
        "templates": 1.0,
        "assembly": 3e-6 * schedule.replicas * schedule.sweeps * length * 40,
        "decoys": 2.0,
        "atomic": 0.3 * length * options.models,
        "quality": 0.02 * length,
        "report": 4.0,
    }
    return {stage: known.get(stage, 1.0) for stage in stages}
