"""Stage templates: known structures, placed by Cα positions and by the density.

They are those that the person gives, and those that stage template_search found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from critasser.density import averaged_over_units
from critasser.fitting import fit_structure
from critasser.job.arrays import load_calpha, save_templates, write_table
from critasser.pipeline.expected_time import bending_share
from critasser.pipeline.files import (
    CALPHA,
    DENSITY,
    FEATURES,
    FOUND,
    NUCLEIC,
    SEEN,
    TEMPLATES,
    UNITS,
)
from critasser.pipeline.stage import Context, Stage, named_sequences
from critasser.pipeline.stages.built_chains import absent_chains, remarks
from critasser.pipeline.stages.density_fit import DensityFit, fit_by_density, template_chains
from critasser.pipeline.stages.judged_templates import Seen, judged_by_map
from critasser.pipeline.stages.nucleic import protein_density, protein_features
from critasser.pipeline.stages.side_chains import SideChains
from critasser.pipeline.stages.symmetry import load_units
from critasser.pipeline.stages.trace import SHOWN
from critasser.shipped import SEQUENCE_NETWORK
from critasser.structure import ProteinChain, Target, Template, write_calpha
from critasser.templates import copies_asked, in_equal_places, survey
from critasser.text import printable
from critasser.threading import load_library

__all__ = ["STAGE"]

SEARCH_SECONDS = 6.0
"""Of a chain's search in the density, of 200 residues."""

SEARCH_SHARE = 0.7
"""Of the stage's time, where several chains are searched for in parallel."""


def templates(context: Context) -> None:
    """Place each chain of each template in the map and read it as the target.

    Two searches place it: triangles of its Cα on those of the map, and its domains, as rigid
    bodies, in what the network saw. Whatever explains more positions counts.
    """
    calpha, _, trusted = load_calpha(context.read(CALPHA))
    files = context.all_external("template_*")
    pae = [context.external(f"pae_{number:02d}") for number in range(1, len(files) + 1)]
    given, errors = template_chains(files, pae)
    chains = [*given, *_found(context)]
    errors += [None] * (len(chains) - len(given))
    symmetry, certain = load_units(context)
    clear = _clear(context, len(given), len(chains))
    fit, seen, share, bending = None, None, 0.0, bending_share(len(context.target))
    if chains:
        features = protein_features(context)
        if certain:
            features = averaged_over_units(features, symmetry.rotation, symmetry.shift)
        fit = fit_by_density(
            chains, features, context.rng, errors=errors, tell=context.warn, given=len(given),
            clear_folds=clear, side_chains=SideChains.of(context),
        )  # fmt: skip
        share = _place_at_once(context, fit)
        seen = Seen(fit.fine, features, context.fact("resolution"))

    def told(done: float, message: str) -> None:
        context.progress(share + (1.0 - share - bending) * done, message)

    found = survey(chains, calpha, context.target, progress=told, fit=fit)
    placed = found.templates
    if certain and len(symmetry) > 1 and placed:
        grid = protein_density(context)
        placed = tuple(
            in_equal_places(one, context.target, symmetry, calpha, grid) for one in placed
        )
    absent = _absent(context, placed, given)
    target = context.target.without(absent)
    rows = context.target.rows_without(absent)
    # What lies only where nothing is built leads nothing.
    pairs = [(one.part(rows), others) for one, others in zip(placed, found.elsewhere)]
    pairs = [(one, others) for one, others in pairs if one.placed.any()]
    used = judged_by_map(
        [one for one, _ in pairs], calpha, target,
        trusted=trusted, seen=seen, tell=context.warn,
        progress=lambda done, message: context.progress(
            1.0 - bending * (1.0 - done), message
        ),
    )  # fmt: skip
    elsewhere = _write_elsewhere(
        context, target, [[one.part(rows) for one in others] for _, others in pairs]
    )
    save_templates(context.file(TEMPLATES), used, len(target))
    for k, template in enumerate(used):
        kind = "templates" if k < SHOWN else None
        write_calpha(
            context.file(f"3_templates/template_{k + 1:02d}.cif", kind, f"template {k + 1}"),
            template.positions,
            target,
            np.full(len(target), 100.0 * np.clip(template.score, 0.0, 1.0)),
            title=f"Critasser template {k + 1}: {printable(template.source)}",
        )
    write_table(
        context.file("3_templates/templates.csv", "table", "templates"),
        ("template", "CRscore", "placed", "register z-score", "places", "source"),
        [
            (k + 1, t.score, int(t.placed.sum()), t.z_score, 1 + others, t.source)
            for k, (t, others) in enumerate(zip(used, elsewhere))
        ],
    )
    titles = {chain.title for chain in given}
    for rejected in found.rejected:
        # What nobody gave is one of many that were tried.
        told = context.warn if rejected.source in titles else context.run.job.log
        told(f"{rejected.source} is not used: {rejected.reason}")
    context.note(templates=len(used))
    led = sum(error is not None for error in errors)
    cut = f"; cut by their predicted aligned error: {led}" if led else ""
    lie = len(chains) - len(found.rejected)
    told = f"chains that lie in the map: {lie} of {len(chains)}{cut}"
    context.say(told if chains else "none")


def _clear(context: Context, given: int, count: int) -> frozenset[int]:
    """Which chains are of a fold that stands out clearly in the map, by their numbers."""
    noted = context.fact("clear")
    if noted is None:
        return frozenset()
    numbers = [given + k for k in noted if type(k) is int] if isinstance(noted, list) else []
    return frozenset(k for k in numbers if given <= k < count)


def _found(context: Context) -> list[ProteinChain]:
    """Chains that stage template_search found in the library."""
    library = load_library(context.read(FOUND))
    return [
        replace(library.chain(number), file="the template library")
        for number in range(len(library))
    ]


def _absent(
    context: Context, placed: Sequence[Template], given: Sequence[ProteinChain]
) -> list[int]:
    """Note which chains are not built: what neither the map shows nor a template that lies in it.

    Without a template that was given in the map it is what the map alone tells: of folds that were
    found some are not there, and bring no chain back.
    """
    evidence, room = context.numbers_noted("evidence"), context.number_noted("room")
    absent = list(context.chains_noted("by_map"))
    if placed and given and evidence is not None and room is not None:
        absent = absent_chains(context.target, evidence, room, placed, given)
        for line in remarks(context.target, absent):
            context.warn(line)
    elif placed and given:
        absent = []
    elif given:
        for line in remarks(context.target, absent):
            context.warn(line)
    context.note(absent=absent)
    return absent


def _place_at_once(context: Context, fit: DensityFit) -> float:
    """Search the density for several chains in parallel, where others can; the share then done."""
    copies = [copies_asked(chain, context.target) for chain in fit.chains]
    numbers = [number for number, count in enumerate(copies) if count]
    if not numbers or context.executor.at_once(len(numbers), SEARCH_SECONDS) < 2:
        return 0.0
    found = context.executor.map(
        fit_structure,
        [fit.asked(number, copies[number]) for number in numbers],
        shared={"fields": fit.fields, "equals": True},
        seconds=SEARCH_SECONDS,
        progress=lambda done, message: context.progress.of_stage(SEARCH_SHARE * done, message),
        tell=context.run.job.log,
    )
    for number, done in zip(numbers, found):
        fit.found[number] = done.result
        context.run.cpu_elsewhere += done.cpu_seconds
    return SEARCH_SHARE


def _write_elsewhere(
    context: Context, target: Target, elsewhere: Sequence[Sequence[Template]]
) -> tuple[int, ...]:
    """Write the other places of each template; returns how many each has."""
    for k, others in enumerate(elsewhere, start=1):
        for place, one in enumerate(others, start=2):
            write_calpha(
                context.file(f"3_templates/template_{k:02d}_place_{place}.cif"),
                one.positions,
                target,
                np.full(len(target), 100.0 * np.clip(one.score, 0.0, 1.0)),
                title=f"Critasser template {k} in place {place}: {printable(one.source)}",
            )
    return tuple(map(len, elsewhere))


STAGE = Stage(
    "templates",
    templates,
    reads=(CALPHA, DENSITY, FOUND, SEEN, FEATURES, NUCLEIC, UNITS),
    facts={
        "resolution": "density",
        "by_map": "sequences",
        "evidence": "sequences",
        "room": "sequences",
        "map_symmetry": "symmetry",
        "clear": "template_search",
    },
    settings=named_sequences,
    external=("template_*", "pae_*", "residue_weights", "trace.npz", SEQUENCE_NETWORK),
    draws=True,
)
