"""How much work goes into a model, and how strongly a map of a resolution may pull."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["SCHEDULES", "Pull", "Schedule", "pull_at"]


@dataclass(frozen=True)
class Schedule:
    """How much work goes into a model.

    Attributes
    ----------
    cycles : int
        Times the backbone is drawn anew from Cα relaxed in the map.
    soft, full : int
        Iterations of minimisation among soft spheres and in the whole force field.
    dynamics : int
        Steps of 1 fs.
    sweeps : int
        Of the search over rotamers.
    """

    cycles: int
    soft: int
    full: int
    dynamics: int
    sweeps: int


SCHEDULES: dict[str, Schedule] = {
    "draft": Schedule(cycles=1, soft=120, full=150, dynamics=0, sweeps=20),
    "standard": Schedule(cycles=2, soft=150, full=250, dynamics=1000, sweeps=40),
    "thorough": Schedule(cycles=4, soft=250, full=600, dynamics=8000, sweeps=80),
}


@dataclass(frozen=True)
class Pull:
    """Strengths that follow from the resolution.

    Attributes
    ----------
    backbone, side_chain : float
        What one unit of density is worth to a peptide's O, and to a carbon of a rotamer.
    field : float
        kJ/mol per unit of density and atomic number.
    hold : float
        kJ/mol/Å² of the Cα restraint beyond its tolerance.
    tolerance : float
        Å.
    """

    backbone: float
    side_chain: float
    field: float
    hold: float
    tolerance: float


def pull_at(resolution: float) -> Pull:
    """Strengths of map and restraints at a resolution (Å): the poorer the map, the less it says."""
    clear = float(np.clip((9.0 - resolution) / 6.0, 0.0, 1.0))
    return Pull(
        backbone=5.0 * clear,
        side_chain=2.5 * clear,
        field=3.0 * max(clear, 0.3),
        hold=5.0,
        tolerance=0.4 + 0.6 * clear,
    )
