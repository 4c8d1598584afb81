"""The order of the stages that build stretches of a model again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from critasser.atomic import atoms_of_model
from critasser.errors import InputError
from critasser.job.folder import Job
from critasser.job.progress import Event
from critasser.job.records import read_json
from critasser.job.running import running
from critasser.options import ModelInputs, RebuildOptions
from critasser.pipeline.checks import Checked
from critasser.pipeline.description import describe
from critasser.pipeline.expected_time import expected_model_seconds
from critasser.pipeline.files import (
    CALPHA,
    CANDIDATES,
    DENSITY,
    FEATURES,
    QUALITY,
    TRACES,
    atoms_file,
)
from critasser.pipeline.map_order import only, run_map_stages
from critasser.pipeline.model_checks import check_model
from critasser.pipeline.rebuild_stages import RebuildStages
from critasser.rebuild.plan import Plan, plan_rebuild
from critasser.shipped import CALIBRATION
from critasser.structure import ModelFile, read_fasta

__all__ = ["REBUILD_STAGES", "Rebuild"]

REBUILD_STAGES = (
    "density",
    "network",
    "calpha",
    "trace",
    "assembly",
    "atomic",
    "quality",
    "report",
)

ADOPTED = ("density", "network", "calpha")
"""Stages that a build has in common with a rebuild of its model."""


class Rebuild:
    """Stretches of one model to be built again in its map.

    Parameters
    ----------
    inputs : ModelInputs
    options : RebuildOptions
    source : Path, optional
        The folder of the build that the model comes from, whose stages are used where they fit.
    """

    stages = REBUILD_STAGES

    def __init__(
        self, inputs: ModelInputs, options: RebuildOptions, source: Path | None = None
    ) -> None:
        self.inputs = inputs
        self.options = options
        self.source = source
        self._checked: tuple[Checked, ModelFile, Plan] | None = None

    def check(self) -> tuple[Checked, ModelFile, Plan]:
        """Find bad input before any work starts, once.

        Raises
        ------
        InputError
            As `check_model` and `plan_rebuild`; the model has no backbone beside a stretch.
        """
        if self._checked is None:
            checked, file = check_model(self.inputs, self.options)
            sequence = self.inputs.sequence
            plan = plan_rebuild(
                file, self.options.stretches, None if sequence is None else read_fasta(sequence)
            )
            _anchored(plan)
            checked = dataclasses.replace(checked, target=plan.target)
            self._checked = checked, file, plan
        return self._checked

    def prepare(self, job: Job) -> None:
        """Take along what the build had done of this already."""
        if self.source is not None:
            job.adopt(self.source, ADOPTED)

    def run(
        self,
        job: Job,
        *,
        command: Sequence[str] = (),
        listeners: tuple[Callable[[Event], None], ...] = (),
        hard_stop: bool = False,
    ) -> dict[str, Any]:
        """Run what is not done yet; parameters, result and errors as `Build.run`."""
        checked, file, plan = self.check()
        options, external = self.options, checked.checksums
        whole_map = options.whole_map
        stages = RebuildStages(self.inputs, checked, options, file, plan, whole_map=whole_map)
        job.seed = options.seed
        moving = int(plan.built.sum())
        expected = expected_model_seconds(checked, options, self.stages, moving)
        work = dataclasses.asdict(stages.work)
        with running(job, expected, listeners, hard_stop=hard_stop) as progress:
            describe(job, self.inputs, options, checked, command, "rebuild")
            around = None if whole_map else {"around": external["model"]}
            resolution = run_map_stages(job, stages, external, around)
            model = only(external, "model", "sequence")
            what = {"stretches": options.stretches, **resolution}
            job.stage(
                "trace",
                stages.trace,
                settings={**what, "traces": work["traces"]},
                inputs=[DENSITY, CALPHA, FEATURES],
                external={**model, **only(external, "trace.npz")},
                draws=True,
            )
            found = job.stage(
                "assembly",
                stages.assembly,
                settings={**what, **work, "models": options.models},
                inputs=[DENSITY, CALPHA, TRACES],
                external={**model, **only(external, "assembly.npz")},
                draws=True,
            )
            count = int(found["summary"]["models"])
            for k in range(count):
                job.stage(
                    "atomic",
                    partial(stages.atomic, k),
                    settings={**what, "schedule": options.schedule.atomic},
                    inputs=[DENSITY, CANDIDATES],
                    external={**model, **only(external, "backbone.npz", "rotamers.npz")},
                    draws=True,
                    part=k,
                    parts=count,
                )
            found = job.stage(
                "quality",
                partial(stages.quality_of, count),
                settings=what,
                inputs=[DENSITY, CALPHA, *(atoms_file(k) for k in range(count))],
                external={**model, **only(external, CALIBRATION)},
            )
            stages.evidence_found = {
                name: value
                for name, value in found["summary"].items()
                if name.startswith("stretch")
            }
            job.stage("report", stages.report, settings={}, inputs=[DENSITY, CANDIDATES, QUALITY])
            job.prune()
            results = read_json(job.path("results.json")) or {}
            best = results["models"][0]
            progress.close("finished", f"{best['file']}, confidence {best['mean_confidence']:.0f}")
            return results


def _anchored(plan: Plan) -> None:
    """Refuse stretches beside which the model has no backbone to build on."""
    backbone = np.isfinite(atoms_of_model(plan.model)[:, :4]).all(axis=(1, 2))
    lacking = [
        str(plan.residues[anchor])
        for run in plan.runs
        for anchor in plan.anchors(run)
        if anchor is not None and not backbone[anchor]
    ]
    if lacking:
        raise InputError(
            f"{lacking[0]} lacks backbone atoms beside a stretch; take it into the stretch, or "
            "give a model with all backbone atoms"
        )
