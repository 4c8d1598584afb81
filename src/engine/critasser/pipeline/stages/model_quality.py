"""Stage quality of a score: how far a model and its residues can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from critasser.atomic import bonds_of_model
from critasser.density import read_map
from critasser.job.arrays import load_calpha, load_features, save_arrays, write_table
from critasser.pipeline.files import CALPHA, DENSITY, FEATURES, QUALITY
from critasser.pipeline.stage import Context, Stage
from critasser.pipeline.stages.quality import best_in_words, scores_of
from critasser.pipeline.stages.single_residues import (
    DIGITS,
    PERCENT,
    note_bonds,
    tell_unseen,
)
from critasser.quality import Quality, assess, read_calibration, unseen_of_model
from critasser.shipped import CALIBRATION
from critasser.structure import NO_NAME, AtomicModel, ModelResidue

__all__ = ["STAGE", "judged", "write_models"]

COLUMNS = ("chain", "residue", "insertion", "letter", "confidence", "local_confidence",
           "local_pcc", "seen")  # fmt: skip


def model_quality(context: Context) -> None:
    """Score the person's model and write it with its confidences."""
    model = context.model.model()
    found = judged(context, [model], context.fact("sequence_z_score"))
    write_models(context, [model], found, context.model.residues(), found.order)


def judged(context: Context, models: Sequence[AtomicModel], z_score: float | None) -> Quality:
    """Scores of models of the job's target that no decoys tell of; what none of them has in
    density is judged by itself."""
    calpha, _, _ = load_calpha(context.read(CALPHA))
    features = load_features(context.read(FEATURES), context.read(DENSITY))
    unseen = [unseen_of_model(model.target, model.calpha, features) for model in models]
    return assess(
        models,
        calpha,
        read_map(context.read(DENSITY)),
        context.fact("resolution"),
        z_score=z_score,
        unseen=np.all(unseen, axis=0),
        calibration=read_calibration(context.external(CALIBRATION)),
        progress=context.progress,
    )


def write_models(
    context: Context,
    models: Sequence[AtomicModel],
    found: Quality,
    residues: Sequence[ModelResidue],
    order: NDArray[np.int64],
    replaced: Sequence[Mapping[tuple[str, int, str], Any]] | None = None,
) -> None:
    """Write models, best first, as the person's file with confidences in it, and their tables.

    Parameters
    ----------
    context : Context
    models : sequence of AtomicModel
    found : Quality
        Their scores.
    residues : sequence of ModelResidue
        Of all models.
    order : ndarray (n,) int64
        Numbers of the models, best first.
    replaced : sequence of mapping, optional
        For each model, new atoms by residue; without it the file's own.
    """
    unseen = ~found.seen
    tell_unseen(
        context, unseen, [(r.chain or NO_NAME, f"{r.number}{r.insertion}") for r in residues]
    )
    written = ~unseen if context.settings["trim"] else np.ones(len(unseen), bool)
    bonds = [bonds_of_model(model).of(written) for model in models]
    note_bonds(context, bonds, [str(residue) for residue in residues])
    trimmed = {residues[i].key for i in np.flatnonzero(~written)}
    save_arrays(
        context.file(QUALITY),
        calpha=[model.calpha for model in models],
        order=order,
        etm=found.etm,
        crscore=found.crscore,
        pcc_box=found.pcc_box,
        pcc_mask=found.pcc_mask,
        shown=found.shown,
        local_pcc=found.local_pcc,
        seen=found.seen,
    )
    letters = {residue.key: residue.letter for residue in residues}
    for rank, k in enumerate(order, 1):
        stem, mean = f"5_models/model_{rank}", found.mean[k]
        context.model.write(
            context.file(f"{stem}.cif", "models", f"model {rank}, confidence {mean:.0f}"),
            {residue.key: found.shown[k, i] for i, residue in enumerate(residues)},
            title=f"Critasser {context.task.kind} model {rank}",
            scores=scores_of(found, k),
            replaced=None if replaced is None else replaced[k],
            letters=letters,
            left_out=trimmed,
            bonds=bonds[k],
        )
        write_table(
            context.file(f"{stem}.csv"),
            COLUMNS,
            (
                (r.chain, r.number, r.insertion, r.letter, *values)
                for r, *values in zip(
                    residues, found.shown[k], PERCENT * found.local_confidence[k],
                    found.local_pcc[k], found.seen.astype(int),
                )
            ),
            DIGITS,
        )  # fmt: skip
    context.say(best_in_words(found, int(order[0])))


STAGE = Stage(
    "quality",
    model_quality,
    reads=(DENSITY, CALPHA, FEATURES),
    facts={"resolution": "density", "sequence_z_score": "evidence"},
    settings=lambda task: {"trim": task.options.trim},
    external=("model", CALIBRATION),
)
