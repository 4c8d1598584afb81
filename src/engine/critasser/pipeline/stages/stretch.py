"""What the stages of a rebuild share: the residues around the stretches, and the map there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.atomic import atoms_of_model
from critasser.density import Grid, crop
from critasser.pipeline.stage import Context, Task
from critasser.pipeline.stages.nucleic import protein_density
from critasser.rebuild.plan import Plan, Surroundings

__all__ = ["EXTERNAL", "Stretches", "stretch_settings"]

EXTERNAL = ("model", "sequence")

RADIUS = 14.0
"""Å around a stretch within which residues that stay act on it."""

MARGIN = 10.0
"""Å of map kept around these residues."""


def stretch_settings(task: Task) -> dict[str, object]:
    """What every stage of a rebuild depends on."""
    return {"stretches": task.options.stretches}


@dataclass(frozen=True, eq=False)
class Stretches:
    """The residues that are built and those around them.

    Attributes
    ----------
    plan : Plan
        Of all L residues of the model.
    atoms : ndarray (L, a, 3)
        Å; heavy atoms of each residue, NaN where the model has none.
    local : Surroundings
        The n residues that are built or lie around these.
    mobile : ndarray (n,) bool
        Which of those are built.
    """

    plan: Plan
    atoms: NDArray[np.float64]
    local: Surroundings
    mobile: NDArray[np.bool_]

    @classmethod
    def of(cls, plan: Plan) -> Stretches:
        """Find the surroundings among the residues whose backbone is whole."""
        atoms = atoms_of_model(plan.model)
        backbone = np.isfinite(atoms[:, :4]).all(axis=(1, 2))
        local = plan.around(RADIUS, backbone)
        return cls(plan, atoms, local, plan.built[local.index])

    def density(self, context: Context) -> Grid:
        """The part of the map that the stretches can reach, without what is nucleic acid."""
        points = self.plan.model.calpha[self.local.index]
        points = points[np.isfinite(points).all(axis=1)]
        whole = protein_density(context)
        return crop(whole, points.min(axis=0) - MARGIN, points.max(axis=0) + MARGIN)
