"""Stage quality of a rebuild: the whole models with their new stretches, best first."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from critasser.atomic import written_atoms
from critasser.density import read_map
from critasser.job.arrays import load_arrays
from critasser.pipeline.files import ATOMS, CALPHA, DENSITY, FEATURES
from critasser.pipeline.stage import Context, Stage
from critasser.pipeline.stages.model_quality import judged, write_models
from critasser.pipeline.stages.stretch import EXTERNAL, Stretches, stretch_settings
from critasser.quality import local_correlation
from critasser.shipped import CALIBRATION
from critasser.structure import AtomicModel

__all__ = ["STAGE"]


def stretch_quality(context: Context) -> None:
    """Put the new atoms into the model, score it, and compare with the old stretch."""
    stretches = Stretches.of(context.plan)
    models, replaced = [], []
    for path in context.read_all(ATOMS):
        (atoms,) = load_arrays(path, "atoms")
        model, new = _spliced(stretches, atoms)
        models.append(model)
        replaced.append(new)
    found = judged(context, models, None)
    built = context.plan.built
    order = np.argsort(-found.local_pcc[:, built].mean(axis=1), kind="stable")
    write_models(context, models, found, context.plan.residues, order, replaced)
    _compare_with_old(context, stretches, float(found.local_pcc[order[0], built].mean()))


def _compare_with_old(context: Context, stretches: Stretches, after: float) -> None:
    built, old = context.plan.built, stretches.atoms[context.plan.built]
    if not (old[:, 1].size and np.isfinite(old[:, :4]).all()):
        return
    density = read_map(context.read(DENSITY))
    correlation = local_correlation(context.plan.model, density, context.fact("resolution"))
    before = float(correlation[built].mean())
    context.note(stretch_pcc_before=before)
    if after <= before:
        context.warn(
            f"the new stretch fits the map no better than the old one (correlation "
            f"{after:.2f}, before {before:.2f})"
        )


def _spliced(
    stretches: Stretches, atoms: NDArray[np.float64]
) -> tuple[AtomicModel, dict[tuple[str, int, str], Any]]:
    """The model with the new atoms, and those by residue."""
    plan, model = stretches.plan, stretches.plan.model
    moved = plan.built | plan.eased
    ends = {int(residue) for name, residue in zip(model.atom_names, model.residue) if name == "OXT"}
    new = {}
    stays = ~moved[model.residue]
    names = [name for name, stay in zip(model.atom_names, stays) if stay]
    elements = [element for element, stay in zip(model.elements, stays) if stay]
    owner, positions = [model.residue[stays]], [model.positions[stays]]
    for row, i in enumerate(stretches.local.index):
        if not moved[i]:
            continue
        written = written_atoms(plan.target.letters[i], atoms[row], end=int(i) in ends)
        new[plan.residues[i].key] = written
        names += [name for name, _ in written]
        elements += [name[0] for name, _ in written]
        owner.append(np.full(len(written), i))
        positions.append(np.array([position for _, position in written]))
    spliced = dataclasses.replace(
        model,
        atom_names=tuple(names),
        elements=tuple(elements),
        residue=np.concatenate(owner),
        positions=np.concatenate(positions),
    )
    return spliced, new


STAGE = Stage(
    "quality",
    stretch_quality,
    reads=(DENSITY, CALPHA, FEATURES, ATOMS),
    facts={"resolution": "density"},
    settings=lambda task: {**stretch_settings(task), "trim": task.options.trim},
    external=(*EXTERNAL, CALIBRATION),
)
