"""Stage quality: how far models and residues can be trusted; the models themselves, best first."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from critasser.density import read_map, sample
from critasser.job.arrays import (
    load_arrays,
    load_atoms,
    load_calpha,
    load_symmetry,
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
)
from critasser.pipeline.stage import Context, Stage, named_sequences
from critasser.quality import Quality, assess, read_calibration
from critasser.shipped import CALIBRATION
from critasser.structure import AtomicModel, Target, chain_names, write_model

__all__ = ["STAGE", "best_in_words", "scores_of"]


def quality(context: Context) -> None:
    """Score the models and write them with their confidences."""
    models = [load_atoms(path, context.target) for path in context.read_all(ATOMS)]
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
    _write_models(context, models, found, local)
    context.say(best_in_words(found, int(found.order[0])))


def _write_models(
    context: Context,
    models: list[AtomicModel],
    found: Quality,
    local: NDArray[np.float64] | None,
) -> None:
    symmetry = load_symmetry(context.read(SYMMETRY))
    for rank, k in enumerate(found.order, 1):
        stem, mean = f"5_models/model_{rank}", found.shown[k].mean()
        write_model(
            context.file(f"{stem}.cif", "models", f"model {rank}, confidence {mean:.0f}"),
            models[k],
            found.shown[k],
            title=f"Critasser model {rank}",
            scores=scores_of(found, k),
            symmetry=symmetry,
        )
        write_table(
            context.file(f"{stem}.csv"),
            (
                "chain", "residue", "letter", "confidence", "local_confidence", "local_pcc",
                *(() if local is None else ("local_resolution",)),
            ),
            zip(
                _chains(context.target),
                context.target.residue_number.tolist(),
                context.target.letters,
                found.shown[k],
                found.local_confidence[k],
                found.local_pcc[k],
                *(() if local is None else (local[k],)),
            ),
        )


def _chains(target: Target) -> list[str]:
    return [chain_names(int(c) + 1)[-1] for c in target.chain_index]


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
        f"model 1: confidence {found.shown[best].mean():.0f}, eTM {found.etm[best]:.3f}, "
        f"CRscore {found.crscore[best]:.3f}, PCC {found.pcc_mask[best]:.3f}"
    )


STAGE = Stage(
    "quality",
    quality,
    reads=(DENSITY, CALPHA, SYMMETRY, CLUSTERS, ATOMS),
    facts={"resolution": "density", "sequence_z_score": "trace"},
    settings=named_sequences,
    external=(CALIBRATION,),
)
