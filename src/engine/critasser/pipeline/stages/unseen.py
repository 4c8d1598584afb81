"""Stage unseen: find residues without density, so that they do not pull at the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.assembly import Guide, complete
from critasser.calpha import TRUSTED_CRSCORE, agreement, find_calpha
from critasser.density import FeatureMaps, Grid
from critasser.job.arrays import (
    load_calpha,
    load_region,
    load_templates,
    load_traces,
    save_arrays,
)
from critasser.pipeline.files import CALPHA, DENSITY, FEATURES, NUCLEIC, TEMPLATES, TRACES, UNSEEN
from critasser.pipeline.stage import Context, Stage, sequences
from critasser.pipeline.stages.calpha import warn_unsure
from critasser.pipeline.stages.nucleic import protein_density, protein_features
from critasser.quality import Placed, find_unseen
from critasser.structure import CalphaSet, Target, Template, Trace, kabsch

__all__ = ["STAGE", "seek_unseen", "trusted_calpha", "with_unseen"]

AS_GOOD = 30.0
"""Difference of traces' scores, in log-odds, over which one counts 1/e of another; as in
`trace.registration.AGREEMENT_SCALE`."""

LEAST_WEIGHT, MOST_STARTS = 0.05, 5
"""Weight from which a trace is looked at beside the best, and the most traces, or templates, that
are."""

GROWN = 3
"""Times that residues without position are grown, differently, from each."""

ANCHORS, FEWEST_ANCHORS = 20, 8
"""Residues of a model, next to a stretch in the template, that the template is superposed on to say
where the stretch is, and how many there must be."""

MOST_APART = 3.0
"""Å root mean square between them and the template: farther off it is another state there."""

CLASH, MOST_CLASHING = 3.0, 0.1
"""Å between Cα that are one in the other, and the share of a stretch that may be."""

LIKELY = 0.25
"""Probability from which a position is taken for a Cα, whatever the sequence is."""


def unseen(context: Context) -> None:
    """Find residues that have no density; trust Cα positions by how many residues have."""
    traces = load_traces(context.read(TRACES))
    templates = load_templates(context.read(TEMPLATES))
    calpha, agreed, trusted = load_calpha(context.read(CALPHA))
    features, nucleic = protein_features(context), load_region(context.read(NUCLEIC))
    lacking = seek_unseen(
        context.target,
        traces,
        templates,
        calpha,
        features,
        protein_density(context),
        rng=context.rng,
        progress=context.progress,
    )
    if lacking.any():
        agreed, trusted = trusted_calpha(features, calpha, int((~lacking).sum()), nucleic)
    save_arrays(context.file(UNSEEN), unseen=lacking)
    context.note(trusted=bool(trusted))
    if not trusted:
        warn_unsure(context, agreed)
    context.say(
        f"{int(lacking.sum())} of {len(lacking)} residues have no density"
        if lacking.any()
        else "no residues without density were found"
    )


def seek_unseen(
    target: Target,
    traces: Sequence[Trace],
    templates: Sequence[Template],
    calpha: CalphaSet,
    features: FeatureMaps,
    density: Grid,
    *,
    rng: np.random.Generator,
    progress: Callable[[float, str], None] | None = None,
) -> NDArray[np.bool_]:
    """Which residues (L,) have no density.

    Parameters
    ----------
    target : Target
    traces, templates : sequence of Trace, of Template
        Best first.
    calpha : CalphaSet
    features, density : FeatureMaps, Grid
    rng : numpy.random.Generator
    progress : callable, optional
    """
    if not (traces or templates):
        return np.zeros(len(target), bool)
    guide = Guide.of(density, calpha)
    grown = grow_missing(target, traces, templates, guide, rng=rng, progress=progress)
    return find_unseen(target, *grown, features)


def grow_missing(
    target: Target,
    traces: Sequence[Trace],
    templates: Sequence[Template],
    guide: Guide,
    *,
    rng: np.random.Generator,
    progress: Callable[[float, str], None] | None = None,
) -> tuple[list[Placed], list[Placed]]:
    """The best traces, and templates, with their missing residues grown through free density.

    Parameters
    ----------
    target : Target
    traces, templates : sequence of Trace, of Template
        Best first.
    guide : Guide
        What to grow along.
    rng : numpy.random.Generator
    progress : callable, optional
    """
    weights = [float(np.exp((one.score - traces[0].score) / AS_GOOD)) for one in traces]
    believed = [(one, w) for one, w in zip(traces, weights) if w >= LEAST_WEIGHT][:MOST_STARTS]
    starts = [*believed, *((one, 1.0) for one in templates[:MOST_STARTS])]
    grown = []
    for k, (start, weight) in enumerate(starts):
        if progress is not None:
            progress(k / len(starts), f"growing what start {k + 1} lacks")
        chains = [complete(target, start, guide, rng=rng) for _ in range(GROWN)]
        positions = np.array([chain.positions for chain in chains])
        given = np.array([chain.given for chain in chains])
        own = start.confidence if isinstance(start, Trace) else start.placed.astype(float)
        grown.append(Placed(positions, given, own, weight))
    return grown[: len(believed)], grown[len(believed) :]


def trusted_calpha(
    features: FeatureMaps, calpha: CalphaSet, seen: int, nucleic: NDArray[np.bool_]
) -> tuple[float, bool]:
    """How well the network's predictions for the map as it is and turned agree, and whether they
    are trusted, where only so many residues are seen, and no Cα in nucleic acid (nz, ny, nx)."""
    count = max(seen, int((calpha.probability > LIKELY).sum()))
    opinions = (find_calpha(one.without(nucleic), seen) for one in features.opinions)
    agreed = agreement(*opinions, count)
    return agreed, agreed > TRUSTED_CRSCORE


def with_unseen(
    target: Target,
    seen: NDArray[np.float64],
    unseen: NDArray[np.bool_],
    guide: Guide,
    *,
    rng: np.random.Generator,
    templates: Sequence[Template] = (),
) -> NDArray[np.float64]:
    """A whole chain (L, 3): residues that are seen where they are, the others as the first template
    has them that fits around them, or grown where nothing is in their way."""
    if not unseen.any():
        return seen
    positions = np.full((len(target), 3), np.nan)
    positions[~unseen] = seen
    for chain in target.chain_slices:
        edges = np.diff(np.concatenate([[0], unseen[chain].astype(np.int8), [0]]))
        for low, high in np.flatnonzero(edges).reshape(-1, 2) + chain.start:
            for template in templates:
                stretch = np.arange(low, high)[template.placed[low:high]]
                there = _by_template(stretch, positions, template, chain)
                if there is not None:
                    positions[stretch] = there
                    break
    start = Trace(positions, np.where(unseen, 0.0, 1.0), 0.0, "seen")
    return complete(target, start, guide, rng=rng, mobile=unseen).positions


def _by_template(
    stretch: NDArray[np.int64], positions: NDArray[np.float64], template: Template, chain: slice
) -> NDArray[np.float64] | None:
    """Where a template has residues (n,) of a chain, superposed on what is around them."""
    known = np.flatnonzero(np.isfinite(positions[chain, 0]) & template.placed[chain]) + chain.start
    if not len(stretch) or len(known) < FEWEST_ANCHORS:
        return None
    away = cKDTree(template.positions[stretch]).query(template.positions[known])[0]
    anchors = known[np.argsort(away, kind="stable")[:ANCHORS]]
    rotation, shift = kabsch(template.positions[anchors], positions[anchors])
    moved = template.positions @ rotation.T + shift
    apart = np.sum((moved[anchors] - positions[anchors]) ** 2, axis=1)
    if np.sqrt(apart.mean()) > MOST_APART:
        return None
    others = positions[np.isfinite(positions).all(axis=1)]
    near = cKDTree(others).query(moved[stretch])[0]
    return None if np.mean(near < CLASH) > MOST_CLASHING else moved[stretch]


STAGE = Stage(
    "unseen",
    unseen,
    reads=(DENSITY, CALPHA, FEATURES, NUCLEIC, TRACES, TEMPLATES),
    facts={"absent": "templates"},
    settings=sequences,
    draws=True,
)
