"""Stage atomic: all atoms of each model."""

from __future__ import annotations

from collections.abc import Mapping

from critasser.atomic import build_atoms
from critasser.density import read_map
from critasser.job.arrays import load_arrays, save_atoms
from critasser.pipeline.files import ATOMS, CENTROID, DENSITY, UNSEEN, of_model
from critasser.pipeline.stage import Context, Stage, Task, sequences

__all__ = ["STAGE"]


def atomic(context: Context) -> None:
    """Build backbone and side chains on one refined centroid and relax them in the map."""
    (calpha,) = load_arrays(context.read(CENTROID), "calpha")
    (unseen,) = load_arrays(context.read(UNSEEN), "unseen")
    model, report = build_atoms(
        context.target,
        calpha,
        read_map(context.read(DENSITY)),
        context.fact("resolution"),
        rng=context.rng,
        unseen=unseen,
        schedule=context.settings["schedule"],
        progress=context.progress,
    )
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
    atomic,
    reads=(DENSITY, UNSEEN, CENTROID),
    facts={"resolution": "density", "absent": "sequences"},
    settings=_settings,
    external=("backbone.npz", "rotamers.npz"),
    draws=True,
    parts="decoys",
)
