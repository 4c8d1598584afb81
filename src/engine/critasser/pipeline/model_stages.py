"""The bodies of the stages that judge models that are there already."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from critasser.density import read_map
from critasser.job.arrays import load_arrays, load_calpha, load_features, save_arrays, write_table
from critasser.job.folder import StageRun
from critasser.job.records import plain, write_json
from critasser.options import ModelInputs, Options
from critasser.pipeline.checks import Checked
from critasser.pipeline.files import CALPHA, DENSITY, FEATURES, QUALITY
from critasser.pipeline.map_stages import MapStages
from critasser.quality import Quality, assess, read_calibration
from critasser.report import ReportContent, write_report
from critasser.shipped import CALIBRATION, shipped
from critasser.structure import AtomicModel, ModelFile, ModelResidue
from critasser.trace import SIGNIFICANT, find_unit, register_significance, sequence_significance

__all__ = ["ModelStages"]

MOST_RESIDUES = 1500
"""Residues up to which the sequence is tried on all walks through the positions; time and memory
go with the square."""

COLUMNS = ("chain", "residue", "insertion", "letter", "confidence", "local_confidence",
           "local_pcc")  # fmt: skip


class ModelStages(MapStages):
    """Bodies of the stages evidence, quality and report of a model.

    Parameters
    ----------
    inputs : ModelInputs
    checked : Checked
        Its target is the model's.
    options : Options
    file : ModelFile
    model : AtomicModel, optional
        What is judged; the file's own without it.
    whole_map : bool
        Cut out all that the map holds, and not only what is around the model.

    Attributes
    ----------
    model : AtomicModel
    evidence_found : mapping of str to float
        ``sequence_z_score`` and ``register_z_score`` where they were looked at; known from the
        evidence stage on.
    """

    def __init__(
        self,
        inputs: ModelInputs,
        checked: Checked,
        options: Options,
        file: ModelFile,
        *,
        model: AtomicModel | None = None,
        whole_map: bool = False,
    ) -> None:
        self.file = file
        self.model = file.model() if model is None else model
        super().__init__(inputs, checked, options, None if whole_map else self.model.positions)
        self.evidence_found: Mapping[str, float] = {}

    def evidence(self, run: StageRun) -> None:
        """Whether the map tells the sequence, and whether it agrees with the model's register."""
        calpha, _, _ = load_calpha(run.job.path(CALPHA))
        if not len(calpha):
            run.warn("the network finds no Cα positions in the map, so that nothing tells the "
                     "sequence")  # fmt: skip
            return
        own = register_significance(self.model.calpha, calpha, self.target, rng=run.generator)
        said = []
        if own.length:
            run.summary["register_z_score"] = own.z_score
            said.append(f"register z-score {own.z_score:.1f}")
        if len(self.target) <= MOST_RESIDUES:
            features = load_features(run.job.path(FEATURES), run.job.path(DENSITY))
            unit = find_unit(calpha, features, self.target)
            whole = sequence_significance(
                unit.calpha,
                features,
                unit.target,
                rng=run.generator,
                tick=lambda done: run.progress(done, "scrambled sequences to compare with"),
            )
            run.summary["sequence_z_score"] = whole.z_score
            said.append(f"sequence z-score {whole.z_score:.1f}")
            if whole.significant and own.length and own.z_score < SIGNIFICANT:
                run.warn(
                    f"the map tells the sequence (z-score {whole.z_score:.1f}), but not where the "
                    f"model has it ({own.z_score:.1f}): its residues may be out of register"
                )
            elif advice := whole.advice():
                run.warn(advice)
        run.say(", ".join(said) or "no Cα position near the model")

    def quality(self, run: StageRun) -> None:
        """How far the model and its residues can be trusted."""
        found = self.judged(run, [self.model])
        self.write_models(run, [self.model], found, self.file.residues())

    def judged(self, run: StageRun, models: Sequence[AtomicModel]) -> Quality:
        """Scores of models of this target."""
        calpha, _, _ = load_calpha(run.job.path(CALPHA))
        return assess(
            models,
            calpha,
            read_map(run.job.path(DENSITY)),
            self.resolution,
            z_score=self.evidence_found.get("sequence_z_score"),
            calibration=read_calibration(shipped(CALIBRATION)),
            progress=run.progress,
        )

    def write_models(
        self,
        run: StageRun,
        models: Sequence[AtomicModel],
        found: Quality,
        residues: Sequence[ModelResidue],
        replaced: Sequence[Mapping[tuple[str, int, str], Any]] | None = None,
        order: NDArray[np.int64] | None = None,
    ) -> None:
        """Models, best first, as the person's file with confidences in it, and their tables."""
        order = found.order if order is None else order
        save_arrays(
            run.file(QUALITY),
            calpha=[model.calpha for model in models],
            order=order,
            etm=found.etm,
            crscore=found.crscore,
            pcc_box=found.pcc_box,
            pcc_mask=found.pcc_mask,
            shown=found.shown,
            local_pcc=found.local_pcc,
        )
        letters = {residue.key: residue.letter for residue in residues}
        for rank, k in enumerate(order, 1):
            stem, mean = f"5_models/model_{rank}", found.shown[k].mean()
            self.file.write(
                run.file(f"{stem}.cif", "models", f"model {rank}, confidence {mean:.0f}"),
                {residue.key: found.shown[k, i] for i, residue in enumerate(residues)},
                title=f"Critasser {run.job.description().get('kind', 'job')} model {rank}",
                scores={
                    "eTM": float(found.etm[k]),
                    "CRscore": float(found.crscore[k]),
                    "PCC": float(found.pcc_mask[k]),
                },
                replaced=None if replaced is None else replaced[k],
                letters=letters,
            )
            write_table(
                run.file(f"{stem}.csv"),
                COLUMNS,
                (
                    (r.chain, r.number, r.insertion, r.letter, *values)
                    for r, *values in zip(
                        residues, found.shown[k], found.local_confidence[k], found.local_pcc[k]
                    )
                ),
            )
        best = order[0]
        run.say(
            f"model 1: confidence {found.shown[best].mean():.0f}, eTM {found.etm[best]:.3f}, "
            f"CRscore {found.crscore[best]:.3f}, PCC {found.pcc_mask[best]:.3f}"
        )

    def report(self, run: StageRun) -> None:
        """`results.json` and `report.html`."""
        job = run.job
        fields = ("order", "etm", "crscore", "pcc_box", "pcc_mask", "shown", "calpha")
        quality = dict(zip(fields, load_arrays(job.path(QUALITY), *fields)))
        order = [int(k) for k in quality["order"]]
        results = {
            "finished": time.strftime("%Y-%m-%d %H:%M"),
            "kind": job.description().get("kind"),
            "models": [
                {
                    "rank": rank,
                    "file": f"5_models/model_{rank}.cif",
                    "etm": quality["etm"][k],
                    "crscore": quality["crscore"][k],
                    "pcc": quality["pcc_mask"][k],
                    "pcc_box": quality["pcc_box"][k],
                    "pcc_mask": quality["pcc_mask"][k],
                    "mean_confidence": quality["shown"][k].mean(),
                    **self.more_scores(run, k),
                }
                for rank, k in enumerate(order, 1)
            ],
            "resolution": self.resolution,
            "residues": len(self.target),
            "left_out": self.file.unknown,
            **self.evidence_found,
            "warnings": job.warnings(),
            "timings": job.timings(),
            "stages": {
                label: marker["summary"].get("said", "") for label, marker in job.markers.items()
            },
            "peak_memory_bytes": max(m["peak_memory_bytes"] for m in job.markers.values()),
        }
        write_json(run.file("results.json"), results)
        content = ReportContent(
            job=job.description(),
            results=plain(results),
            target=self.target,
            density=read_map(job.path(DENSITY)),
            calpha=[quality["calpha"][k] for k in order],
            confidence=[quality["shown"][k] for k in order],
        )
        write_report(run.file("report.html", "report", "report"), content)

    def more_scores(self, run: StageRun, k: int) -> dict[str, float]:
        """What else `results.json` says of model k."""
        return {}
