"""The bodies of a build's later stages; nothing scientific.

A stage reads what earlier ones left in the job folder, also when they ran just now: a resumed run
and one that was never interrupted compute with the same numbers.
"""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import numpy as np

from critasser.assembly import assemble, refine_centroids
from critasser.atomic import build_atoms
from critasser.decoys import cluster
from critasser.density import read_map
from critasser.errors import InputError
from critasser.job.arrays import (
    load_arrays,
    load_atoms,
    load_calpha,
    load_symmetry,
    load_templates,
    load_traces,
    save_arrays,
    save_atoms,
    write_table,
)
from critasser.job.folder import StageRun
from critasser.job.records import plain, write_json
from critasser.pipeline.files import (
    CALPHA,
    CLUSTERS,
    DECOYS,
    DENSITY,
    QUALITY,
    SYMMETRY,
    TEMPLATES,
    TRACES,
    atoms_file,
    centroid_file,
)
from critasser.pipeline.trace_stages import TraceStages
from critasser.quality import assess, read_calibration
from critasser.report import ReportContent, write_report
from critasser.shipped import CALIBRATION, shipped
from critasser.structure import (
    chain_names,
    tm_score,
    write_calpha,
    write_model,
)

__all__ = ["BuildStages"]

DECOYS_COMPARED = 400
"""Of the decoys, how many are compared with the first model for the report."""


class BuildStages(TraceStages):
    """The bodies of the stages assembly, decoys, atomic, quality and report of one build."""

    def assembly(self, run: StageRun) -> None:
        """Whole chains from traces and templates, by Monte Carlo under the map."""
        schedule = self.options.schedule
        decoys = assemble(
            rng=run.generator,
            replicas=schedule.replicas,
            sweeps=schedule.sweeps,
            progress=run.progress,
            measure=run.progress.measure,
            **self._guides(run),
        )
        save_arrays(
            run.file(DECOYS),
            positions=decoys.positions,
            energy=decoys.energy,
            weight=decoys.weight,
            replica=decoys.replica,
            level=decoys.level,
            cycle=decoys.cycle,
            temperatures=decoys.temperatures,
            trajectory=decoys.trajectory,
            components=decoys.components,
            starts=decoys.starts,
            start_energy=decoys.start_energy,
        )
        write_table(
            run.file("4_assembly/energy.csv", "table", "energies"),
            ("cycle", *(f"temperature {t:.3f}" for t in decoys.temperatures)),
            ((cycle + 1, *energies) for cycle, energies in enumerate(decoys.trajectory)),
        )
        run.say(
            f"{len(decoys.positions)} decoys of {len(decoys.temperatures)} replicas after "
            f"{decoys.moves:.2g} moves, lowest energy {decoys.energy.min():.1f}, "
            f"{decoys.swapped:.0%} of swaps accepted"
        )

    def decoys(self, run: StageRun) -> None:
        """Clusters of the decoys, and their centroids made chains again."""
        positions, weight = load_arrays(run.job.path(DECOYS), "positions", "weight")
        run.progress(0.0, "comparing decoys")
        found = cluster(positions, self.options.models, weight)
        refined = refine_centroids(
            found.centroid,
            rng=run.generator,
            sweeps=self.options.schedule.refinement_sweeps,
            progress=lambda fraction, message: run.progress(0.2 + 0.8 * fraction, message),
            **self._guides(run),
        )
        save_arrays(
            run.file(CLUSTERS),
            centroid=found.centroid,
            size=found.size,
            mean_rmsd=found.mean_rmsd,
            total=np.int64(found.total),
            cutoff=np.float64(found.cutoff),
        )
        for k, calpha in enumerate(refined):
            save_arrays(run.file(centroid_file(k)), calpha=calpha)
            share = found.size[k] / found.total
            write_calpha(
                run.file(f"4_assembly/refined_{k + 1}.cif", "calpha_models", f"cluster {k + 1}"),
                calpha,
                self.target,
                np.full(len(self.target), 100.0 * share),
                title=f"Critasser cluster {k + 1}",
            )
        write_table(
            run.file("4_assembly/clusters.csv", "table", "clusters"),
            ("cluster", "decoys", "mean RMSD"),
            [
                (k + 1, int(size), spread)
                for k, (size, spread) in enumerate(zip(found.size, found.mean_rmsd))
            ],
        )
        run.summary["models"] = len(refined)
        run.say(
            f"{len(found.size)} clusters of {', '.join(map(str, found.size))} decoys of "
            f"{found.total}, cutoff {found.cutoff:.1f} Å{'; ' if found.note else ''}{found.note}"
        )

    def _guides(self, run: StageRun) -> dict[str, Any]:
        """What both rounds of the assembly are given."""
        path = run.job.path
        starts = (*load_traces(path(TRACES)), *load_templates(path(TEMPLATES)))
        if not starts:
            raise InputError(
                f"{self.inputs.map}: neither trace nor template to start from; check resolution "
                "and hand of the map, or give structures by --templates"
            )
        calpha, _, trusted = load_calpha(path(CALPHA))
        return {
            "target": self.target,
            "starts": starts,
            "calpha": calpha,
            "density": read_map(path(DENSITY)),
            "resolution": self.resolution,
            "use_cnn": trusted,
            "contacts": self._contacts(),
        }

    def atomic(self, k: int, run: StageRun) -> None:
        """All atoms of model k."""
        (calpha,) = load_arrays(run.job.path(centroid_file(k)), "calpha")
        model, report = build_atoms(
            self.target,
            calpha,
            read_map(run.job.path(DENSITY)),
            self.resolution,
            rng=run.generator,
            schedule=self.options.schedule.atomic,
            progress=run.progress,
        )
        save_atoms(run.file(atoms_file(k)), model)
        for text in report.warnings:
            run.warn(f"model {k + 1}: {text}")
        run.say(
            f"{len(model)} atoms; energy {report.energy_before:.0f} → {report.energy_after:.0f} "
            f"kJ/mol, clashes {report.clashes_before} → {report.clashes_after}, "
            f"Cα moved {report.calpha_moved:.2f} Å"
        )

    def quality(self, count: int, run: StageRun) -> None:
        """How far models and residues can be trusted; the models themselves, best first."""
        path = run.job.path
        models = [load_atoms(path(atoms_file(k)), self.target) for k in range(count)]
        size, mean_rmsd, total = load_arrays(path(CLUSTERS), "size", "mean_rmsd", "total")
        calpha, _, _ = load_calpha(path(CALPHA))
        found = assess(
            models,
            calpha,
            read_map(path(DENSITY)),
            self.resolution,
            size=size,
            mean_rmsd=mean_rmsd,
            total=int(total),
            z_score=self.z_score,
            calibration=read_calibration(shipped(CALIBRATION)),
            progress=run.progress,
        )
        arrays = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
        save_arrays(run.file(QUALITY), calpha=[model.calpha for model in models], **arrays)
        symmetry = load_symmetry(path(SYMMETRY))
        for rank, k in enumerate(found.order, 1):
            name = f"5_models/model_{rank}.cif"
            write_model(
                run.file(name, "models", f"model {rank}, confidence {found.shown[k].mean():.0f}"),
                models[k],
                found.shown[k],
                title=f"Critasser model {rank}",
                scores={
                    "eTM": float(found.etm[k]),
                    "CRscore": float(found.crscore[k]),
                    "PCC": float(found.pcc_mask[k]),
                },
                symmetry=symmetry,
            )
            write_table(
                run.file(f"5_models/model_{rank}.csv"),
                ("chain", "residue", "letter", "confidence", "local_confidence", "local_pcc"),
                zip(
                    (chain_names(int(c) + 1)[-1] for c in self.target.chain_index),
                    self.target.residue_number.tolist(),
                    self.target.letters,
                    found.shown[k],
                    found.local_confidence[k],
                    found.local_pcc[k],
                ),
            )
        best = found.order[0]
        run.say(
            f"model 1: confidence {found.shown[best].mean():.0f}, eTM {found.etm[best]:.3f}, "
            f"CRscore {found.crscore[best]:.3f}, PCC {found.pcc_mask[best]:.3f}"
        )

    def report(self, run: StageRun) -> None:
        """`results.json` and `report.html`."""
        job = run.job
        fields = ("order", "etm", "confidence", "crscore", "tm_matrix", "rmsd_matrix", "pcc_box",
                  "pcc_mask", "shown", "calpha")  # fmt: skip
        quality = dict(zip(fields, load_arrays(job.path(QUALITY), *fields)))
        size, total = load_arrays(job.path(CLUSTERS), "size", "total")
        order = [int(k) for k in quality["order"]]
        first = order[0]
        results = {
            "finished": time.strftime("%Y-%m-%d %H:%M"),
            "models": [
                {
                    "rank": rank,
                    "file": f"5_models/model_{rank}.cif",
                    "etm": quality["etm"][k],
                    "crscore": quality["crscore"][k],
                    "pcc_box": quality["pcc_box"][k],
                    "pcc_mask": quality["pcc_mask"][k],
                    "mean_confidence": quality["shown"][k].mean(),
                    "cluster": k + 1,
                    "cluster_share": size[k] / total,
                    "rmsd_to_first": quality["rmsd_matrix"][k, first],
                    "tm_to_first": quality["tm_matrix"][k, first],
                }
                for rank, k in enumerate(order, 1)
            ],
            "rmsd": quality["rmsd_matrix"][np.ix_(order, order)],
            "tm": quality["tm_matrix"][np.ix_(order, order)],
            "resolution": self.resolution,
            "clusters": {"size": size, "decoys": total},
            "warnings": job.warnings(),
            "timings": job.timings(),
            "sequence_z_score": self.z_score,
            "symmetry": self.symmetry,
            "stages": {
                label: marker["summary"].get("said", "") for label, marker in job.markers.items()
            },
            "peak_memory_bytes": max(m["peak_memory_bytes"] for m in job.markers.values()),
        }
        write_json(run.file("results.json"), results)
        positions, cycle, trajectory = load_arrays(
            job.path(DECOYS), "positions", "cycle", "trajectory"
        )
        compared = np.unique(
            np.linspace(0, len(positions) - 1, min(len(positions), DECOYS_COMPARED)).astype(int)
        )
        best = quality["calpha"][first]
        tm = []
        for k in compared:
            tm.append(tm_score(positions[k], best))
            run.progress(0.6 * len(tm) / len(compared), "comparing decoys with the first model")
        content = ReportContent(
            job=job.description(),
            results=plain(results),
            target=self.target,
            density=read_map(job.path(DENSITY)),
            calpha=[quality["calpha"][k] for k in order],
            confidence=[quality["shown"][k] for k in order],
            others=load_symmetry(job.path(SYMMETRY)).images(best)[1:],
            cycle=1 + np.arange(len(trajectory)),
            lowest_energy=trajectory.min(axis=1),
            mean_energy=trajectory.mean(axis=1),
            decoy_cycle=1 + cycle[compared],
            decoy_tm=np.array(tm),
        )
        write_report(run.file("report.html", "report", "report"), content)
