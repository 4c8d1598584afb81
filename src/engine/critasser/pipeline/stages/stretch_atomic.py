"""Stage atomic of a rebuild: all atoms of each candidate of the stretches."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from critasser.atomic import rebuild_atoms
from critasser.job.arrays import load_arrays, save_arrays
from critasser.pipeline.files import ATOMS, CANDIDATES, DENSITY, of_model
from critasser.pipeline.stage import Context, Stage, Task
from critasser.pipeline.stages.stretch import EXTERNAL, Stretches, stretch_settings

__all__ = ["STAGE"]


def stretch_atomic(context: Context) -> None:
    """Build and relax the atoms of one candidate in the map, with all that stays around it."""
    stretches, plan = Stretches.of(context.plan), context.plan
    (positions,) = load_arrays(context.read(CANDIDATES), "positions")
    calpha, mobile = positions[context.part], stretches.mobile
    index = stretches.local.index
    atoms, warnings = rebuild_atoms(
        stretches.local.target,
        stretches.atoms[index],
        np.where(mobile[:, None], calpha, plan.model.calpha[index]),
        mobile,
        plan.eased[index],
        stretches.density(context),
        context.fact("resolution"),
        rng=context.rng,
        schedule=context.settings["schedule"],
        progress=context.progress,
    )
    save_arrays(context.file(of_model(ATOMS, context.part)), atoms=atoms)
    for text in warnings:
        context.warn(f"candidate {context.part + 1}: {text}")
    moved = atoms[mobile, 1] - calpha[mobile]
    context.say(f"Cα moved {np.sqrt(np.mean(np.sum(moved**2, axis=1))):.2f} Å")


def _settings(task: Task) -> Mapping[str, object]:
    return {**stretch_settings(task), "schedule": task.options.schedule.atomic}


STAGE = Stage(
    "atomic",
    stretch_atomic,
    reads=(DENSITY, CANDIDATES),
    facts={"resolution": "density"},
    settings=_settings,
    external=(*EXTERNAL, "backbone.npz", "rotamers.npz"),
    draws=True,
    parts="assembly",
)
