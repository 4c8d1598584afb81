"""The bodies of the stages that find chains to start from: traces and templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from critasser.assembly import Guide, complete
from critasser.density import read_map
from critasser.job.arrays import (
    load_calpha,
    load_features,
    save_symmetry,
    save_templates,
    save_traces,
    write_table,
)
from critasser.job.folder import StageRun
from critasser.options import Inputs, Options
from critasser.pipeline.checks import Checked
from critasser.pipeline.files import CALPHA, DENSITY, FEATURES, SYMMETRY, TEMPLATES, TRACES
from critasser.pipeline.map_stages import MapStages
from critasser.structure import (
    CalphaSet,
    Symmetry,
    Trace,
    chain_names,
    read_chains,
    read_contacts,
    write_calpha,
    write_positions,
)
from critasser.templates import survey
from critasser.trace import build_traces, find_unit, positions_used, sequence_significance

__all__ = ["TraceStages"]

SHOWN = 5
"""Of traces and templates, how many are announced to be shown; all are saved."""


class TraceStages(MapStages):
    """Bodies of the stages trace and templates of one build.

    Parameters
    ----------
    inputs : Inputs
    checked : Checked
    options : Options

    Attributes
    ----------
    z_score : float
        Of the sequence against shuffled ones, see `Significance`; known from the trace stage on, 0
        where there are no positions.
    symmetry : mapping or None
        ``name``, ``units`` and how many are ``built``, of a symmetric molecule; known from then on.
    """

    def __init__(self, inputs: Inputs, checked: Checked, options: Options) -> None:
        super().__init__(inputs, checked, options)
        self.inputs: Inputs = inputs
        self.z_score = 0.0
        self.symmetry: Mapping[str, Any] | None = None

    def trace(self, run: StageRun) -> None:
        """Chains through the positions, with the sequence on them."""
        job, length = run.job, len(self.target)
        calpha, _, _ = load_calpha(job.path(CALPHA))
        if self.inputs.contacts is not None:
            run.warn("predicted contacts guide the assembly; traces are found without them")
        traces: tuple[Trace, ...] = ()
        found, whole = "", Symmetry(np.eye(3)[None], np.zeros((1, 3)))
        if len(calpha):
            features = load_features(job.path(FEATURES), job.path(DENSITY))
            unit = find_unit(calpha, features, self.target)
            if unit.units > 1:
                name = f"{unit.name}: " if unit.name else ""
                found = f"{name}{unit.units} units alike in the map, {unit.built} built; "
                run.summary["symmetry"] = {
                    "name": unit.name, "units": unit.units, "built": unit.built,
                }  # fmt: skip
                if unit.built == 1:
                    whole = unit.symmetry
            significance = sequence_significance(
                unit.calpha,
                features,
                unit.target,
                rng=run.generator,
                tick=lambda done: run.progress(0.1 * done, "scrambled sequences to compare with"),
            )
            run.summary["sequence_z_score"] = significance.z_score
            if advice := significance.advice():
                run.warn(advice)
            of_unit = build_traces(
                unit.calpha,
                features,
                read_map(job.path(DENSITY)),
                unit.target,
                self.resolution,
                rng=run.generator,
                count=self.options.schedule.traces,
                significance=significance,
                joinings=self.options.schedule.joinings,
                progress=lambda done, told: run.progress(0.1 + 0.8 * done, told),
            )
            traces = tuple(unit.whole(trace) for trace in of_unit)
        save_traces(run.file(TRACES), traces, length)
        save_symmetry(run.file(SYMMETRY), whole)
        self._write_traces(run, traces, calpha)
        placed = int(traces[0].placed.sum()) if traces else 0
        if not traces:
            run.warn("no trace was found; the assembly starts from templates alone")
        run.say(f"{found}{len(traces)} traces; the best places {placed} of {length} residues")

    def _write_traces(self, run: StageRun, traces: Sequence[Trace], calpha: CalphaSet) -> None:
        """Traces as whole chains, and the positions that the first one leaves."""
        target, free = self.target, np.ones(len(calpha), bool)
        guide = Guide.of(read_map(run.job.path(DENSITY)), calpha)
        names = [chain_names(int(c) + 1)[-1] for c in target.chain_index]
        for k, trace in enumerate(traces):
            stem, shown = f"2_traces/trace_{k + 1:02d}", k < SHOWN
            run.progress(0.9 + 0.1 * k / len(traces), f"closing the gaps of trace {k + 1}")
            chain = complete(target, trace, guide, rng=run.generator)
            kind = "traces" if shown else None
            write_calpha(
                run.file(f"{stem}.cif", kind, f"trace {k + 1}"),
                chain.positions,
                target,
                100.0 * np.clip(chain.confidence, 0.0, 1.0),
                title=f"Critasser trace {k + 1}",
            )
            if not shown:
                continue
            node = np.where(chain.given, positions_used(trace, calpha), -1)
            if k == 0:
                free[node[node >= 0]] = False
            write_table(
                run.file(f"{stem}.csv"),
                ("chain", "residue", "letter", "x", "y", "z", "calpha_probability", "confidence"),
                zip(names, target.residue_number.tolist(), target.letters, *chain.positions.T,
                    np.where(node >= 0, calpha.probability[node], 0.0), chain.confidence),
            )  # fmt: skip
        write_positions(
            run.file("2_traces/unassigned.cif"),
            calpha.select(np.flatnonzero(free)),
            title="Critasser CA positions that trace 1 leaves",
        )
        write_table(
            run.file("2_traces/traces.csv", "table", "traces"),
            ("trace", "score", "placed", "source"),
            [(k + 1, t.score, int(t.placed.sum()), t.source) for k, t in enumerate(traces)],
        )

    def templates(self, run: StageRun) -> None:
        """The person's structures, superposed on the positions."""
        calpha, _, _ = load_calpha(run.job.path(CALPHA))
        chains = [chain for path in self.inputs.templates for chain in read_chains(path)]
        found = survey(chains, calpha, self.target, progress=run.progress)
        save_templates(run.file(TEMPLATES), found.templates, len(self.target))
        for k, template in enumerate(found.templates):
            kind = "templates" if k < SHOWN else None
            write_calpha(
                run.file(f"3_templates/template_{k + 1:02d}.cif", kind, f"template {k + 1}"),
                template.positions,
                self.target,
                np.full(len(self.target), 100.0 * np.clip(template.score, 0.0, 1.0)),
                title=f"Critasser template {k + 1}: {template.source}",
            )
        write_table(
            run.file("3_templates/templates.csv", "table", "templates"),
            ("template", "CRscore", "placed", "source"),
            [
                (k + 1, t.score, int(t.placed.sum()), t.source)
                for k, t in enumerate(found.templates)
            ],
        )
        for rejected in found.rejected:
            run.warn(f"template {rejected.source} is not used: {rejected.reason}")
        given = len(self.inputs.templates)
        run.say(f"{len(found.templates)} of {given} files" if given else "none given")

    def _contacts(self) -> NDArray[np.float64] | None:
        if self.inputs.contacts is None:
            return None
        return read_contacts(self.inputs.contacts, len(self.target))
