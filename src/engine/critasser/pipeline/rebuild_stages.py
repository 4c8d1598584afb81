"""The bodies of the stages that build stretches of a model again; nothing scientific."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.assembly import sample_stretches
from critasser.atomic import atoms_of_model, rebuild_atoms, written_atoms
from critasser.density import Grid, crop, read_map
from critasser.job.arrays import (
    load_arrays,
    load_calpha,
    load_features,
    load_traces,
    save_arrays,
    save_traces,
    write_table,
)
from critasser.job.folder import StageRun
from critasser.options import REBUILDS, ModelInputs, RebuildOptions
from critasser.pipeline.checks import Checked
from critasser.pipeline.files import (
    CALPHA,
    CANDIDATES,
    DENSITY,
    FEATURES,
    QUALITY,
    TRACES,
    atoms_file,
)
from critasser.pipeline.model_stages import ModelStages
from critasser.quality import local_correlation
from critasser.rebuild.plan import Plan
from critasser.structure import AtomicModel, CalphaSet, ModelFile, Sequence, Target, Trace
from critasser.trace import build_traces

__all__ = ["RebuildStages"]

RADIUS = 14.0
"""Å around a stretch within which what stays has a say."""

MARGIN = 10.0
"""Å of map kept around that."""

OWN_CALPHA = 2.0
"""Å within which a predicted Cα is that of a residue that stays."""

BOND = 3.9
"""Å for each bond that a residue can be away from where its chain goes on."""

JOININGS = 30_000
"""Effort of the search for traces, as a build has it."""

ENDS = 2
"""Residues at either side that traces are looked for with."""


class RebuildStages(ModelStages):
    """Bodies of the stages trace, assembly, atomic and quality of a rebuild.

    Parameters
    ----------
    inputs : ModelInputs
    checked : Checked
        Its target is the plan's.
    options : RebuildOptions
    file : ModelFile
    plan : Plan
    whole_map : bool
        As the job did that the model comes from.
    """

    def __init__(
        self,
        inputs: ModelInputs,
        checked: Checked,
        options: RebuildOptions,
        file: ModelFile,
        plan: Plan,
        *,
        whole_map: bool,
    ) -> None:
        super().__init__(inputs, checked, options, file, model=plan.model, whole_map=whole_map)
        self.plan = plan
        self.work = REBUILDS[options.quality]
        self.atoms = atoms_of_model(plan.model)
        backbone = np.isfinite(self.atoms[:, :4]).all(axis=(1, 2))
        self.local = plan.around(RADIUS, backbone)
        self.mobile = plan.built[self.local.index]
        self.before: float | None = None

    def density_around(self, run: StageRun) -> Grid:
        """The part of the map that the stretches can reach."""
        points = self.model.calpha[self.local.index]
        points = points[np.isfinite(points).all(axis=1)]
        whole = read_map(run.job.path(DENSITY))
        return crop(whole, points.min(axis=0) - MARGIN, points.max(axis=0) + MARGIN)

    def trace(self, run: StageRun) -> None:
        """Ways through the Cα positions that nothing else of the model explains."""
        for note in self.plan.notes:
            run.warn(note)
        calpha, _, _ = load_calpha(run.job.path(CALPHA))
        features = load_features(run.job.path(FEATURES), run.job.path(DENSITY))
        fixed = np.where(self.plan.built[:, None], np.nan, self.model.calpha)
        found: list[list[NDArray[np.float64]]] = []
        trust: list[list[NDArray[np.float64]]] = []
        for k, part in enumerate(self.plan.runs):
            run.progress(k / len(self.plan.runs), f"traces of stretch {k + 1}")
            rows = self._rows(part)
            free = self._free(calpha, fixed, rows)
            traces: tuple[Trace, ...] = ()
            if len(free) >= ENDS + 2:
                target = Target(
                    (Sequence("stretch", "".join(self.target.letters[i] for i in rows)),)
                )
                traces = build_traces(
                    free,
                    features,
                    read_map(run.job.path(DENSITY)),
                    target,
                    self.resolution,
                    rng=run.generator,
                    count=self.work.traces,
                    joinings=JOININGS,
                )
            kept = [self._possible(part, rows, one) for one in traces]
            found.append([positions for positions, _ in kept])
            trust.append([confidence for _, confidence in kept])
        starts = [self._start(fixed, None, None)]
        for k in range(max(map(len, found))):
            starts.append(
                self._start(
                    fixed,
                    [one[k % len(one)] if one else None for one in found],
                    [one[k % len(one)] if one else None for one in trust],
                )
            )
        save_traces(run.file(TRACES), starts, len(self.local.index))
        placed = max(int(one.placed[self.mobile].sum()) for one in starts)
        run.say(
            f"{len(starts) - 1} traces through free positions; the best places {placed} of "
            f"{int(self.mobile.sum())} residues"
        )

    def _rows(self, part: slice) -> list[int]:
        """A stretch's residues with two at either side."""
        bonded = self.target.bonded
        low, high = part.start, part.stop
        while low > max(0, part.start - ENDS) and bonded[low - 1] and not self.plan.built[low - 1]:
            low -= 1
        last = len(bonded)
        while (
            high < min(last + 1, part.stop + ENDS)
            and bonded[high - 1]
            and (not self.plan.built[high])
        ):
            high += 1
        return list(range(low, high))

    def _free(self, calpha: CalphaSet, fixed: NDArray[np.float64], rows: list[int]) -> CalphaSet:
        """Predicted Cα that the stretch can reach and that no other residue has, and those of the
        residues at its ends."""
        if not len(calpha):
            return calpha
        others = fixed.copy()
        others[rows] = np.nan
        others = others[np.isfinite(others).all(axis=1)]
        ends = fixed[rows]
        ends = ends[np.isfinite(ends).all(axis=1)]
        reach = BOND * (len(rows) - len(ends) + 1)
        near = np.linalg.norm(calpha.positions[:, None] - ends, axis=2)
        # From both ends where there are two: a loop comes back.
        free = near.max(axis=1) <= reach
        if len(others):
            free &= cKDTree(others).query(calpha.positions)[0] > OWN_CALPHA
        return calpha.select(free)

    def _possible(
        self, part: slice, rows: list[int], trace: Trace
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """A trace's positions of the stretch itself; NaN where the ends could not be reached."""
        inner = np.array([i - rows[0] for i in range(part.start, part.stop)])
        positions, confidence = trace.positions[inner].copy(), trace.confidence[inner].copy()
        for anchor in self.plan.anchors(part):
            if anchor is None:
                continue
            bonds = np.abs(np.arange(part.start, part.stop) - anchor)
            away = np.linalg.norm(positions - self.model.calpha[anchor], axis=1)
            positions[~(away <= BOND * bonds)] = np.nan
        confidence[~np.isfinite(positions).all(axis=1)] = 0.0
        return positions, np.clip(confidence, 0.0, 0.99)

    def _start(self, fixed, stretches, trust) -> Trace:
        """A trace of the surroundings: what stays, and stretches where they are known."""
        positions = fixed.copy()
        confidence = np.where(self.plan.built, 0.0, 1.0)
        for k, part in enumerate(self.plan.runs):
            if stretches is not None and stretches[k] is not None:
                positions[part], confidence[part] = stretches[k], trust[k]
        index = self.local.index
        return Trace(positions[index], confidence[index], 0.0, "stretch")

    def assembly(self, run: StageRun) -> None:
        """Conformations of the stretches by Monte Carlo under the map."""
        calpha, _, trusted = load_calpha(run.job.path(CALPHA))
        work = self.work
        found = sample_stretches(
            self.local.target,
            load_traces(run.job.path(TRACES)),
            self.mobile,
            calpha,
            self.density_around(run),
            self.resolution,
            rng=run.generator,
            count=self.options.models,
            replicas=work.replicas,
            sweeps=work.sweeps,
            refinement_sweeps=work.refinement_sweeps,
            use_cnn=trusted,
            progress=run.progress,
            measure=run.progress.measure,
        )
        save_arrays(run.file(CANDIDATES), positions=found.positions, energy=found.energy)
        write_table(
            run.file("4_assembly/energy.csv", "table", "energies"),
            ("cycle", *(f"replica {r + 1}" for r in range(found.trajectory.shape[1]))),
            ((cycle + 1, *energies) for cycle, energies in enumerate(found.trajectory)),
        )
        run.summary["models"] = len(found.energy)
        run.say(
            f"{len(found.energy)} candidates of {found.decoys} conformations, energies "
            f"{', '.join(f'{energy:.0f}' for energy in found.energy)}"
        )

    def atomic(self, k: int, run: StageRun) -> None:
        """All atoms of candidate k."""
        (positions,) = load_arrays(run.job.path(CANDIDATES), "positions")
        index = self.local.index
        atoms, warnings = rebuild_atoms(
            self.local.target,
            self.atoms[index],
            np.where(self.mobile[:, None], positions[k], self.model.calpha[index]),
            self.mobile,
            self.plan.eased[index],
            self.density_around(run),
            self.resolution,
            rng=run.generator,
            schedule=self.options.schedule.atomic,
            progress=run.progress,
        )
        save_arrays(run.file(atoms_file(k)), atoms=atoms)
        for text in warnings:
            run.warn(f"candidate {k + 1}: {text}")
        moved = atoms[self.mobile, 1] - positions[k][self.mobile]
        run.say(f"Cα moved {np.sqrt(np.mean(np.sum(moved**2, axis=1))):.2f} Å")

    def quality_of(self, count: int, run: StageRun) -> None:
        """The whole models, best first."""
        models, replaced = [], []
        for k in range(count):
            (atoms,) = load_arrays(run.job.path(atoms_file(k)), "atoms")
            model, new = self._spliced(atoms)
            models.append(model)
            replaced.append(new)
        found = self.judged(run, models)
        built = self.plan.built
        order = np.argsort(-found.local_pcc[:, built].mean(axis=1), kind="stable")
        self.write_models(run, models, found, self.plan.residues, replaced, order)
        if self.atoms[built, 1].size and np.isfinite(self.atoms[built, :4]).all():
            density = read_map(run.job.path(DENSITY))
            old = local_correlation(self.model, density, self.resolution)
            before, after = float(old[built].mean()), float(found.local_pcc[order[0], built].mean())
            run.summary["stretch_pcc_before"] = before
            if after <= before:
                run.warn(
                    f"the new stretch fits the map no better than the old one (correlation "
                    f"{after:.2f}, before {before:.2f})"
                )

    def _spliced(
        self, atoms: NDArray[np.float64]
    ) -> tuple[AtomicModel, dict[tuple[str, int, str], Any]]:
        """The model with the new atoms, and those by residue."""
        plan, model = self.plan, self.model
        moved = plan.built | plan.eased
        ends = {
            int(residue) for name, residue in zip(model.atom_names, model.residue) if name == "OXT"
        }
        new = {}
        stays = ~moved[model.residue]
        names = [name for name, stay in zip(model.atom_names, stays) if stay]
        elements = [element for element, stay in zip(model.elements, stays) if stay]
        owner, positions = [model.residue[stays]], [model.positions[stays]]
        for row, i in enumerate(self.local.index):
            if not moved[i]:
                continue
            written = written_atoms(self.target.letters[i], atoms[row], end=int(i) in ends)
            new[plan.residues[i].key] = written
            names += [name for name, _ in written]
            elements += [name[0] for name, _ in written]
            owner.append(np.full(len(written), i))
            positions.append(np.array([position for _, position in written]))
        return (
            dataclasses.replace(
                model,
                atom_names=tuple(names),
                elements=tuple(elements),
                residue=np.concatenate(owner),
                positions=np.concatenate(positions),
            ),
            new,
        )

    def more_scores(self, run: StageRun, k: int) -> Mapping[str, float]:
        """Energy of the candidate and how well the stretches fit."""
        (energy,) = load_arrays(run.job.path(CANDIDATES), "energy")
        local, shown = load_arrays(run.job.path(QUALITY), "local_pcc", "shown")
        built = self.plan.built
        return {
            "energy": energy[k],
            "stretch_pcc": local[k, built].mean(),
            "stretch_confidence": shown[k, built].mean(),
        }
