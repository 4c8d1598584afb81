"""The order of the stages that score a model that is there already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from critasser.job.folder import Job
from critasser.job.progress import Event
from critasser.job.records import read_json
from critasser.job.running import running
from critasser.options import ModelInputs, Options
from critasser.pipeline.checks import Checked
from critasser.pipeline.description import describe
from critasser.pipeline.expected_time import expected_model_seconds
from critasser.pipeline.files import CALPHA, DENSITY, FEATURES, QUALITY
from critasser.pipeline.map_order import only, run_map_stages
from critasser.pipeline.model_checks import check_model
from critasser.pipeline.model_stages import ModelStages
from critasser.shipped import CALIBRATION
from critasser.structure import ModelFile

__all__ = ["SCORE_STAGES", "Score"]

SCORE_STAGES = ("density", "network", "calpha", "evidence", "quality", "report")


class Score:
    """One model to be scored in its map.

    Parameters
    ----------
    inputs : ModelInputs
    options : Options
        Of which resolution, device, seed and weights count.
    """

    stages = SCORE_STAGES

    def __init__(self, inputs: ModelInputs, options: Options) -> None:
        self.inputs = inputs
        self.options = options
        self._checked: tuple[Checked, ModelFile] | None = None

    def check(self) -> tuple[Checked, ModelFile]:
        """Find bad input before any work starts, once; see `check_model`."""
        if self._checked is None:
            self._checked = check_model(self.inputs, self.options)
        return self._checked

    def run(
        self,
        job: Job,
        *,
        command: Sequence[str] = (),
        listeners: tuple[Callable[[Event], None], ...] = (),
        hard_stop: bool = False,
    ) -> dict[str, Any]:
        """Run what is not done yet; parameters, result and errors as `Build.run`."""
        checked, file = self.check()
        external = checked.checksums
        stages = ModelStages(self.inputs, checked, self.options, file)
        job.seed = self.options.seed
        expected = expected_model_seconds(checked, self.options, self.stages)
        with running(job, expected, listeners, hard_stop=hard_stop) as progress:
            describe(job, self.inputs, self.options, checked, command, "score")
            around = {"around": external["model"]}
            resolution = run_map_stages(job, stages, external, around)
            model = only(external, "model")
            found = job.stage(
                "evidence",
                stages.evidence,
                settings={},
                inputs=[DENSITY, CALPHA, FEATURES],
                external={**model, **only(external, "trace.npz")},
                draws=True,
            )
            stages.evidence_found = {
                name: value for name, value in found["summary"].items() if name.endswith("z_score")
            }
            job.stage(
                "quality",
                stages.quality,
                settings={**resolution, **stages.evidence_found},
                inputs=[DENSITY, CALPHA],
                external={**model, **only(external, CALIBRATION)},
            )
            job.stage("report", stages.report, settings={}, inputs=[DENSITY, QUALITY])
            job.prune()
            results = read_json(job.path("results.json")) or {}
            best = results["models"][0]
            progress.close("finished", f"{best['file']}, confidence {best['mean_confidence']:.0f}")
            return results
