"""Rebuilds all atoms of a few residues on new Cα while their surroundings stay where they are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from critasser.atomic.backbone import build_backbone
from critasser.atomic.building import (
    CONTACT_WEIGHT,
    SIDE_CHAIN_SHARE,
    Builder,
    checked_schedule,
)
from critasser.atomic.chemistry import ATOMS, CA, CB, OXT, SLOTS, C, N, O
from critasser.atomic.holding import Holding
from critasser.atomic.internal_coordinates import place
from critasser.atomic.regularisation import regularise
from critasser.atomic.relaxation import Watch
from critasser.atomic.schedules import Schedule, pull_at
from critasser.atomic.side_chains import pack_side_chains
from critasser.atomic.validation import find_disulfides
from critasser.density import Grid
from critasser.structure import AMINO_ACIDS, Target

__all__ = ["rebuild_atoms"]

DRAWN_NOISE = 0.4
"""Å, error of sampled Cα, by which the angles of a new backbone are let off."""

BACKBONE_SLOTS = (N, CA, C, O)
"""Atoms that a residue which stays must have."""

# Where on the way, 0 … 1, each step ends.
REGULARISED, DRAWN, RELIEVED, RELAXED, REPAIRED = 0.05, 0.15, 0.45, 0.85, 0.9


def rebuild_atoms(
    target: Target,
    atoms: NDArray[np.float64],
    calpha: NDArray[np.float64],
    built: NDArray[np.bool_],
    eased: NDArray[np.bool_],
    density: Grid | None,
    resolution: float,
    *,
    rng: np.random.Generator,
    schedule: str = "standard",
    platform: str = "CPU",
    threads: int | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Atoms of residues on new Cα, relaxed in the map beside all others, which are held.

    Parameters
    ----------
    target : Target
        The residues and what is around them; a chain begins wherever something is missing.
    atoms : ndarray (L, SLOTS, 3)
        Å; what there is of each residue, NaN for what is not. Those that are not built need N, CA,
        C and O.
    calpha : ndarray (L, 3)
        Å; new ones of the residues to build, the old ones of all others.
    built : ndarray (L,)
        Residues to build; whatever atoms they have are forgotten.
    eased : ndarray (L,)
        Residues beside them that may give way; they keep their side chain's rotamer.
    density, resolution, rng, schedule, platform, threads, progress
        As `build_atoms`.

    Returns
    -------
    atoms : ndarray (L, SLOTS, 3)
        Of residues that are neither built nor eased, exactly as given but for atoms that they
        lacked.
    warnings : tuple of str
        What is wrong with the built residues in the end.

    Raises
    ------
    ValueError
        Shapes do not fit, or an atom is missing that is needed.
    """
    plan = checked_schedule(schedule)
    if atoms.shape != (len(target), SLOTS, 3) or calpha.shape != (len(target), 3):
        raise ValueError("atoms and Cα are not those of the target")
    if not np.isfinite(atoms[~built][:, BACKBONE_SLOTS]).all() or not np.isfinite(calpha).all():
        raise ValueError("a residue that stays lacks atoms of its backbone")
    builder = _StretchBuilder(target, density, resolution, plan, rng, platform, threads or 1,
                              Watch(progress), built, eased)  # fmt: skip
    return builder.rebuild(atoms, calpha)


class _StretchBuilder(Holding, Builder):
    """The state of one call of `rebuild_atoms`."""

    def __init__(
        self,
        target: Target,
        density: Grid | None,
        resolution: float,
        plan: Schedule,
        rng: np.random.Generator,
        platform: str,
        threads: int,
        watch: Watch,
        built: NDArray[np.bool_],
        eased: NDArray[np.bool_],
    ) -> None:
        super().__init__(target, density, pull_at(resolution), plan, rng, platform, threads, watch)
        self.built, self.moving = built, built | eased
        self.still = np.zeros((len(target), SLOTS, 3))

    def rebuild(
        self, atoms: NDArray[np.float64], calpha: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], tuple[str, ...]]:
        """Everything, in order."""
        target, plan, watch = self.target, self.plan, self.watch
        watch.span(0.0, REGULARISED, "regularising the stretch")
        # The new Cα are less accurate than their surroundings, which would vouch for short bonds.
        fresh = self.built[:-1] | self.built[1:]
        self.cis = np.logical_or(
            self._chosen_cis(calpha, target.bonded & fresh),
            self._chosen_cis(calpha, target.bonded & ~fresh),
        )
        line = watch.during(lambda: regularise(calpha, target.bonded, self.cis, mobile=self.built))
        watch.span(REGULARISED, DRAWN, "placing backbone and side chains")
        self.still = self._surroundings(atoms, line)
        placed = self.still.copy()
        self._prepare(line)
        watch.span(DRAWN, RELIEVED, "relieving contacts")
        placed = self._softened(placed, plan.soft, side_chains=SIDE_CHAIN_SHARE)
        placed = self._packed(placed, None)
        self._bridge(find_disulfides(target, placed))
        placed = self._softened(placed, plan.soft // 2, side_chains=1.0)
        watch.span(RELIEVED, RELAXED, "relaxing in the force field")
        placed, energy = self._relaxed(placed, plan.full, plan.dynamics)
        watch.span(RELAXED, REPAIRED, "looking for faults")
        placed, *_ = self._repaired(placed, energy)
        faults = self._faults(placed)
        if len(faults):
            self.warnings += faults.sentences(target)
        watch.span(1.0, 1.0, "atoms are placed")
        return self._held(placed), tuple(self.warnings)

    def _surroundings(
        self, atoms: NDArray[np.float64], line: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """All heavy atoms: those given, side chains that were missing, and ends."""
        target = self.target
        fresh = self.watch.during(lambda: self._placed_backbone(line))
        whole = np.where(np.isfinite(atoms), atoms, np.nan)
        whole[self.built] = fresh[self.built]
        glycine = target.codes == AMINO_ACIDS.index("G")
        bare = ~np.isfinite(whole[:, CB, 0]) & ~glycine
        whole[bare, CB] = fresh[bare, CB]
        last = np.append(~target.bonded, True)
        lacks = last & ~np.isfinite(whole[:, OXT, 0])
        length, bend, turn = self.backbone_tables.counts["oxt"]
        ends = whole[lacks]
        whole[lacks, OXT] = place(ends[:, C], ends[:, CA], ends[:, O], length, bend, turn)
        whole[~last, OXT] = np.nan
        lacking = np.array(
            [
                not np.isfinite(whole[i, : len(ATOMS[letter])]).all()
                for i, letter in enumerate(target.letters)
            ]
        )
        packed = self._packed(whole, lacking | self.built)
        # What there is stays, also of a side chain that could not be completed around it.
        given = np.isfinite(atoms) & ~self.built[:, None, None]
        return np.where(given, atoms, packed)

    def _placed_backbone(self, line: NDArray[np.float64]) -> NDArray[np.float64]:
        return build_backbone(
            line, self.target.codes, self.target.bonded, self.cis, self.backbone_tables,
            density=self.density, density_weight=self.pull.backbone, noise=DRAWN_NOISE,
        )  # fmt: skip

    def _packed(
        self, atoms: NDArray[np.float64], only: NDArray[np.bool_] | None
    ) -> NDArray[np.float64]:
        return pack_side_chains(
            atoms, self.target.codes, self.target.bonded, self.rotamer_tables, rng=self.rng,
            density=self.density, density_weight=self.pull.side_chain, sweeps=self.plan.sweeps,
            contact_weight=CONTACT_WEIGHT, only=self.built if only is None else only,
            progress=self.watch.report,
        )  # fmt: skip
