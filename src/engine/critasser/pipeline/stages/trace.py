"""Stage trace: chains through the Cα positions, with the sequence on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from critasser.assembly import Guide, complete
from critasser.density import FeatureMaps
from critasser.job.arrays import (
    load_calpha,
    load_templates,
    save_symmetry,
    save_traces,
    write_table,
)
from critasser.pipeline.files import (
    CALPHA,
    DENSITY,
    EVERY_CALPHA,
    FEATURES,
    NUCLEIC,
    SYMMETRY,
    TEMPLATES,
    TRACES,
    UNITS,
)
from critasser.pipeline.stage import Context, Stage, Task, named_sequences
from critasser.pipeline.stages.nucleic import protein_density, protein_features
from critasser.pipeline.stages.symmetry import load_units
from critasser.shipped import SEQUENCE_NETWORK
from critasser.structure import (
    CalphaSet,
    Symmetry,
    Template,
    Trace,
    chain_names,
    write_calpha,
    write_positions,
)
from critasser.trace import (
    AsymmetricUnit,
    Significance,
    build_traces,
    find_unit,
    positions_used,
    register_prior,
    unused_positions,
)

__all__ = ["SHOWN", "STAGE"]

SHOWN = 5
"""Of traces and templates, how many are announced to be shown; all are saved."""

TRACES_SHARE = 0.9
"""Share of the stage's time for traces; closing gaps takes the rest."""


def trace(context: Context) -> None:
    """Find traces of the sequences; of what is alike in the map several times, of one unit."""
    calpha, _, _ = load_calpha(context.read(EVERY_CALPHA))
    if context.external("contacts") is not None:
        context.warn("predicted contacts guide the assembly; traces are found without them")
    traces: tuple[Trace, ...] = ()
    found, whole = "", Symmetry(np.eye(3)[None], np.zeros((1, 3)))
    if len(calpha):
        features = protein_features(context)
        symmetry, certain = load_units(context)
        templates = load_templates(context.read(TEMPLATES))
        unit = find_unit(calpha, features, context.target, symmetry, certain=certain)
        unit = unit.beside(templates, features)
        if certain and unit.units == 1:
            context.warn(
                f"the symmetry {context.fact('map_symmetry')['name']} is not used: the map holds "
                "one whole unit only, or the copies that are asked for are not whole units; give "
                "the chains of one unit, or as many of each as the map has units"
            )
        if unit.units > 1:
            noted = context.fact("map_symmetry")
            name = noted["name"] or unit.name
            found = f"{name}: " if name else ""
            found += f"{unit.units} units in the map, {unit.built} built; "
            told = {"name": name, "units": unit.units, "built": unit.built}
            context.note(symmetry={**told, "correlation": noted.get("correlation")})
            if unit.built == 1:
                whole = unit.symmetry
        traces = _traces_of_unit(context, unit, features, templates)
    save_traces(context.file(TRACES), traces, len(context.target))
    save_symmetry(context.file(SYMMETRY), whole)
    _write_traces(context, traces, calpha)
    placed = int(traces[0].placed.sum()) if traces else 0
    if not traces:
        context.warn("no trace was found; the assembly starts from templates, where there are any")
    context.say(
        f"{found}{len(traces)} traces; the best places {placed} of {len(context.target)} residues"
    )


def _traces_of_unit(
    context: Context,
    unit: AsymmetricUnit,
    features: FeatureMaps,
    templates: Sequence[Template],
) -> tuple[Trace, ...]:
    significance = Significance(**context.fact("log_odds"))
    prior = register_prior(templates, unit)
    if prior and not significance.significant:
        context.warn(
            "the map alone does not tell the sequence (z-score "
            f"{significance.z_score:.1f}): which residue is where is taken from templates; do not "
            "trust it where they have none"
        )
    elif advice := significance.advice():
        context.warn(advice)
    traces = build_traces(
        unit.calpha,
        features,
        protein_density(context),
        unit.target,
        context.fact("resolution"),
        rng=context.rng,
        count=context.settings["traces"],
        significance=significance,
        prior=prior,
        joinings=context.settings["joinings"],
        progress=lambda done, message: context.progress(TRACES_SHARE * done, message),
    )
    if significance.significant and (unused := unused_positions(traces[0], unit.calpha)):
        context.warn(
            f"{unused} likely Cα positions of the map belong to none of the sequences "
            "(2_traces/unassigned.cif): what lies there has no sequence here, or is another copy"
        )
    return tuple(unit.whole(one) for one in traces)


def _write_traces(context: Context, traces: Sequence[Trace], calpha: CalphaSet) -> None:
    """Write traces as whole chains, and the positions that the first one leaves."""
    target, free = context.target, np.ones(len(calpha), bool)
    strong, _, _ = load_calpha(context.read(CALPHA))
    guide = Guide.of(protein_density(context), strong)
    names = [chain_names(int(c) + 1)[-1] for c in target.chain_index]
    for k, found in enumerate(traces):
        stem, shown = f"2_traces/trace_{k + 1:02d}", k < SHOWN
        done = TRACES_SHARE + (1.0 - TRACES_SHARE) * k / len(traces)
        context.progress(done, f"closing the gaps of trace {k + 1}")
        chain = complete(target, found, guide, rng=context.rng)
        write_calpha(
            context.file(f"{stem}.cif", "traces" if shown else None, f"trace {k + 1}"),
            chain.positions,
            target,
            100.0 * np.clip(chain.confidence, 0.0, 1.0),
            title=f"Critasser trace {k + 1}",
        )
        if not shown:
            continue
        node = np.where(chain.given, positions_used(found, calpha), -1)
        if k == 0:
            free[node[node >= 0]] = False
        write_table(
            context.file(f"{stem}.csv"),
            ("chain", "residue", "letter", "x", "y", "z", "calpha_probability", "confidence"),
            zip(names, target.residue_number.tolist(), target.letters, *chain.positions.T,
                np.where(node >= 0, calpha.probability[node], 0.0), chain.confidence),
        )  # fmt: skip
    write_positions(
        context.file("2_traces/unassigned.cif"),
        strong.select(np.flatnonzero(free[: len(strong)])),
        title="Critasser CA positions that trace 1 leaves",
    )
    write_table(
        context.file("2_traces/traces.csv", "table", "traces"),
        ("trace", "score", "placed", "source"),
        [(k + 1, t.score, int(t.placed.sum()), t.source) for k, t in enumerate(traces)],
    )


def _settings(task: Task) -> Mapping[str, object]:
    schedule = task.options.schedule
    return {
        **named_sequences(task),
        "traces": schedule.traces,
        "joinings": schedule.joinings,
    }


STAGE = Stage(
    "trace",
    trace,
    reads=(DENSITY, CALPHA, EVERY_CALPHA, FEATURES, NUCLEIC, TEMPLATES, UNITS),
    facts={"resolution": "density", "absent": "templates", "log_odds": "sequences",
           "map_symmetry": "symmetry"},
    settings=_settings,
    external=("contacts", "trace.npz", SEQUENCE_NETWORK),
    draws=True,
)
