"""Stage trace of a rebuild: ways of the stretches through Cα positions that are free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.density import FeatureMaps
from critasser.job.arrays import load_calpha, save_traces
from critasser.options import REBUILDS
from critasser.pipeline.files import CALPHA, DENSITY, FEATURES, NUCLEIC, TRACES
from critasser.pipeline.stage import Context, Stage, Task
from critasser.pipeline.stages.nucleic import protein_density, protein_features
from critasser.pipeline.stages.stretch import EXTERNAL, Stretches, stretch_settings
from critasser.rebuild.plan import Plan
from critasser.shipped import SEQUENCE_NETWORK
from critasser.structure import CalphaSet, Target, Trace
from critasser.structure import Sequence as ChainSequence
from critasser.trace import build_traces

__all__ = ["STAGE"]

OWN_CALPHA = 2.0
"""Å within which a predicted Cα is that of a residue that stays."""

BOND = 3.9
"""Å for each bond that a residue can be away from where its chain goes on."""

JOININGS = 30_000
"""Effort of the search for traces, as a build has it."""

ENDS = 2
"""Residues at either side that traces are looked for with."""

SUREST = 0.99
"""Highest confidence of a traced residue; what stays of the model has 1."""

Positions = NDArray[np.float64]


def stretch_trace(context: Context) -> None:
    """Find ways through the Cα positions that nothing else of the model explains."""
    plan = context.plan
    for note in plan.notes:
        context.warn(note)
    stretches = Stretches.of(plan)
    calpha, _, _ = load_calpha(context.read(CALPHA))
    features = protein_features(context)
    fixed = np.where(plan.built[:, None], np.nan, plan.model.calpha)
    found: list[list[tuple[Positions, Positions]]] = []
    for k, part in enumerate(plan.runs):
        context.progress(k / len(plan.runs), f"traces of stretch {k + 1}")
        rows = _rows(plan, part)
        free = _free(calpha, fixed, rows)
        traces = _traces(context, free, features, rows) if len(free) >= ENDS + 2 else ()
        found.append([_possible(plan, part, rows, one) for one in traces])
    starts = [_start(stretches, fixed, [None] * len(found))]
    for k in range(max(map(len, found))):
        chosen = [one[k % len(one)] if one else None for one in found]
        starts.append(_start(stretches, fixed, chosen))
    save_traces(context.file(TRACES), starts, len(stretches.local.index))
    placed = max(int(one.placed[stretches.mobile].sum()) for one in starts)
    context.say(
        f"{len(starts) - 1} traces through free positions; the best places {placed} of "
        f"{int(stretches.mobile.sum())} residues"
    )


def _traces(
    context: Context, free: CalphaSet, features: FeatureMaps, rows: Sequence[int]
) -> tuple[Trace, ...]:
    letters = "".join(context.target.letters[i] for i in rows)
    return build_traces(
        free,
        features,
        protein_density(context),
        Target((ChainSequence("stretch", letters),)),
        context.fact("resolution"),
        rng=context.rng,
        count=context.settings["traces"],
        joinings=JOININGS,
    )


def _rows(plan: Plan, part: slice) -> list[int]:
    """A stretch's residues with two at either side."""
    bonded = plan.target.bonded
    low, high = part.start, part.stop
    while low > max(0, part.start - ENDS) and bonded[low - 1] and not plan.built[low - 1]:
        low -= 1
    most = min(len(bonded) + 1, part.stop + ENDS)
    while high < most and bonded[high - 1] and not plan.built[high]:
        high += 1
    return list(range(low, high))


def _free(calpha: CalphaSet, fixed: Positions, rows: list[int]) -> CalphaSet:
    """Predicted Cα that the stretch can reach and that no other residue has, and those of the
    residues at its ends."""
    if not len(calpha):
        return calpha
    others = fixed.copy()
    others[rows] = np.nan
    others = others[np.isfinite(others).all(axis=1)]
    ends = fixed[rows]
    ends = ends[np.isfinite(ends).all(axis=1)]
    reach = BOND * (len(rows) - len(ends) + 1)
    near = np.linalg.norm(calpha.positions[:, None] - ends, axis=2)
    # From both ends where there are two: a loop comes back.
    free = near.max(axis=1) <= reach
    if len(others):
        free &= cKDTree(others).query(calpha.positions)[0] > OWN_CALPHA
    return calpha.select(free)


def _possible(
    plan: Plan, part: slice, rows: list[int], trace: Trace
) -> tuple[Positions, Positions]:
    """Positions and confidence of the stretch itself; NaN where its ends are out of reach."""
    inner = np.array([i - rows[0] for i in range(part.start, part.stop)])
    positions, confidence = trace.positions[inner].copy(), trace.confidence[inner].copy()
    for anchor in plan.anchors(part):
        if anchor is None:
            continue
        bonds = np.abs(np.arange(part.start, part.stop) - anchor)
        away = np.linalg.norm(positions - plan.model.calpha[anchor], axis=1)
        positions[~(away <= BOND * bonds)] = np.nan
    confidence[~np.isfinite(positions).all(axis=1)] = 0.0
    return positions, np.clip(confidence, 0.0, SUREST)


def _start(
    stretches: Stretches,
    fixed: Positions,
    chosen: Sequence[tuple[Positions, Positions] | None],
) -> Trace:
    """A trace of the surroundings: what stays, and the stretches where they are known."""
    positions = fixed.copy()
    confidence = np.where(stretches.plan.built, 0.0, 1.0)
    for part, known in zip(stretches.plan.runs, chosen):
        if known is not None:
            positions[part], confidence[part] = known
    index = stretches.local.index
    return Trace(positions[index], confidence[index], 0.0, "stretch")


def _settings(task: Task) -> Mapping[str, object]:
    return {**stretch_settings(task), "traces": REBUILDS[task.options.quality].traces}


STAGE = Stage(
    "trace",
    stretch_trace,
    reads=(DENSITY, CALPHA, FEATURES, NUCLEIC),
    facts={"resolution": "density"},
    settings=_settings,
    external=(*EXTERNAL, "trace.npz", SEQUENCE_NETWORK),
    draws=True,
)
