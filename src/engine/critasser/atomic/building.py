"""Builds all atoms of a target from its Cα: backbone, side chains, relaxation, repair."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from critasser.atomic.backbone import build_backbone
from critasser.atomic.chemistry import CA
from critasser.atomic.local_repair import LocalRepair, surroundings
from critasser.atomic.regularisation import regularise
from critasser.atomic.relaxation import Watch
from critasser.atomic.report import AtomicReport
from critasser.atomic.residue_atoms import model_of_atoms
from critasser.atomic.schedules import SCHEDULES, Schedule, pull_at
from critasser.atomic.settling import RELAXED, Settling
from critasser.atomic.side_chains import pack_side_chains
from critasser.atomic.validation import find_disulfides, omega
from critasser.density import Grid
from critasser.errors import InputError
from critasser.structure import AtomicModel, Target
from critasser.structure.peptides import estimated_noise

__all__ = ["Builder", "build_atoms", "checked_schedule"]

CONTACT_WEIGHT = 0.4
"""Of contacts beside density and frequency, when side chains are placed on a backbone that is still
to be relaxed."""

SIDE_CHAIN_SHARE = 0.3
"""Pull of the map on side chains, beside the backbone, while the backbone settles."""

NOISE_RANGE = (0.2, 1.5)
"""Å; error of the Cα that is believed at least and at most."""

NOISE_LEFT = 0.5
"""Share of the error that is left after each cycle of relaxation in the map."""

# Where on the way, 0 … 1, each step ends; cycles of drawing and
# relieving have `CYCLES_SHARE` of it.
REGULARISED, CYCLES_SHARE, DRAWN_SHARE, REPACKED_BEGIN, REPACKED, RELIEVED = (
    0.02, 0.5, 0.3, 0.52, 0.55, 0.58,
)  # fmt: skip


def build_atoms(
    target: Target,
    calpha: NDArray[np.float64],
    density: Grid | None,
    resolution: float,
    *,
    rng: np.random.Generator,
    unseen: NDArray[np.bool_] | None = None,
    schedule: str = "standard",
    platform: str = "CPU",
    threads: int | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> tuple[AtomicModel, AtomicReport]:
    """Atoms of every residue, relaxed under a force field in the map.

    Parameters
    ----------
    target : Target
    calpha : (L, 3) Å
        A position for every residue, in the map's frame.
    density : Grid or None
        Map normalised by `density.normalise`; without one only the force field speaks.
    resolution : float
        Å.
    rng : Generator
        Decides the search over rotamers, and the seeds of dynamics.
    unseen : ndarray (L,) bool, optional
        Residues that have no density: the map does not draw their atoms.
    schedule : str
        One of `SCHEDULES`: draft (minimisation only), standard, thorough.
    platform : str
        OpenMM's: CPU, Reference, CUDA, OpenCL …
    threads : int, optional
        For the CPU platform. With 1, the default, a run repeated gives the same bytes; more
        threads are faster and differ in the last digits.
    progress : callable, optional
        Called with the fraction done and a message; may raise to cancel.

    Returns
    -------
    AtomicModel
        Every heavy atom of every residue, OXT on chain ends.
    AtomicReport

    Raises
    ------
    InputError
        A chain of a single residue, or an unknown schedule.
    ValueError
        Positions of another shape than (L, 3), or not finite.
    """
    plan = _checked(target, calpha, schedule)
    builder = Builder(
        target, density, pull_at(resolution), plan, rng, platform, threads or 1,
        Watch(progress), unseen,
    )  # fmt: skip
    return builder.build(np.asarray(calpha, dtype=np.float64), schedule)


def _checked(
    target: Target,
    calpha: NDArray[np.float64],
    schedule: str,
) -> Schedule:
    plan = checked_schedule(schedule)
    if np.shape(calpha) != (len(target), 3):
        raise ValueError(f"Cα have shape {np.shape(calpha)}, not ({len(target)}, 3)")
    if not np.isfinite(calpha).all():
        raise ValueError("every residue needs a Cα position; some are not finite")
    for sequence in target.sequences:
        if len(sequence) < 2:
            raise InputError(f"chain {sequence.name} has one residue; leave it out of the sequence")
    return plan


def checked_schedule(name: str) -> Schedule:
    """The schedule of a name; InputError where there is none."""
    if name not in SCHEDULES:
        raise InputError(f"no schedule {name!r}: choose one of {', '.join(SCHEDULES)}")
    return SCHEDULES[name]


class Builder(Settling):
    """The state of one call of `build_atoms`."""

    def build(
        self,
        calpha: NDArray[np.float64],
        schedule: str,
    ) -> tuple[AtomicModel, AtomicReport]:
        """Everything, in order."""
        target, plan, watch = self.target, self.plan, self.watch
        watch.span(0.0, REGULARISED, "regularising the chain")
        self.cis = self._chosen_cis(calpha, target.bonded)
        noise = float(np.clip(estimated_noise(calpha, target.bonded), *NOISE_RANGE))
        line = watch.during(lambda: regularise(calpha, target.bonded, self.cis))
        share = CYCLES_SHARE / plan.cycles
        for cycle in range(plan.cycles):
            begin = REGULARISED + share * cycle
            drawn = begin + DRAWN_SHARE * share
            watch.span(begin, drawn, "placing backbone and side chains")
            atoms = self._placed(line, noise)
            if cycle == 0:
                self._prepare(line)
                before = self._faults(atoms)
                density_before = self._mean_density(atoms)
            watch.span(drawn, begin + share, "relieving contacts")
            atoms = self._softened(atoms, plan.soft, side_chains=SIDE_CHAIN_SHARE)
            if cycle + 1 < plan.cycles:
                line = regularise(atoms[:, CA], target.bonded, self.cis)
                noise *= NOISE_LEFT
        watch.span(REPACKED_BEGIN, REPACKED, "placing side chains on the relaxed backbone")
        atoms = self._packed(atoms, None)
        self._bridge(find_disulfides(target, atoms))
        mend = self._faults(atoms)
        atoms = self._softened(atoms, plan.soft // 2, side_chains=1.0)
        energy_before = self.full.energy(self.molecule.with_hydrogens(atoms))
        watch.span(RELIEVED, RELAXED, "relaxing in the force field")
        atoms, energy_after = self._relaxed(atoms, plan.full, plan.dynamics)
        atoms, energy_after, rounds, repaired = self._repaired_around(atoms, energy_after)
        faults = self._faults(atoms)
        if len(faults):
            self.warnings += faults.sentences(target)
        watch.span(1.0, 1.0, "atoms are placed")
        moved = atoms[:, CA] - calpha
        report = AtomicReport(
            schedule=schedule,
            energy_before=energy_before,
            energy_after=energy_after,
            density_before=density_before,
            density_after=self._mean_density(atoms),
            calpha_moved=float(np.sqrt(np.mean(np.sum(moved**2, axis=1)))),
            clashes_before=len(before.clashes),
            clashes_after=len(faults.clashes),
            inverted=repaired["inverted"],
            flipped=repaired["flipped"],
            threaded=repaired["threaded"] + len(mend.threaded),
            cis=tuple(int(i) for i in np.flatnonzero(np.abs(omega(target, atoms)) < np.pi / 2)),
            disulfides=self.molecule.disulfides,
            rounds=rounds,
            warnings=tuple(self.warnings),
        )
        return model_of_atoms(target, atoms), report

    def _repaired_around(
        self, atoms: NDArray[np.float64], energy: float
    ) -> tuple[NDArray[np.float64], float, int, dict[str, int]]:
        """As `_repaired`, among the surroundings of what is wrong where that is little."""
        faulty = self._faults(atoms).residues
        found = None
        if len(faulty):
            bridges = self.molecule.disulfides
            found = surroundings(atoms[:, CA], self.target.bonded, faulty, bridges)
        if found is None:
            return self._repaired(atoms, energy)
        part = LocalRepair(self, atoms, *found)
        moved, rounds, counts = part.repaired()
        atoms = atoms.copy()
        atoms[part.index[part.moving]] = moved
        self.cis = self.cis.copy()
        inner = np.flatnonzero(part.target.bonded)
        self.cis[part.index[inner]] = part.cis[inner]
        self.warnings += part.warnings
        # All once more, as after each round of all together.
        settled, after = self._relaxed(atoms, self._iterations_after_repair(), 0)
        if len(self._faults(settled)) <= len(self._faults(atoms)):
            return settled, after, rounds, counts
        return atoms, self.full.energy(self.molecule.with_hydrogens(atoms)), rounds, counts

    def _placed(self, line: NDArray[np.float64], noise: float) -> NDArray[np.float64]:
        """Backbone and side chains drawn on Cα."""
        atoms = self.watch.during(
            lambda: build_backbone(
                line, self.target.codes, self.target.bonded, self.cis, self.backbone_tables,
                density=self.density, density_weight=self.pull.backbone, noise=noise,
            )
        )  # fmt: skip
        return self._packed(atoms, None)

    def _packed(
        self, atoms: NDArray[np.float64], only: NDArray[np.bool_] | None
    ) -> NDArray[np.float64]:
        return pack_side_chains(
            atoms, self.target.codes, self.target.bonded, self.rotamer_tables, rng=self.rng,
            density=self.density, density_weight=self.pull.side_chain, sweeps=self.plan.sweeps,
            contact_weight=CONTACT_WEIGHT, only=only, progress=self.watch.report,
        )  # fmt: skip
