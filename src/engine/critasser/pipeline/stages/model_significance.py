"""Stage evidence of a score: whether the map tells the sequence, and agrees with the model's
register."""

from __future__ import annotations

from critasser.job.arrays import load_calpha, load_features
from critasser.pipeline.files import CALPHA, DENSITY, FEATURES
from critasser.pipeline.stage import Context, Stage
from critasser.shipped import SEQUENCE_NETWORK
from critasser.structure import CalphaSet
from critasser.trace import (
    SIGNIFICANT,
    Significance,
    find_unit,
    register_significance,
    sequence_significance,
)

__all__ = ["STAGE"]

MOST_RESIDUES = 1500
"""Residues up to which the sequence is tried on all walks through the positions; time and memory
go with the square."""


def model_significance(context: Context) -> None:
    """Compare the sequence, where the model has it and anywhere, with shuffled ones."""
    calpha, _, _ = load_calpha(context.read(CALPHA))
    if not len(calpha):
        context.warn(
            "the network finds no Cα positions in the map, so that nothing tells the sequence"
        )
        return
    model = context.model.model()
    own = register_significance(model.calpha, calpha, context.target, rng=context.rng)
    said = []
    if own.length:
        context.note(register_z_score=own.z_score)
        said.append(f"register z-score {own.z_score:.1f}")
    if len(context.target) <= MOST_RESIDUES:
        whole = _anywhere(context, calpha)
        context.note(sequence_z_score=whole.z_score)
        said.append(f"sequence z-score {whole.z_score:.1f}")
        if whole.significant and own.length and own.z_score < SIGNIFICANT:
            context.warn(
                f"the map tells the sequence (z-score {whole.z_score:.1f}), but not where the "
                f"model has it ({own.z_score:.1f}): its residues may be out of register"
            )
        elif advice := whole.advice():
            context.warn(advice)
    context.say(", ".join(said) or "no Cα position near the model")


def _anywhere(context: Context, calpha: CalphaSet) -> Significance:
    features = load_features(context.read(FEATURES), context.read(DENSITY))
    unit = find_unit(calpha, features, context.target)
    return sequence_significance(
        unit.calpha,
        features,
        unit.target,
        rng=context.rng,
        tick=lambda done: context.progress(done, "shuffled sequences to compare with"),
    )


STAGE = Stage(
    "evidence",
    model_significance,
    reads=(DENSITY, CALPHA, FEATURES),
    external=("model", "trace.npz", SEQUENCE_NETWORK),
    draws=True,
)
