"""Stage templates: the person's structures, placed by Cα positions and by the density."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from critasser.density import FeatureMaps
from critasser.fitting import (
    LEAST_CONFIDENCE,
    Placement,
    fit_structure,
    network_fields,
    trusted_residues,
)
from critasser.job.arrays import load_calpha, load_features, save_templates, write_table
from critasser.pipeline.files import CALPHA, DENSITY, FEATURES, TEMPLATES
from critasser.pipeline.stage import Context, Stage, named_sequences
from critasser.pipeline.stages.trace import SHOWN
from critasser.structure import ProteinChain, read_chains, write_calpha
from critasser.templates import Fit, PlacedChain, survey
from critasser.text import printable

__all__ = ["STAGE", "fit_by_density"]


def templates(context: Context) -> None:
    """Place each chain of each template in the map and read it as the target.

    Two searches place it: triangles of its Cα on those of the map, and its domains, as rigid
    bodies, in what the network saw. Whatever explains more positions counts.
    """
    calpha, _, _ = load_calpha(context.read(CALPHA))
    files = context.all_external("template_*")
    chains = [chain for path in files for chain in read_chains(path)]
    fit = None
    if chains:
        features = load_features(context.read(FEATURES), context.read(DENSITY))
        fit = fit_by_density(chains, features, context.rng, tell=context.warn)
    found = survey(chains, calpha, context.target, progress=context.progress, fit=fit)
    save_templates(context.file(TEMPLATES), found.templates, len(context.target))
    for k, template in enumerate(found.templates):
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
        ("template", "CRscore", "placed", "source"),
        [(k + 1, t.score, int(t.placed.sum()), t.source) for k, t in enumerate(found.templates)],
    )
    for rejected in found.rejected:
        context.warn(f"template {rejected.source} is not used: {rejected.reason}")
    context.say(f"{len(found.templates)} of {len(files)} files" if files else "none given")


def fit_by_density(
    chains: Sequence[ProteinChain],
    features: FeatureMaps,
    rng: np.random.Generator,
    *,
    tell: Callable[[str], None] | None = None,
) -> Fit:
    """Places of template chains by the density, see `templates.Fit`.

    Parameters
    ----------
    chains : sequence of ProteinChain
    features : FeatureMaps
        Of the cropped map at 1 Å.
    rng : numpy.random.Generator
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
            chain.calpha, fields, rng=rng, trusted=trusted, copies=copies, progress=progress
        )
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
    external=("template_*",),
    draws=True,
)
