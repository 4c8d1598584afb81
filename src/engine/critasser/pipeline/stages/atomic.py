"""Stage atomic: all atoms of each model."""

from __future__ import annotations

from collections.abc import Mapping

from critasser.atomic import build_atoms
from critasser.density import read_map
from critasser.job.arrays import load_arrays, save_atoms
from critasser.pipeline.files import ATOMS, CENTROID, DENSITY, of_model
from critasser.pipeline.stage import Context, Stage, Task, sequences
from critasser.structure import Target, chain_names

__all__ = ["STAGE"]


def atomic(context: Context) -> None:
    """Build backbone and side chains on one refined centroid and relax them in the map."""
    (calpha,) = load_arrays(context.read(CENTROID), "calpha")
    model, report = build_atoms(
        context.target,
        calpha,
        read_map(context.read(DENSITY)),
        context.fact("resolution"),
        rng=context.rng,
        schedule=context.settings["schedule"],
        progress=context.progress,
    )
    save_atoms(context.file(of_model(ATOMS, context.part)), model)
    names = _names(context.target)
    context.note(
        cis_peptides=[[names[i], names[i + 1]] for i in report.cis],
        disulfides=[[names[i], names[j]] for i, j in report.disulfides],
    )
    for text in report.warnings:
        context.warn(f"model {context.part + 1}: {text}")
    context.say(
        f"{len(model)} atoms; energy {report.energy_before:.0f} → {report.energy_after:.0f} "
        f"kJ/mol, clashes {report.clashes_before} → {report.clashes_after}, "
        f"Cα moved {report.calpha_moved:.2f} Å"
    )


def _names(target: Target) -> list[str]:
    """Residues as the model's file names them, such as A:35."""
    chains = (chain_names(int(c) + 1)[-1] for c in target.chain_index)
    return [f"{chain}:{number}" for chain, number in zip(chains, target.residue_number)]


def _settings(task: Task) -> Mapping[str, object]:
    return {**sequences(task), "schedule": task.options.schedule.atomic}


STAGE = Stage(
    "atomic",
    atomic,
    reads=(DENSITY, CENTROID),
    facts={"resolution": "density", "absent": "sequences"},
    settings=_settings,
    external=("backbone.npz", "rotamers.npz"),
    draws=True,
    parts="decoys",
)
