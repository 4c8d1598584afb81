"""Stage templates: the person's structures, placed by Cα positions and by the density."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from critasser.density import FeatureMaps
from critasser.fitting import (
    LEAST_CONFIDENCE,
    Placement,
    fit_structure,
    network_fields,
    read_predicted_error,
    trusted_residues,
)
from critasser.job.arrays import load_calpha, load_features, save_templates, write_table
from critasser.pipeline.files import CALPHA, DENSITY, FEATURES, TEMPLATES
from critasser.pipeline.stage import Context, Stage, named_sequences
from critasser.pipeline.stages.trace import SHOWN
from critasser.shipped import SEQUENCE_NETWORK
from critasser.structure import (
    CalphaSet,
    ProteinChain,
    Target,
    Template,
    read_chains,
    write_calpha,
)
from critasser.templates import Fit, PlacedChain, released, survey
from critasser.text import printable
from critasser.trace import shifted_significance

__all__ = ["STAGE", "errors_of_chains", "fit_by_density", "with_z_scores", "without_contradicted"]


def templates(context: Context) -> None:
    """Place each chain of each template in the map and read it as the target.

    Two searches place it: triangles of its Cα on those of the map, and its domains, as rigid
    bodies, in what the network saw. Whatever explains more positions counts.
    """
    calpha, _, trusted = load_calpha(context.read(CALPHA))
    files = context.all_external("template_*")
    chains, errors = [], []
    for number, path in enumerate(files, start=1):
        own = read_chains(path)
        chains += own
        errors += errors_of_chains(own, context.external(f"pae_{number:02d}"))
    fit = None
    if chains:
        features = load_features(context.read(FEATURES), context.read(DENSITY))
        fit = fit_by_density(chains, features, context.rng, errors=errors, tell=context.warn)
    found = survey(chains, calpha, context.target, progress=context.progress, fit=fit)
    used = found.templates
    if trusted:
        used = without_contradicted(used, calpha, context.target, tell=context.warn)
    used = with_z_scores(used, calpha, context.target)
    save_templates(context.file(TEMPLATES), used, len(context.target))
    for k, template in enumerate(used):
        kind = "templates" if k < SHOWN else None
        write_calpha(
            context.file(f"3_templates/template_{k + 1:02d}.cif", kind, f"template {k + 1}"),
            template.positions,
            context.target,
            np.full(len(context.target), 100.0 * np.clip(template.score, 0.0, 1.0)),
            title=f"Critasser template {k + 1}: {printable(template.source)}",
        )
    write_table(
        context.file("3_templates/templates.csv", "table", "templates"),
        ("template", "CRscore", "placed", "register z-score", "source"),
        [(k + 1, t.score, int(t.placed.sum()), t.z_score, t.source) for k, t in enumerate(used)],
    )
    for rejected in found.rejected:
        context.warn(f"template {rejected.source} is not used: {rejected.reason}")
    context.note(templates=len(used))
    led = sum(error is not None for error in errors)
    told = f"; {led} chains cut by their predicted aligned error" if led else ""
    context.say(f"{len(used)} of {len(files)} files{told}" if files else "none given")


def without_contradicted(
    templates: Sequence[Template],
    calpha: CalphaSet,
    target: Target,
    *,
    tell: Callable[[str], None] | None = None,
) -> tuple[Template, ...]:
    """Templates without what the map's trusted Cα contradict, which `tell` is given in a line."""
    left = []
    for number, template in enumerate(templates):
        kept, *contradicted = released(template, target, calpha)
        left.append(kept)
        for by, which in zip(("Cα positions", "side chains"), contradicted):
            if which.any() and tell is not None:
                tell(
                    f"template {number + 1}: the map's {by} contradict {int(which.sum())} of "
                    f"{int(template.placed.sum())} residues, which are built without it"
                )
    return tuple(left)


def errors_of_chains(
    chains: Sequence[ProteinChain], path: Path | None
) -> list[NDArray[np.float64] | None]:
    """Predicted aligned error of each chain of a file, from that of the whole; None without one.

    Raises
    ------
    InputError
        It cannot be read, or is of another number of residues.
    """
    if path is None:
        return [None] * len(chains)
    ends = np.cumsum([0, *map(len, chains)])
    whole = read_predicted_error(path, chains)
    return [whole[a:b, a:b] for a, b in pairwise(ends)]


def with_z_scores(
    templates: Sequence[Template], calpha: CalphaSet, target: Target
) -> tuple[Template, ...]:
    """Templates with how far the register that each one has stands out in the map."""
    if not len(calpha):
        return tuple(templates)
    return tuple(
        dataclasses.replace(
            one, z_score=shifted_significance(one.positions, calpha, target).z_score
        )
        for one in templates
    )


def fit_by_density(
    chains: Sequence[ProteinChain],
    features: FeatureMaps,
    rng: np.random.Generator,
    *,
    errors: Sequence[NDArray[np.float64] | None] = (),
    tell: Callable[[str], None] | None = None,
) -> Fit:
    """Places of template chains by the density, see `templates.Fit`.

    Parameters
    ----------
    chains : sequence of ProteinChain
    features : FeatureMaps
        Of the cropped map at 1 Å.
    rng : numpy.random.Generator
    errors : sequence of ndarray (n, n) or None
        Predicted aligned error of each chain in Å, which cuts it into domains; contacts do for
        those without, and for all where this is empty.
    tell : callable, optional
        Given a line for all of a chain that took no part, found no place, or fits elsewhere too.
    """
    fields = network_fields(features)

    def fit(
        number: int, *, copies: int = 1, progress: Callable[[float, str], None] | None = None
    ) -> list[PlacedChain]:
        chain = chains[number]
        trusted = trusted_residues(chain)
        placements = fit_structure(
            chain.calpha, fields, rng=rng, trusted=trusted,
            error=errors[number] if errors else None, copies=copies, progress=progress,
        )  # fmt: skip
        if tell is not None:
            for line in _remarks(trusted, placements[0], copies):
                tell(f"template {number + 1} (chain {printable(chain.name)}): {line}")
        return [
            PlacedChain(one.positions, sum(one.placed)) for one in placements if any(one.placed)
        ]

    return fit


def _remarks(trusted: NDArray[np.bool_], placement: Placement, copies: int) -> list[str]:
    """What a person should know of a fit, a line each."""
    lines = []
    if not trusted.all():
        lines.append(
            f"{int((~trusted).sum())} of {len(trusted)} residues have a predicted confidence "
            f"below {LEAST_CONFIDENCE:g} and take no part in the fit to the density"
        )
    lost = [d for d, placed in enumerate(placement.placed) if not placed]
    if lost and len(lost) < len(placement.placed):
        residues = int(np.isin(placement.domain, lost).sum())
        lines.append(
            f"{len(lost)} of {len(placement.placed)} domains ({residues} residues) have no place "
            "in the density of their own"
        )
    equal = max((fit.equals() for fit in placement.fits), default=0)
    if equal > copies and any(placement.placed):
        lines.append(f"fits {equal} places of the map about equally well")
    return lines


STAGE = Stage(
    "templates",
    templates,
    reads=(CALPHA, DENSITY, FEATURES),
    facts={"absent": "sequences"},
    settings=named_sequences,
    external=("template_*", "pae_*", "trace.npz", SEQUENCE_NETWORK),
    draws=True,
)
