"""Stage templates: known structures, placed by Cα positions and by the density.

They are those that the person gives, which stage given_templates has looked for in the density, and
those that stage template_search found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from critasser.job.arrays import load_calpha, save_templates, write_table
from critasser.pipeline.expected_time import bending_share
from critasser.pipeline.files import (
    CALPHA,
    DENSITY,
    FEATURES,
    FOUND,
    GIVEN,
    NUCLEIC,
    SEEN,
    TEMPLATES,
    UNITS,
)
from critasser.pipeline.stage import Context, Stage, named_sequences
from critasser.pipeline.stages.built_chains import absent_chains, remarks
from critasser.pipeline.stages.density_fit import (
    fit_by_density,
    fitted_features,
    search_at_once,
    template_chains,
)
from critasser.pipeline.stages.density_places import load_places
from critasser.pipeline.stages.judged_templates import Seen, judged_by_map
from critasser.pipeline.stages.nucleic import protein_density
from critasser.pipeline.stages.side_chains import SideChains
from critasser.pipeline.stages.symmetry import load_units
from critasser.pipeline.stages.trace import SHOWN
from critasser.pipeline.stages.tried_templates import KNOWN_FOLD, TRIED_FACTS, Tried, suits
from critasser.shipped import SEQUENCE_NETWORK
from critasser.structure import ProteinChain, Target, Template, write_calpha
from critasser.templates import Rejected, entities_of, in_equal_places, survey
from critasser.text import printable
from critasser.threading import load_library

__all__ = ["STAGE"]

def templates(context: Context) -> None:
    """Place each chain of each template in the map and read it as the target.

    Two searches place it: triangles of its Cα on those of the map, and its domains, as rigid
    bodies, in what the network saw. Whatever explains more positions counts.
    """
    calpha, _, trusted = load_calpha(context.read(CALPHA))
    files = context.all_external("template_*")
    given, _ = template_chains(files, [None] * len(files))
    tried = Tried.of(context, given, load_library(context.read(FOUND)))
    known = load_places(context.read(GIVEN), [len(one) for one in given])
    symmetry, certain = load_units(context)
    fit, seen, share, bending = None, None, 0.0, bending_share(len(context.target))
    if tried.chains:
        features = fitted_features(context)
        fit = fit_by_density(
            tried.chains, features, context.rng, stand_out=tried.stand_out,
            side_chains=SideChains.of(context),
        )  # fmt: skip
        fit.found.update(known)
        share = search_at_once(context, fit)
        seen = Seen(fit.fine, features, context.fact("resolution"))

    def told(done: float, message: str) -> None:
        context.progress(share + (1.0 - share - bending) * done, message)

    found = survey(tried.chains, calpha, context.target, progress=told, fit=fit)
    placed = found.templates
    if certain and len(symmetry) > 1 and placed:
        grid = protein_density(context)
        placed = tuple(
            in_equal_places(one, context.target, symmetry, calpha, grid) for one in placed
        )
    absent = _absent(context, _by_given(context.target, placed, tried), given)
    target = context.target.without(absent)
    rows = context.target.rows_without(absent)
    # What lies only where nothing is built leads nothing.
    kept = [k for k, one in enumerate(placed) if one.part(rows).placed.any()]
    origins = [tried.origin(found.chains[k]) for k in kept]
    _tell_folds(context, tried, origins)

    def told_of(number: int, line: str) -> None:
        # Nobody knows the structures of the library, nor wants to hear the details of each.
        (context.run.job.log if origins[number]["origin"] == KNOWN_FOLD else context.warn)(line)

    used = judged_by_map(
        [placed[k].part(rows) for k in kept], calpha, target,
        trusted=trusted, seen=seen, tell=told_of,
        progress=lambda done, message: context.progress(
            1.0 - bending * (1.0 - done), message
        ),
    )  # fmt: skip
    elsewhere = _write_elsewhere(
        context, target, [[one.part(rows) for one in found.elsewhere[k]] for k in kept]
    )
    _write(context, target, used, elsewhere, origins)
    nowhere = [
        Rejected(one.source, "lies only where nothing is built", found.chains[k][0])
        for k, one in enumerate(placed) if k not in kept
    ]  # fmt: skip
    _tell(context, tried, origins, [*found.rejected, *nowhere])


def _write(
    context: Context,
    target: Target,
    used: Sequence[Template],
    elsewhere: Sequence[int],
    origins: Sequence[Mapping[str, Any]],
) -> None:
    """Write the templates that are used, and what is known of each; note it for the report."""
    save_templates(context.file(TEMPLATES), used, len(target))
    rows = []
    for k, (template, others, origin) in enumerate(zip(used, elsewhere, origins), start=1):
        name = f"3_templates/template_{k:02d}.cif"
        fold = f", {KNOWN_FOLD} {printable(origin['structure'])}" if origin["structure"] else ""
        write_calpha(
            context.file(name, "templates" if k <= SHOWN else None, f"template {k}{fold}"),
            template.positions,
            target,
            np.full(len(target), 100.0 * np.clip(template.score, 0.0, 1.0)),
            title=f"Critasser template {k}: {printable(template.source)}",
        )
        rows.append({
            "file": name, **origin, "source": template.source, "crscore": template.score,
            "placed": int(template.placed.sum()), "register_z_score": template.z_score,
            "places": 1 + others,
        })  # fmt: skip
    write_table(
        context.file("3_templates/templates.csv", "table", "templates"),
        ("template", "CRscore", "placed", "register z-score", "places", "origin", "by sequence",
         "by map", "source"),
        [
            (k, one["crscore"], one["placed"], one["register_z_score"], one["places"],
             one["origin"], *("" if one[by] is None else one[by] for by in
             ("by_sequence", "by_map")), one["source"])
            for k, one in enumerate(rows, start=1)
        ],
    )  # fmt: skip
    context.note(used=rows)


def _tell_folds(context: Context, tried: Tried, origins: Sequence[Mapping[str, Any]]) -> None:
    """Tell which known folds lead the build, and how to do without."""
    if folds := [one for one in origins if one["structure"]]:
        names = ", ".join(f"{printable(one['structure'])} ({suits(one)})" for one in folds)
        several = len(folds) > 1
        context.warn(
            f"known fold{'s' * several} {names}, found in the library {tried.library}, "
            f"lead{'s' * (not several)} the build where the map does not tell the sequence; "
            "--no-template-search builds without"
        )


def _tell(
    context: Context,
    tried: Tried,
    origins: Sequence[Mapping[str, Any]],
    rejected: Sequence[Rejected],
) -> None:
    """Tell what is not used, and note it for the report; say what is."""
    for one in rejected:
        # What nobody gave is one of many that were tried.
        told = context.warn if one.chain < len(tried.given) else context.run.job.log
        told(f"{one.source} is not used: {one.reason}")
    context.note(refused=[
        {"source": one.source, **tried.origin([one.chain]), "reason": one.reason}
        for one in rejected
    ])  # fmt: skip
    total = len(tried.chains)
    lie = f"chains that lie in the map: {total - len(rejected)} of {total}"
    if folds := [one for one in origins if one["structure"]]:
        lie += f"; known folds among them: {', '.join(one['structure'] for one in folds)}"
    context.say(printable(lie) if total else "none")


def _by_given(
    target: Target, placed: Sequence[Template], tried: Tried
) -> list[Template]:
    """Templates without the sequences that known folds were tried for."""
    searched = {one["entity"] for one in tried.noted}
    out = np.zeros(len(target), dtype=bool)
    for entity, group in enumerate(entities_of(target)):
        for k in group if entity in searched else ():
            out[target.chain_slices[k]] = True
    left = [
        replace(one, positions=np.where(out[:, None], np.nan, one.positions)) for one in placed
    ]
    return [one for one in left if one.placed.any()]


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
    reads=(CALPHA, DENSITY, GIVEN, FOUND, SEEN, FEATURES, NUCLEIC, UNITS),
    facts={
        "resolution": "density",
        "by_map": "sequences",
        "evidence": "sequences",
        "room": "sequences",
        "map_symmetry": "symmetry",
        **TRIED_FACTS,
    },
    settings=named_sequences,
    external=("template_*", "residue_weights", "trace.npz", SEQUENCE_NETWORK),
    draws=True,
)
