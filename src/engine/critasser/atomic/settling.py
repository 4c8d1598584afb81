"""Settles atoms among soft spheres and in the whole force field, and repairs what is wrong."""

from __future__ import annotations

import numpy as np
import openmm
from numpy.typing import NDArray

from critasser.atomic.backbone import load_backbone_tables
from critasser.atomic.chemistry import BEYOND_CB, OXT
from critasser.atomic.force_field import (
    Molecule,
    base_system,
    full_system,
    molecule_of,
    soft_system,
)
from critasser.atomic.regularisation import choose_cis
from critasser.atomic.relaxation import Relaxation, RelaxationError, Watch
from critasser.atomic.repair import Faults, faults_of, mended, pushed_apart
from critasser.atomic.schedules import Pull, Schedule
from critasser.atomic.side_chains import load_rotamer_tables
from critasser.density import Grid
from critasser.structure import AMINO_ACIDS, Target

__all__ = ["RELAXED", "Settling"]

CHARGE_SCALE = 0.7
"""Share of all charges that counts, which stands for the missing water."""

# Soft spheres.
SOFTENING = ((5e3, 0.5, 0.35), (1e5, 1.0, 0.65))
"""Strength of the spheres in kJ/mol/nm², share of the map's pull, share of the iterations, of the
two steps by which contacts are relieved."""

SOFT_PLANAR, SOFT_CHIRAL = 60.0, 800.0
"""Strengths in kJ/mol, and kJ/mol/rad², by which peptides stay planar and centres keep their hand
among soft spheres; strong, since nothing else is yet in the way of mending them."""

FEWEST_ITERATIONS = 10
"""Of a step."""

ATTEMPTS, GENTLER, SHAKEN = 3, 0.1, 0.1
"""Times that relieving contacts is tried; factor on the spheres' strength each time; Å by which
positions are shaken (standard deviation)."""

RELEASED_HOLD = 0.1
"""Share by which Cα of residues that are being repaired are held."""

# The whole force field.
FULL_PLANAR, FULL_CHIRAL = 15.0, 200.0
"""As `SOFT_PLANAR` and `SOFT_CHIRAL`: the force field does most of it."""

BEFORE_DYNAMICS = 0.6
"""Share of the iterations before dynamics; the rest follow it."""

LONGER = 3
"""Times as many iterations when contacts have to be relieved again."""

COOLER, SHORTER_STEP = 100.0, 0.00025
"""K, and ps, of dynamics that is repeated because it failed."""

# Repair.
MOST_ROUNDS = 4
"""Rounds of repair."""

ROUND_SHARE = 0.025
"""Of the way, 0 … 1, that a round of repair is."""

REPAIR_SIDE_CHAINS = 0.5
"""Pull of the map on side chains in repair."""

REPAIR_SOFT, REPAIR_FULL, FEWEST_REPAIR = 2, 2, 100
"""Times as many soft iterations; divisor of full ones, and the fewest of these."""

REPAIR_STEP = 2.0
"""Factor by which contacts count more, and density less, each round."""

RELAXED = 0.9
"""Where on the way, 0 … 1, repair begins."""


class Settling:
    """A molecule, the fields that it moves in, and what is known of its faults.

    Parameters
    ----------
    target : Target
    density : Grid or None
        Normalised map.
    pull : Pull
        How strongly the map may pull.
    plan : Schedule
    rng : numpy.random.Generator
    platform : str
        OpenMM's.
    threads : int
    watch : Watch
    unseen : ndarray (L,) bool, optional
        Residues that do not feel the map.
    """

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
        unseen: NDArray[np.bool_] | None = None,
    ) -> None:
        self.unseen = unseen
        self.target, self.density, self.pull, self.plan = target, density, pull, plan
        self.rng, self.watch = rng, watch
        self.machine = {"platform": platform, "threads": threads}
        self.backbone_tables = load_backbone_tables()
        self.rotamer_tables = load_rotamer_tables()
        self.warnings: list[str] = []
        self.molecule: Molecule | None = None

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

    def _bridged(self) -> NDArray[np.bool_]:
        bridged = np.zeros(len(self.target), dtype=bool)
        for pair in self.molecule.disulfides:
            bridged[list(pair)] = True
        return bridged

    def _prepare(
        self, line: NDArray[np.float64], disulfides: tuple[tuple[int, int], ...] = ()
    ) -> None:
        """Both fields of force about the molecule, as a rule with no cysteine bridged yet."""
        self.settings = {
            "calpha": line,
            "cis": self.cis,
            "tolerance": self.pull.tolerance,
            "density": self.density,
            "unseen": self.unseen,
            "seed": int(self.rng.integers(1, 2**31 - 1)),
            **self.machine,
        }
        self._bridge(disulfides)

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
        weights[:, BEYOND_CB:OXT] = side_chains
        hold = np.ones(len(atoms))
        if released is not None:
            weights[released] = 0.0
            hold[released] = RELEASED_HOLD
        self.soft.weigh_map(weights)
        self.soft.hold_at(hold)
        positions = self.molecule.with_hydrogens(atoms)
        for attempt in range(ATTEMPTS):
            try:
                for strength, scale, share in SOFTENING:
                    self.soft.set(
                        soft_strength=strength * GENTLER**attempt,
                        map_scale=scale * self.pull.field,
                        hold=self.pull.hold,
                        planar=SOFT_PLANAR,
                        chiral=SOFT_CHIRAL,
                    )
                    positions = self.soft.minimise(
                        positions, max(FEWEST_ITERATIONS, int(share * iterations)), self.watch
                    )
                return self.molecule.heavy_positions(positions)
            except RelaxationError as error:
                self.warnings.append(f"{error}; tried again from positions shaken by {SHAKEN} Å")
                shaken = atoms + self.rng.normal(scale=SHAKEN, size=atoms.shape)
                positions = self.molecule.with_hydrogens(shaken)
        raise RelaxationError(f"contacts could not be relieved in {ATTEMPTS} attempts")

    def _relaxed(
        self, atoms: NDArray[np.float64], iterations: int, steps: int
    ) -> tuple[NDArray[np.float64], float]:
        """Minimised, shaken by dynamics and minimised in the whole force field; with its energy."""
        self.full.set(
            map_scale=self.pull.field, hold=self.pull.hold, planar=FULL_PLANAR, chiral=FULL_CHIRAL
        )
        begin, end, message = self.watch.begin, self.watch.end, self.watch.message
        first = BEFORE_DYNAMICS * iterations
        parts = np.array([0.0, first, first + steps, iterations + steps])
        parts = begin + (end - begin) * parts / parts[-1]
        positions = self.molecule.with_hydrogens(atoms)
        try:
            self.watch.span(parts[0], parts[1], message)
            positions = self.full.minimise(positions, int(first), self.watch)
        except RelaxationError as error:
            self.warnings.append(f"{error}; contacts relieved for longer and tried again")
            atoms = self._softened(atoms, LONGER * self.plan.soft, side_chains=0.0)
            positions = self.molecule.with_hydrogens(atoms)
            positions = self.full.minimise(positions, int(first), self.watch)
        if steps:
            self.watch.span(parts[1], parts[2], "dynamics in the map")
            positions = self._shaken(positions, steps)
        self.watch.span(parts[2], parts[3], message)
        last = int((1.0 - BEFORE_DYNAMICS) * iterations)
        positions = self.full.minimise(positions, last, self.watch)
        return self.molecule.heavy_positions(positions), self.full.energy(positions)

    def _shaken(self, positions: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
        try:
            return self.full.dynamics(positions, steps, self.watch)
        except RelaxationError as error:
            self.warnings.append(f"{error}; repeated cooler, in smaller steps")
        try:
            return self.full.dynamics(
                positions, steps, self.watch, hot=COOLER, timestep=SHORTER_STEP
            )
        except RelaxationError as error:
            self.warnings.append(f"{error}; dynamics left out")
            return positions

    def _iterations_after_repair(self) -> int:
        return max(FEWEST_REPAIR, self.plan.full // REPAIR_FULL)

    def _repaired(
        self, atoms: NDArray[np.float64], energy: float
    ) -> tuple[NDArray[np.float64], float, int, dict[str, int]]:
        """Rounds of mending and relaxing until nothing is wrong, or no more rounds are allowed."""
        mended_so_far = {"inverted": 0, "flipped": 0, "threaded": 0}
        best = (len(self._faults(atoms)), atoms, energy)
        done = 0
        while best[0] and done < MOST_ROUNDS:
            faults = self._faults(atoms)
            mended_so_far["inverted"] += len(faults.inverted)
            mended_so_far["flipped"] += len(faults.twisted)
            mended_so_far["threaded"] += len(faults.threaded)
            self._give_up_cis(faults.twisted)
            begin = RELAXED + ROUND_SHARE * done
            self.watch.span(begin, begin + ROUND_SHARE, f"repair, round {done + 1}")
            harder = REPAIR_STEP ** (done + 1)
            atoms = mended(
                self.target, atoms, faults, self.cis, self.backbone_tables, self.rotamer_tables,
                rng=self.rng, keep=self._bridged(), density=self.density,
                density_weight=self.pull.side_chain / harder, contact_weight=harder,
                progress=self.watch.report,
            )  # fmt: skip
            still = self._faults(atoms).threaded
            if done and len(still):
                atoms = pushed_apart(self.target, atoms, still)
            released = np.unique(np.concatenate([faults.residues, still[:, [0, 1, 3]].ravel()]))
            wide = np.unique(
                np.clip(released[:, None] + np.arange(-done, done + 1), 0, len(atoms) - 1)
            )
            atoms = self._softened(
                atoms, REPAIR_SOFT * self.plan.soft, side_chains=REPAIR_SIDE_CHAINS, released=wide
            )
            atoms, energy = self._relaxed(atoms, self._iterations_after_repair(), 0)
            done += 1
            left = len(self._faults(atoms))
            if left < best[0]:
                best = (left, atoms, energy)
        return best[1], best[2], done, mended_so_far
