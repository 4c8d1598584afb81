"""All atoms of a target from its Cα: backbone, side chains, relaxation, repair."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import openmm
from numpy.typing import NDArray

from critasser.atomic.backbone import build_backbone, load_backbone_tables
from critasser.atomic.chemistry import OXT
from critasser.atomic.force_field import (
    Molecule,
    base_system,
    full_system,
    molecule_of,
    soft_system,
)
from critasser.atomic.regularisation import choose_cis, estimated_noise, regularise
from critasser.atomic.relaxation import Relaxation, RelaxationError, Watch
from critasser.atomic.repair import Faults, faults_of, mended, pushed_apart
from critasser.atomic.report import AtomicReport
from critasser.atomic.residue_atoms import model_of_atoms
from critasser.atomic.schedules import SCHEDULES, Pull, Schedule, pull_at
from critasser.atomic.side_chains import load_rotamer_tables, pack_side_chains
from critasser.atomic.validation import find_disulfides, omega
from critasser.density import Grid
from critasser.errors import InputError
from critasser.structure import AMINO_ACIDS, AtomicModel, Target

__all__ = ["Builder", "build_atoms", "checked_schedule"]

CHARGE_SCALE = 0.7
CONTACT_WEIGHT = 0.4
SIDE_CHAIN_SHARE = 0.3
MOST_ROUNDS = 4


def build_atoms(
    target: Target,
    calpha: NDArray[np.float64],
    density: Grid | None,
    resolution: float,
    *,
    rng: np.random.Generator,
    schedule: str = "standard",
    platform: str = "CPU",
    threads: int | None = None,
    confidence: NDArray[np.float64] | None = None,
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
    schedule : str
        One of `SCHEDULES`: draft (minimisation only), standard, thorough.
    platform : str
        OpenMM's: CPU, Reference, CUDA, OpenCL …
    threads : int, optional
        For the CPU platform. With 1, the default, a run repeated gives the same bytes; more
        threads are faster and differ in the last digits.
    confidence : (L,), optional
        0 … 1 of each Cα; how firmly it is held. All alike by default.
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
    plan = _checked(target, calpha, schedule, confidence)
    builder = Builder(
        target, density, pull_at(resolution), plan, rng, platform, threads or 1, Watch(progress)
    )
    return builder.build(np.asarray(calpha, dtype=np.float64), confidence, schedule)


def _checked(
    target: Target,
    calpha: NDArray[np.float64],
    schedule: str,
    confidence: NDArray[np.float64] | None,
) -> Schedule:
    plan = checked_schedule(schedule)
    if np.shape(calpha) != (len(target), 3):
        raise ValueError(f"Cα have shape {np.shape(calpha)}, not ({len(target)}, 3)")
    if not np.isfinite(calpha).all():
        raise ValueError("every residue needs a Cα position; some are not finite")
    if confidence is not None and np.shape(confidence) != (len(target),):
        raise ValueError(f"confidence has shape {np.shape(confidence)}, not ({len(target)},)")
    for sequence in target.sequences:
        if len(sequence) < 2:
            raise InputError(f"chain {sequence.name} has one residue; leave it out of the sequence")
    return plan


def checked_schedule(name: str) -> Schedule:
    """The schedule of a name; InputError where there is none."""
    if name not in SCHEDULES:
        raise InputError(f"no schedule {name!r}: choose one of {', '.join(SCHEDULES)}")
    return SCHEDULES[name]


class Builder:
    """The state of one call of `build_atoms`."""

    def __init__(
        self,
        target: Target,
        density: Grid | None,
        pull: Pull,
        plan: Schedule,
        rng: np.random.Generator,
        platform: str,
        threads: int,
        watch: Watch,
    ) -> None:
        self.target, self.density, self.pull, self.plan = target, density, pull, plan
        self.rng, self.watch = rng, watch
        self.machine = {"platform": platform, "threads": threads}
        self.backbone_tables = load_backbone_tables()
        self.rotamer_tables = load_rotamer_tables()
        self.warnings: list[str] = []
        self.molecule: Molecule | None = None

    def build(
        self,
        calpha: NDArray[np.float64],
        confidence: NDArray[np.float64] | None,
        schedule: str,
    ) -> tuple[AtomicModel, AtomicReport]:
        """Everything, in order."""
        target, plan, watch = self.target, self.plan, self.watch
        watch.span(0.0, 0.02, "regularising the chain")
        self.cis = self._chosen_cis(calpha, target.bonded)
        noise = float(np.clip(estimated_noise(calpha, target.bonded), 0.2, 1.5))
        line = watch.during(lambda: regularise(calpha, target.bonded, self.cis))
        firm = np.ones(len(target)) if confidence is None else 0.2 + 0.8 * np.asarray(confidence)
        share = 0.5 / plan.cycles
        for cycle in range(plan.cycles):
            begin = 0.02 + share * cycle
            watch.span(begin, begin + 0.3 * share, "placing backbone and side chains")
            atoms = self._placed(line, noise)
            if cycle == 0:
                self._prepare(line, firm)
                before = self._faults(atoms)
                density_before = self._mean_density(atoms)
            watch.span(begin + 0.3 * share, begin + share, "relieving contacts")
            atoms = self._softened(atoms, plan.soft, side_chains=SIDE_CHAIN_SHARE)
            if cycle + 1 < plan.cycles:
                line = regularise(atoms[:, 1], target.bonded, self.cis)
                noise *= 0.5
        watch.span(0.52, 0.55, "placing side chains on the relaxed backbone")
        atoms = self._packed(atoms, None)
        self._bridge(find_disulfides(target, atoms))
        mend = self._faults(atoms)
        atoms = self._softened(atoms, plan.soft // 2, side_chains=1.0)
        energy_before = self.full.energy(self.molecule.with_hydrogens(atoms))
        watch.span(0.58, 0.9, "relaxing in the force field")
        atoms, energy_after = self._relaxed(atoms, plan.full, plan.dynamics)
        atoms, energy_after, rounds, found = self._repaired(atoms, energy_after)
        faults = self._faults(atoms)
        if len(faults):
            self.warnings += faults.sentences(target)
        watch.span(1.0, 1.0, "atoms are placed")
        moved = atoms[:, 1] - calpha
        report = AtomicReport(
            schedule=schedule,
            energy_before=energy_before,
            energy_after=energy_after,
            density_before=density_before,
            density_after=self._mean_density(atoms),
            calpha_moved=float(np.sqrt(np.mean(np.sum(moved**2, axis=1)))),
            clashes_before=len(before.clashes),
            clashes_after=len(faults.clashes),
            inverted=found["inverted"],
            flipped=found["flipped"],
            threaded=found["threaded"] + len(mend.threaded),
            cis=tuple(int(i) for i in np.flatnonzero(np.abs(omega(target, atoms)) < np.pi / 2)),
            disulfides=self.molecule.disulfides,
            rounds=rounds,
            warnings=tuple(self.warnings),
        )
        return model_of_atoms(target, atoms), report

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
            contact_weight=CONTACT_WEIGHT, only=only, progress=self.watch.tell,
        )  # fmt: skip

    def _bridged(self) -> NDArray[np.bool_]:
        bridged = np.zeros(len(self.target), dtype=bool)
        for pair in self.molecule.disulfides:
            bridged[list(pair)] = True
        return bridged

    def _chosen_cis(
        self, calpha: NDArray[np.float64], bonded: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        proline = self.target.codes == AMINO_ACIDS.index("P")
        fraction = tuple(self.backbone_tables.counts["cis_fraction"])
        return choose_cis(calpha, proline, bonded, fraction)

    def _give_up_cis(self, twisted: NDArray[np.int64]) -> None:
        """A peptide that was taken for cis and does not stay so, not before proline, is trans."""
        before_proline = self.target.codes[twisted + 1] == AMINO_ACIDS.index("P")
        wrong = twisted[self.cis[twisted] & ~before_proline]
        if len(wrong):
            self.cis = self.cis.copy()
            self.cis[wrong] = False
            self.settings["cis"] = self.cis
            disulfides, self.molecule = self.molecule.disulfides, None
            self._bridge(disulfides)

    def _prepare(self, line: NDArray[np.float64], firm: NDArray[np.float64]) -> None:
        """The soft field about the molecule, no cysteine bridged yet."""
        self.settings = {
            "calpha": line,
            "cis": self.cis,
            "hold_weights": firm,
            "tolerance": self.pull.tolerance,
            "density": self.density,
            "seed": int(self.rng.integers(1, 2**31 - 1)),
            **self.machine,
        }
        self._bridge(())

    def _bridge(self, disulfides: tuple[tuple[int, int], ...]) -> None:
        """Both fields of force about the molecule with these disulfides."""
        if self.molecule is None or disulfides != self.molecule.disulfides:
            self.molecule = molecule_of(self.target, disulfides)
            base = self.watch.during(lambda: base_system(self.molecule))
            self.soft = self.watch.during(
                lambda: Relaxation(
                    self.molecule, self._system(soft_system(self.molecule, base)), **self.settings
                )
            )
            self.full = self.watch.during(
                lambda: Relaxation(
                    self.molecule, self._system(full_system(base, CHARGE_SCALE)), **self.settings
                )
            )

    def _system(self, system: openmm.System) -> openmm.System:
        """What is to be changed in a field of force before it is used."""
        return system

    def _faults(self, atoms: NDArray[np.float64]) -> Faults:
        return faults_of(self.target, atoms, self.cis, self.molecule.disulfides)

    def _mean_density(self, atoms: NDArray[np.float64]) -> float:
        if self.soft.map is None:
            return float("nan")
        self.soft.weigh_map(np.ones(atoms.shape[:2]))
        heavy = self.molecule.heavy
        return self.soft.map.score(atoms[self.molecule.residue[heavy], self.molecule.slot[heavy]])

    def _softened(
        self,
        atoms: NDArray[np.float64],
        iterations: int,
        *,
        side_chains: float,
        released: NDArray[np.int64] | None = None,
    ) -> NDArray[np.float64]:
        """Contacts relieved among soft spheres; `released` residues feel neither map nor hold."""
        weights = np.ones(atoms.shape[:2])
        weights[:, 5:OXT] = side_chains
        hold = np.ones(len(atoms))
        if released is not None:
            weights[released] = 0.0
            hold[released] = 0.1
        self.soft.weigh_map(weights)
        self.soft.hold_at(hold)
        positions = self.molecule.with_hydrogens(atoms)
        for attempt in range(3):
            try:
                for strength, scale, share in ((5e3, 0.5, 0.35), (1e5, 1.0, 0.65)):
                    self.soft.set(
                        soft_strength=strength * 0.1**attempt,
                        map_scale=scale * self.pull.field,
                        hold=self.pull.hold,
                        planar=60.0,
                        chiral=800.0,
                    )
                    positions = self.soft.minimise(
                        positions, max(10, int(share * iterations)), self.watch
                    )
                return self.molecule.heavy_positions(positions)
            except RelaxationError as error:
                self.warnings.append(f"{error}; tried again from positions shaken by 0.1 Å")
                shaken = atoms + self.rng.normal(scale=0.1, size=atoms.shape)
                positions = self.molecule.with_hydrogens(shaken)
        raise RelaxationError("contacts could not be relieved in three attempts")

    def _relaxed(
        self, atoms: NDArray[np.float64], iterations: int, steps: int
    ) -> tuple[NDArray[np.float64], float]:
        """Minimised, shaken by dynamics and minimised in the whole force field; with its energy."""
        self.full.set(map_scale=self.pull.field, hold=self.pull.hold, planar=15.0, chiral=200.0)
        begin, end, message = self.watch.begin, self.watch.end, self.watch.message
        parts = np.array([0.0, 0.6 * iterations, 0.6 * iterations + steps, iterations + steps])
        parts = begin + (end - begin) * parts / parts[-1]
        positions = self.molecule.with_hydrogens(atoms)
        try:
            self.watch.span(parts[0], parts[1], message)
            positions = self.full.minimise(positions, int(0.6 * iterations), self.watch)
        except RelaxationError as error:
            self.warnings.append(f"{error}; contacts relieved for longer and tried again")
            atoms = self._softened(atoms, 3 * self.plan.soft, side_chains=0.0)
            positions = self.molecule.with_hydrogens(atoms)
            positions = self.full.minimise(positions, int(0.6 * iterations), self.watch)
        if steps:
            self.watch.span(parts[1], parts[2], "dynamics in the map")
            positions = self._shaken(positions, steps)
        self.watch.span(parts[2], parts[3], message)
        positions = self.full.minimise(positions, int(0.4 * iterations), self.watch)
        return self.molecule.heavy_positions(positions), self.full.energy(positions)

    def _shaken(self, positions: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
        try:
            return self.full.dynamics(positions, steps, self.watch)
        except RelaxationError as error:
            self.warnings.append(f"{error}; repeated cooler, in smaller steps")
        try:
            return self.full.dynamics(positions, steps, self.watch, hot=100.0, timestep=0.00025)
        except RelaxationError as error:
            self.warnings.append(f"{error}; dynamics left out")
            return positions

    def _repaired(
        self, atoms: NDArray[np.float64], energy: float
    ) -> tuple[NDArray[np.float64], float, int, dict[str, int]]:
        """Rounds of mending and relaxing until nothing is wrong, or no more rounds are allowed."""
        found = {"inverted": 0, "flipped": 0, "threaded": 0}
        best = (len(self._faults(atoms)), atoms, energy)
        done = 0
        while best[0] and done < MOST_ROUNDS:
            faults = self._faults(atoms)
            found["inverted"] += len(faults.inverted)
            found["flipped"] += len(faults.twisted)
            found["threaded"] += len(faults.threaded)
            self._give_up_cis(faults.twisted)
            self.watch.span(0.9 + 0.025 * done, 0.925 + 0.025 * done, f"repair, round {done + 1}")
            atoms = mended(
                self.target, atoms, faults, self.cis, self.backbone_tables, self.rotamer_tables,
                rng=self.rng, keep=self._bridged(), density=self.density,
                density_weight=self.pull.side_chain / 2.0 ** (done + 1),
                contact_weight=2.0 ** (done + 1), progress=self.watch.tell,
            )  # fmt: skip
            still = self._faults(atoms).threaded
            if done and len(still):
                atoms = pushed_apart(self.target, atoms, still)
            released = np.unique(np.concatenate([faults.residues, still[:, [0, 1, 3]].ravel()]))
            wide = np.unique(
                np.clip(released[:, None] + np.arange(-done, done + 1), 0, len(atoms) - 1)
            )
            atoms = self._softened(atoms, 2 * self.plan.soft, side_chains=0.5, released=wide)
            atoms, energy = self._relaxed(atoms, max(100, self.plan.full // 2), 0)
            done += 1
            left = len(self._faults(atoms))
            if left < best[0]:
                best = (left, atoms, energy)
        return best[1], best[2], done, found
