"""Stage atomic: all atoms of each model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from critasser.atomic import AtomicReport, build_atoms
from critasser.density import read_map
from critasser.job.arrays import load_arrays, save_atoms
from critasser.pipeline.files import ATOMS, CENTROID, DENSITY, UNSEEN, of_model
from critasser.pipeline.split import Split
from critasser.pipeline.stage import Context, Stage, Task, sequences
from critasser.structure import AtomicModel

__all__ = ["STAGE"]


def _shared(context: Context) -> dict[str, Any]:
    (unseen,) = load_arrays(context.read(UNSEEN), "unseen")
    return {
        "target": context.target,
        "density": read_map(context.read(DENSITY)),
        "resolution": context.fact("resolution"),
        "unseen": unseen,
        "schedule": context.settings["schedule"],
    }


def _own(context: Context) -> dict[str, Any]:
    (calpha,) = load_arrays(context.read(CENTROID), "calpha")
    return {"calpha": calpha, "rng": context.rng}


def _write(context: Context, built: tuple[AtomicModel, AtomicReport]) -> None:
    model, report = built
    save_atoms(context.file(of_model(ATOMS, context.part)), model)
    for text in report.warnings:
        context.warn(f"model {context.part + 1}: {text}")
    context.say(
        f"{len(model)} atoms; energy {report.energy_before:.0f} → {report.energy_after:.0f} "
        f"kJ/mol, clashes {report.clashes_before} → {report.clashes_after}, "
        f"Cα moved {report.calpha_moved:.2f} Å"
    )


def _settings(task: Task) -> Mapping[str, object]:
    return {**sequences(task), "schedule": task.options.schedule.atomic}


STAGE = Stage(
    "atomic",
    Split(_shared, _own, build_atoms, _write),
    reads=(DENSITY, UNSEEN, CENTROID),
    facts={"resolution": "density", "absent": "templates"},
    settings=_settings,
    external=("backbone.npz", "rotamers.npz"),
    draws=True,
    parts="decoys",
)
