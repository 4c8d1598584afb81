"""Stage atomic of a rebuild: all atoms of each candidate of the stretches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from critasser.atomic import rebuild_atoms
from critasser.job.arrays import load_arrays, save_arrays
from critasser.pipeline.files import ATOMS, CANDIDATES, DENSITY, NUCLEIC, of_model
from critasser.pipeline.split import Split
from critasser.pipeline.stage import Context, Stage, Task
from critasser.pipeline.stages.stretch import EXTERNAL, Stretches, stretch_settings

__all__ = ["STAGE"]


def _shared(context: Context) -> dict[str, Any]:
    stretches = Stretches.of(context.plan)
    index = stretches.local.index
    return {
        "target": stretches.local.target,
        "atoms": stretches.atoms[index],
        "built": stretches.mobile,
        "eased": context.plan.eased[index],
        "density": stretches.density(context),
        "resolution": context.fact("resolution"),
        "schedule": context.settings["schedule"],
    }


def _own(context: Context) -> dict[str, Any]:
    stretches, plan = Stretches.of(context.plan), context.plan
    held = plan.model.calpha[stretches.local.index]
    calpha = np.where(stretches.mobile[:, None], _candidate(context), held)
    return {"calpha": calpha, "rng": context.rng}


def _candidate(context: Context) -> NDArray[np.float64]:
    (positions,) = load_arrays(context.read(CANDIDATES), "positions")
    return positions[context.part]


def _write(context: Context, built: tuple[NDArray[np.float64], tuple[str, ...]]) -> None:
    atoms, warnings = built
    save_arrays(context.file(of_model(ATOMS, context.part)), atoms=atoms)
    for text in warnings:
        context.warn(f"candidate {context.part + 1}: {text}")
    mobile = Stretches.of(context.plan).mobile
    moved = atoms[mobile, 1] - _candidate(context)[mobile]
    context.say(f"Cα moved {np.sqrt(np.mean(np.sum(moved**2, axis=1))):.2f} Å")


def _settings(task: Task) -> Mapping[str, object]:
    return {**stretch_settings(task), "schedule": task.options.schedule.atomic}


STAGE = Stage(
    "atomic",
    Split(_shared, _own, rebuild_atoms, _write),
    reads=(DENSITY, NUCLEIC, CANDIDATES),
    facts={"resolution": "density"},
    settings=_settings,
    external=(*EXTERNAL, "backbone.npz", "rotamers.npz"),
    draws=True,
    parts="assembly",
)
