"""Stage quality: how far models and residues can be trusted; the models themselves, best first."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from critasser.atomic import bonds_of_model
from critasser.density import read_map, sample
from critasser.job.arrays import (
    load_arrays,
    load_atoms,
    load_calpha,
    load_symmetry,
    load_templates,
    load_traces,
    save_arrays,
    write_table,
)
from critasser.pipeline.files import (
    ATOMS,
    CALPHA,
    CLUSTERS,
    DENSITY,
    LOCAL_RESOLUTION,
    QUALITY,
    SYMMETRY,
    TEMPLATES,
    TRACES,
    UNSEEN,
)
from critasser.pipeline.stage import Context, Stage, Task, named_sequences
from critasser.pipeline.stages.single_residues import (
    DIGITS,
    PERCENT,
    names_of,
    note_bonds,
    tell_unseen,
)
from critasser.quality import SOURCES, Quality, assess, read_calibration
from critasser.shipped import CALIBRATION
from critasser.structure import AtomicModel, write_model

__all__ = ["STAGE", "best_in_words", "scores_of"]


def quality(context: Context) -> None:
    """Score the models and write them with their confidences."""
    models = [load_atoms(path, context.target) for path in context.read_all(ATOMS)]
    (unseen,) = load_arrays(context.read(UNSEEN), "unseen")
    size, mean_rmsd, total = load_arrays(context.read(CLUSTERS), "size", "mean_rmsd", "total")
    calpha, _, _ = load_calpha(context.read(CALPHA))
    found = assess(
        models,
        calpha,
        read_map(context.read(DENSITY)),
        context.fact("resolution"),
        size=size,
        mean_rmsd=mean_rmsd,
        total=int(total),
        z_score=context.fact("sequence_z_score") or 0.0,
        unseen=unseen,
        traces=load_traces(context.read(TRACES)),
        templates=load_templates(context.read(TEMPLATES)),
        calibration=read_calibration(context.external(CALIBRATION)),
        progress=context.progress,
    )
    if LOCAL_RESOLUTION in context.stage.reads:
        detail = read_map(context.read(LOCAL_RESOLUTION))
        local = np.stack([sample(detail, model.calpha) for model in models])
    else:
        local = None
    arrays = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
    if local is not None:
        arrays["local_resolution"] = local
    save_arrays(context.file(QUALITY), calpha=[model.calpha for model in models], **arrays)
    tell_unseen(context, unseen, names_of(context.target))
    _write_models(context, models, found, local)
    context.say(best_in_words(found, int(found.order[0])))


def _write_models(
    context: Context,
    models: list[AtomicModel],
    found: Quality,
    local: NDArray[np.float64] | None,
) -> None:
    symmetry = load_symmetry(context.read(SYMMETRY))
    written = found.seen if context.settings["trim"] else np.ones(len(context.target), bool)
    bonds = [bonds_of_model(model).of(written) for model in models]
    note_bonds(context, bonds, [":".join(name) for name in names_of(context.target)])
    for rank, k in enumerate(found.order, 1):
        stem, mean = f"5_models/model_{rank}", found.mean[k]
        write_model(
            context.file(f"{stem}.cif", "models", f"model {rank}, confidence {mean:.0f}"),
            models[k].without(~written),
            found.shown[k],
            title=f"Critasser model {rank}",
            scores=scores_of(found, k),
            sources=found.source[k],
            symmetry=symmetry,
            bonds=bonds[k],
        )
        write_table(
            context.file(f"{stem}.csv"),
            (
                "chain", "residue", "letter", "confidence", "local_confidence", "local_pcc", "seen",
                "source", *(() if local is None else ("local_resolution",)),
            ),
            zip(
                *zip(*names_of(context.target)),
                context.target.letters,
                found.shown[k],
                PERCENT * found.local_confidence[k],
                found.local_pcc[k],
                found.seen.astype(int),
                [SOURCES[source] for source in found.source[k]],
                *(() if local is None else (local[k],)),
            ),
            DIGITS,
        )  # fmt: skip


def scores_of(found: Quality, k: int | np.integer) -> dict[str, float]:
    """Scores of model k for its file."""
    return {
        "eTM": float(found.etm[k]),
        "CRscore": float(found.crscore[k]),
        "PCC": float(found.pcc_mask[k]),
    }


def best_in_words(found: Quality, best: int) -> str:
    """The first model's scores in a line."""
    return (
        f"model 1: confidence {found.mean[best]:.0f}, eTM {found.etm[best]:.3f}, "
        f"CRscore {found.crscore[best]:.3f}, PCC {found.pcc_mask[best]:.3f}"
    )


def _settings(task: Task) -> Mapping[str, object]:
    return {**named_sequences(task), "trim": task.options.trim}


STAGE = Stage(
    "quality",
    quality,
    reads=(DENSITY, CALPHA, TRACES, SYMMETRY, TEMPLATES, UNSEEN, CLUSTERS, ATOMS),
    facts={
        "resolution": "density", "absent": "templates", "sequence_z_score": "sequences",
    },
    settings=_settings,
    external=(CALIBRATION,),
)
