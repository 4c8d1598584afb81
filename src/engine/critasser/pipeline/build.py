"""The order of the stages of a build, and what each depends on; nothing scientific."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from critasser.assembly import learn as learn_assembly
from critasser.atomic.backbone_statistics import learn as learn_backbone
from critasser.atomic.rotamer_statistics import learn as learn_rotamers
from critasser.job.folder import Job
from critasser.job.progress import Event
from critasser.job.records import read_json
from critasser.job.running import running
from critasser.options import Inputs, Options
from critasser.pipeline.build_stages import BuildStages
from critasser.pipeline.checks import Checked, check
from critasser.pipeline.description import describe
from critasser.pipeline.expected_time import expected_seconds
from critasser.pipeline.files import (
    CALPHA,
    CLUSTERS,
    DECOYS,
    DENSITY,
    FEATURES,
    QUALITY,
    SYMMETRY,
    TEMPLATES,
    TRACES,
    atoms_file,
    centroid_file,
)
from critasser.pipeline.map_order import only, run_map_stages
from critasser.shipped import CALIBRATION
from critasser.trace.learning import learn as learn_trace

__all__ = ["STAGES", "STATISTICS", "Build"]

STATISTICS = {
    "trace": learn_trace,
    "assembly": learn_assembly,
    "backbone": learn_backbone,
    "rotamers": learn_rotamers,
}
"""What stages learn from known chains, by the name of the table that ships."""

STAGES = (
    "density",
    "network",
    "calpha",
    "trace",
    "templates",
    "assembly",
    "decoys",
    "atomic",
    "quality",
    "report",
)


class Build:
    """One build: inputs, options, and the stages in their order.

    Parameters
    ----------
    inputs : Inputs
    options : Options
    """

    def __init__(self, inputs: Inputs, options: Options) -> None:
        self.inputs = inputs
        self.options = options
        self._checked: Checked | None = None

    def check(self) -> Checked:
        """Find bad input before any work starts, once; see `preflight.check`."""
        if self._checked is None:
            self._checked = check(self.inputs, self.options)
        return self._checked

    def run(
        self,
        job: Job,
        *,
        command: Sequence[str] = (),
        listeners: tuple[Callable[[Event], None], ...] = (),
        hard_stop: bool = False,
    ) -> dict[str, Any]:
        """Run what is not done yet.

        Parameters
        ----------
        job : Job
            From `Job.opened`.
        command : sequence of str
            For the file `command`.
        listeners : tuple of callable
            Given every progress event.
        hard_stop : bool
            End the process when a stage does not notice a cancel in time.

        Returns
        -------
        dict
            What `results.json` holds.

        Raises
        ------
        InputError
            Bad input, or too little memory or disk.
        Cancelled
            The person asked to stop.
        """
        checked, options = self.check(), self.options
        external, schedule = checked.checksums, options.schedule
        sequence = {"sequences": [one.letters for one in checked.target.sequences]}
        stages = BuildStages(self.inputs, checked, options)
        job.seed = options.seed
        expected = expected_seconds(self.inputs, checked, options, STAGES)
        with running(job, expected, listeners, hard_stop=hard_stop) as progress:
            describe(job, self.inputs, options, checked, command)
            resolution = run_map_stages(job, stages, external)
            found = job.stage(
                "trace",
                stages.trace,
                settings={
                    **sequence,
                    **resolution,
                    "traces": schedule.traces,
                    "joinings": schedule.joinings,
                },
                inputs=[DENSITY, CALPHA, FEATURES],
                external=only(external, "contacts", "trace.npz"),
                draws=True,
            )
            stages.z_score = float(found["summary"].get("sequence_z_score", 0.0))
            stages.symmetry = found["summary"].get("symmetry")
            job.stage(
                "templates",
                stages.templates,
                settings=sequence,
                inputs=[CALPHA],
                external=only(external, *(r for r in external if r.startswith("template_"))),
            )
            job.stage(
                "assembly",
                stages.assembly,
                settings={
                    **sequence,
                    **resolution,
                    "replicas": schedule.replicas,
                    "sweeps": schedule.sweeps,
                },
                inputs=[DENSITY, CALPHA, TRACES, TEMPLATES],
                external=only(external, "contacts", "assembly.npz"),
                draws=True,
            )
            found = job.stage(
                "decoys",
                stages.decoys,
                settings={
                    **sequence,
                    **resolution,
                    "models": options.models,
                    "sweeps": schedule.refinement_sweeps,
                },
                inputs=[DENSITY, CALPHA, TRACES, TEMPLATES, DECOYS],
                external=only(external, "contacts", "assembly.npz"),
                draws=True,
            )
            models = int(found["summary"]["models"])
            for k in range(models):
                job.stage(
                    "atomic",
                    partial(stages.atomic, k),
                    settings={**sequence, **resolution, "schedule": schedule.atomic},
                    inputs=[DENSITY, centroid_file(k)],
                    external=only(external, "backbone.npz", "rotamers.npz"),
                    draws=True,
                    part=k,
                    parts=models,
                )
            job.stage(
                "quality",
                partial(stages.quality, models),
                settings={**sequence, **resolution, "sequence_z_score": stages.z_score},
                inputs=[
                    DENSITY,
                    CALPHA,
                    SYMMETRY,
                    CLUSTERS,
                    *(atoms_file(k) for k in range(models)),
                ],
                external=only(external, CALIBRATION),
            )
            job.stage(
                "report",
                stages.report,
                settings={},
                inputs=[DENSITY, SYMMETRY, DECOYS, CLUSTERS, QUALITY],
            )
            job.prune()
            results = read_json(job.path("results.json")) or {}
            best = results["models"][0]
            progress.close("finished", f"{best['file']}, confidence {best['mean_confidence']:.0f}")
            return results
