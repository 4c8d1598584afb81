"""The order of the stages, and what each reads, calls and saves; nothing scientific.

A stage reads what earlier ones left in the job folder, also when they ran just now: a resumed run
and one that was never interrupted compute with the same numbers.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from critasser.assembly import Guide, assemble, complete, refine_centroids
from critasser.assembly import learn as learn_assembly
from critasser.atomic import build_atoms
from critasser.atomic.backbone_statistics import learn as learn_backbone
from critasser.atomic.rotamer_statistics import learn as learn_rotamers
from critasser.calpha import TRUSTED_CRSCORE, agreement, find_calpha
from critasser.calpha.hand import tell_hand
from critasser.decoys import cluster
from critasser.density import (
    FeatureMaps,
    Grid,
    background,
    crop_to_molecule,
    normalise,
    read_map,
    read_mask,
    resample,
    write_map,
)
from critasser.description import describe
from critasser.errors import InputError
from critasser.job import Job, StageRun
from critasser.network import predict, predict_resolution, read_residues
from critasser.options import Inputs, Options
from critasser.preflight import RESIDUE_NETWORK, RESOLUTION_NETWORK, Checked, check
from critasser.progress import Event
from critasser.quality import assess
from critasser.records import plain, read_json, write_json
from critasser.report import ReportContent, write_report
from critasser.results import (
    load_arrays,
    load_atoms,
    load_calpha,
    load_features,
    load_templates,
    load_traces,
    save_arrays,
    save_atoms,
    save_calpha,
    save_templates,
    save_traces,
    write_table,
)
from critasser.running import running
from critasser.shipped import shipped
from critasser.structure import (
    AMINO_ACIDS,
    CalphaSet,
    Trace,
    chain_names,
    read_chains,
    tm_score,
    write_calpha,
    write_model,
    write_positions,
)
from critasser.templates import survey
from critasser.threading import read_contacts
from critasser.timing import expected_seconds
from critasser.trace import build_traces, positions_used, sequence_evidence
from critasser.trace.statistics import learn as learn_trace

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

VIEWS = (0, 7)
"""The network's opinions: the map as it is, and turned by a rotation of the cube."""

TILES = (128, 96, 64, 48)
"""Sides of the largest tiles; the next one when a tile does not fit in memory."""

HAND_RESOLUTION = 6.0
"""Å; in poorer maps positions do not tell which way a chain winds."""

SHOWN = 5
"""Of traces and templates, how many are announced to be shown; all are saved."""

DECOYS_COMPARED = 400
"""Of the decoys, how many are compared with the first model for the report."""

DENSITY = "1_calpha/density.mrc"
FEATURES = "1_calpha/features.npy"
CALPHA = "1_calpha/calpha.npz"
TRACES = "2_traces/traces.npz"
TEMPLATES = "3_templates/templates.npz"
DECOYS = "4_assembly/decoys.npz"
CLUSTERS = "4_assembly/clusters.npz"
QUALITY = "5_models/quality.npz"


def centroid_file(k: int) -> str:
    """Where the refined centroid k, counted from 0, is."""
    return f"4_assembly/refined_{k + 1}.npz"


def atoms_file(k: int) -> str:
    """Where the atoms made from centroid k are."""
    return f"5_models/atoms_{k + 1}.npz"


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
        count = len(checked.target)
        sequence = {"sequences": [one.letters for one in checked.target.sequences]}
        stages = _Stages(self.inputs, checked, options)
        job.seed = options.seed
        expected = expected_seconds(self.inputs, checked, options, STAGES)
        with running(job, expected, listeners, hard_stop=hard_stop) as progress:
            describe(job, self.inputs, options, checked, command)
            found = job.stage(
                "density",
                stages.density,
                settings={"resolution": options.resolution},
                external=_only(external, "map", "mask", "resolution_weights"),
            )
            stages.resolution = float(found["summary"]["resolution"])
            resolution = {"resolution": stages.resolution}
            job.stage(
                "network",
                stages.network,
                settings={"views": VIEWS},
                inputs=[DENSITY],
                external=_only(external, "weights"),
            )
            job.stage(
                "calpha",
                stages.calpha,
                settings={"length": count, **resolution},
                inputs=[DENSITY, FEATURES],
                external=_only(external, "residue_weights"),
            )
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
                external=_only(external, "contacts", "trace.npz"),
                draws=True,
            )
            stages.z_score = float(found["summary"].get("sequence_z_score", 0.0))
            job.stage(
                "templates",
                stages.templates,
                settings=sequence,
                inputs=[CALPHA],
                external=_only(external, *(r for r in external if r.startswith("template_"))),
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
                external=_only(external, "contacts", "assembly.npz"),
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
                external=_only(external, "contacts", "assembly.npz"),
                draws=True,
            )
            models = int(found["summary"]["models"])
            for k in range(models):
                job.stage(
                    "atomic",
                    partial(stages.atomic, k),
                    settings={**sequence, **resolution, "schedule": schedule.atomic},
                    inputs=[DENSITY, centroid_file(k)],
                    external=_only(external, "backbone.npz", "rotamers.npz"),
                    draws=True,
                    part=k,
                    parts=models,
                )
            job.stage(
                "quality",
                partial(stages.quality, models),
                settings={**sequence, **resolution, "sequence_z_score": stages.z_score},
                inputs=[DENSITY, CALPHA, CLUSTERS, *(atoms_file(k) for k in range(models))],
            )
            job.stage(
                "report",
                stages.report,
                settings={},
                inputs=[DENSITY, DECOYS, CLUSTERS, QUALITY],
            )
            job.prune()
            results = read_json(job.path("results.json")) or {}
            best = results["models"][0]
            progress.close("finished", f"{best['file']}, eTM {best['etm']:.3f}")
            return results


class _Stages:
    """The bodies of the stages of one build.

    Parameters
    ----------
    inputs : Inputs
    checked : Checked
    options : Options

    Attributes
    ----------
    resolution : float
        Å; known from the density stage on.
    z_score : float
        Of the sequence against decoys, see `Evidence`; known from the trace stage on, 0 where
        there are no positions.
    """

    def __init__(self, inputs: Inputs, checked: Checked, options: Options) -> None:
        self.inputs = inputs
        self.checked = checked
        self.options = options
        self.target = checked.target
        self.resolution = math.nan
        self.z_score = 0.0

    def density(self, run: StageRun) -> None:
        """Cut the molecule out of its surroundings, bring it to 1 Å and to one scale."""
        grid = read_map(self.inputs.map)
        inside = None
        if self.inputs.mask is not None:
            inside = read_mask(self.inputs.mask, grid)
            # Outside is solvent, whatever value that has in this map.
            solvent = np.float32(background(grid))
            grid = grid.with_values((grid.values - solvent) * inside)
        run.progress(0.3, "cutting out the molecule")
        whole = grid.shape
        grid = normalise(resample(crop_to_molecule(grid, mask=inside)))
        write_map(run.file(DENSITY, "map", "the map as the stages see it"), grid)
        resolution = self.options.resolution
        if resolution is None:
            resolution = round(predict_resolution(grid, shipped(RESOLUTION_NETWORK)), 1)
            run.warn(
                f"no resolution given: {resolution} Å estimated from the map; give it by "
                "--resolution where it is known"
            )
        run.summary["resolution"] = resolution
        run.say(f"{_size(whole)} voxels, cut out and resampled: {_size(grid.shape)} of 1 Å")

    def network(self, run: StageRun) -> None:
        """What the network says of every voxel."""
        density = read_map(run.job.path(DENSITY))
        features = self._predict(run, density)
        maps = {
            "calpha_probability": features.calpha_grid,
            "backbone_probability": features.backbone_grid,
            "helix_probability": features.structure_grid(0),
            "strand_probability": features.structure_grid(1),
        }
        for name, grid in maps.items():
            write_map(run.file(f"1_calpha/{name}.mrc", "map", name), grid)
        run.say(f"{len(VIEWS)} opinions of the network, on {self.checked.device}")

    def _predict(self, run: StageRun, density: Grid) -> FeatureMaps:
        for tile in TILES:
            try:
                return predict(
                    density,
                    self.checked.weights,
                    device=self.checked.device,
                    tile=tile,
                    views=VIEWS,
                    file=run.file(FEATURES),
                    progress=run.progress,
                )
            except MemoryError:
                run.warn(f"tiles of {tile} voxels do not fit in memory; smaller ones are used")
        raise MemoryError

    def calpha(self, run: StageRun) -> None:
        """Positions from the mean of the opinions, trusted where these agree, and read residue by
        residue."""
        length = len(self.target)
        features = load_features(run.job.path(FEATURES), run.job.path(DENSITY))
        found = find_calpha(features, length)
        run.progress(0.4, "reading residues in their own frames")
        calpha = read_residues(
            read_map(run.job.path(DENSITY)),
            found,
            shipped(RESIDUE_NETWORK),
            length,
            device=self.checked.device,
        )
        run.progress(0.8, "comparing opinions")
        agreed = agreement(*(find_calpha(one, length) for one in features.opinions), length)
        trusted = agreed > TRUSTED_CRSCORE
        save_calpha(run.file(CALPHA), calpha, agreed, trusted)
        write_positions(run.file("1_calpha/calpha.cif", "calpha", "Cα positions"), calpha)
        write_table(
            run.file("1_calpha/calpha.csv"),
            ("x", "y", "z", "probability", *AMINO_ACIDS, "helix", "strand", "coil"),
            np.column_stack(
                [
                    calpha.positions,
                    calpha.probability,
                    calpha.amino_acid,
                    calpha.secondary_structure,
                ]
            ),
        )
        hand = tell_hand(found)
        if hand.mirrored and self.resolution <= HAND_RESOLUTION:
            helix, strand = hand.helix, hand.strand
            run.warn(
                f"the map looks like the mirror image of a protein: {helix[1]} turns of helix are "
                f"left-handed and {helix[0]} right-handed, {strand[1]} bits of strand twist the "
                f"wrong way and {strand[0]} the right; flip it (ChimeraX: volume flip #1) and "
                "build again"
            )
        if not trusted:
            run.warn(
                f"the network is unsure of the Cα positions: its opinions agree with CRscore "
                f"{agreed:.2f}; they do not guide the assembly"
            )
        run.say(
            f"{len(calpha)} Cα positions for {length} residues; opinions agree with CRscore "
            f"{agreed:.2f}"
        )

    def trace(self, run: StageRun) -> None:
        """Chains through the positions, with the sequence on them."""
        job, length = run.job, len(self.target)
        calpha, _, _ = load_calpha(job.path(CALPHA))
        if self.inputs.contacts is not None:
            run.warn("predicted contacts guide the assembly; traces are found without them")
        traces: tuple[Trace, ...] = ()
        if len(calpha):
            features = load_features(job.path(FEATURES), job.path(DENSITY))
            evidence = sequence_evidence(
                calpha,
                features,
                self.target,
                rng=run.generator,
                tick=lambda done: run.progress(0.1 * done, "scrambled sequences to compare with"),
            )
            run.summary["sequence_z_score"] = evidence.z_score
            if advice := evidence.advice():
                run.warn(advice)
            traces = build_traces(
                calpha,
                features,
                read_map(job.path(DENSITY)),
                self.target,
                self.resolution,
                rng=run.generator,
                count=self.options.schedule.traces,
                contacts=self._contacts(),
                evidence=evidence,
                joinings=self.options.schedule.joinings,
                progress=lambda done, told: run.progress(0.1 + 0.8 * done, told),
            )
        save_traces(run.file(TRACES), traces, length)
        self._write_traces(run, traces, calpha)
        placed = int(traces[0].placed.sum()) if traces else 0
        if not traces:
            run.warn("no trace was found; the assembly starts from templates alone")
        run.say(f"{len(traces)} traces; the best places {placed} of {length} residues")

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

    def assembly(self, run: StageRun) -> None:
        """Whole chains from traces and templates, by Monte Carlo under the map."""
        schedule = self.options.schedule
        decoys = assemble(
            rng=run.generator,
            replicas=schedule.replicas,
            sweeps=schedule.sweeps,
            progress=run.progress,
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
        if found.note:
            run.warn(found.note)
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
            f"{found.total}, cutoff {found.cutoff:.1f} Å"
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

    def _contacts(self) -> NDArray[np.float64] | None:
        if self.inputs.contacts is None:
            return None
        return read_contacts(self.inputs.contacts, len(self.target))

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
            progress=run.progress,
        )
        arrays = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
        save_arrays(run.file(QUALITY), calpha=[model.calpha for model in models], **arrays)
        for rank, k in enumerate(found.order, 1):
            name = f"5_models/model_{rank}.cif"
            write_model(
                run.file(name, "models", f"model {rank}, eTM {found.etm[k]:.2f}"),
                models[k],
                found.shown[k],
                title=f"Critasser model {rank}",
                scores={
                    "eTM": float(found.etm[k]),
                    "CRscore": float(found.crscore[k]),
                    "PCC": float(found.pcc_mask[k]),
                },
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
            f"model 1: eTM {found.etm[best]:.3f}, CRscore {found.crscore[best]:.3f}, PCC "
            f"{found.pcc_mask[best]:.3f}"
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
            cycle=1 + np.arange(len(trajectory)),
            lowest_energy=trajectory.min(axis=1),
            mean_energy=trajectory.mean(axis=1),
            decoy_cycle=1 + cycle[compared],
            decoy_tm=np.array(tm),
        )
        write_report(run.file("report.html", "report", "report"), content)


def _only(checksums: Mapping[str, str], *roles: str) -> dict[str, str]:
    return {role: checksums[role] for role in roles if role in checksums}


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape[::-1]))
