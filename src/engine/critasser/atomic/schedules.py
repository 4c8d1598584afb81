"""Says how much work goes into a model, and how strongly a map of a resolution may pull."""

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


CLEAR, BLURRED = 3.0, 9.0
"""Å of resolution down to which the map tells all, and from which it tells nothing of peptides and
side chains."""

PEPTIDE_PULL, SIDE_CHAIN_PULL = 5.0, 2.5
"""What one unit of density is worth in a clear map: −log probabilities."""

FIELD_PULL, LEAST_CLARITY = 3.0, 0.3
"""kJ/mol per unit of density and atomic number in a clear map, and the share of it in the
poorest."""

HOLD = 5.0
"""kJ/mol/Å² by which Cα are held."""

TIGHT, LOOSE = 0.4, 0.6
"""Å that Cα are free to move in the poorest map, and what a clear one adds."""


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
    clear = float(np.clip((BLURRED - resolution) / (BLURRED - CLEAR), 0.0, 1.0))
    return Pull(
        backbone=PEPTIDE_PULL * clear,
        side_chain=SIDE_CHAIN_PULL * clear,
        field=FIELD_PULL * max(clear, LEAST_CLARITY),
        hold=HOLD,
        tolerance=TIGHT + LOOSE * clear,
    )
