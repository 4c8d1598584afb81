"""Mends the faults of a large molecule among what lies around them.

Rounds of repair take several times as long as all that comes before. What is far from every fault
is relaxed already, so that only its surroundings need to take part.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.atomic.chemistry import CA, OXT, C, O
from critasser.atomic.holding import Holding
from critasser.atomic.internal_coordinates import place
from critasser.atomic.settling import Settling
from critasser.density import crop

__all__ = ["LocalRepair", "surroundings"]

MOVING, AROUND = 7.0, 12.0
"""Å between the Cα of a faulty residue and of those that may move, and of those that are held. Side
chains of the farthest that move and of the farthest that are held may still touch."""

MOST_SHARE = 0.5
"""Of the residues that take part, from which all do."""

MARGIN = 8.0
"""Å of the map around the atoms: none goes so far."""


def surroundings(
    calpha: NDArray[np.float64],
    bonded: NDArray[np.bool_],
    faulty: NDArray[np.int64],
    disulfides: tuple[tuple[int, int], ...],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Residues that may move around faulty ones, and all that take part.

    Parameters
    ----------
    calpha : ndarray (L, 3)
        Å.
    bonded : ndarray (L − 1,)
        As in `Target`.
    faulty : ndarray (k,)
    disulfides : tuple of (int, int)
        Of which both or none take part.

    Returns
    -------
    moving, chosen : ndarray (L,) bool
        Or None, where most residues would take part.
    """
    distance, _ = cKDTree(calpha[faulty]).query(calpha)
    moving, chosen = distance < MOVING, distance < AROUND
    for pair in disulfides:
        if chosen[list(pair)].any():
            chosen[list(pair)] = True
    # Pieces of one residue are no chains.
    wide = chosen.copy()
    wide[:-1] |= chosen[1:] & bonded
    wide[1:] |= chosen[:-1] & bonded
    return None if wide.mean() > MOST_SHARE else (moving, wide)


class LocalRepair(Holding):
    """Some residues of a molecule that is being settled, as a molecule of its own.

    Parameters
    ----------
    whole : Settling
        Its fields of force are there.
    atoms : ndarray (L, SLOTS, 3)
        Å.
    moving, chosen : ndarray (L,) bool
        From `surroundings`.
    """

    def __init__(
        self,
        whole: Settling,
        atoms: NDArray[np.float64],
        moving: NDArray[np.bool_],
        chosen: NDArray[np.bool_],
    ) -> None:
        index = np.flatnonzero(chosen)
        own = atoms[index]
        density = whole.density
        if density is not None:
            corners = np.nanmin(own, axis=(0, 1)) - MARGIN, np.nanmax(own, axis=(0, 1)) + MARGIN
            density = crop(density, *corners)
        super().__init__(
            whole.target.part(chosen), density, whole.pull, whole.plan, whole.rng,
            watch=whole.watch, unseen=None if whole.unseen is None else whole.unseen[index],
            **whole.machine,
        )  # fmt: skip
        self.index, self.moving = index, moving[index]
        self.still = self._with_ends(own)
        self.cis = whole.cis[index[:-1]] & self.target.bonded
        place_of = {int(i): k for k, i in enumerate(index)}
        pairs = whole.molecule.disulfides
        bridged = tuple((place_of[a], place_of[b]) for a, b in pairs if a in place_of)
        self._prepare(whole.settings["calpha"][index], bridged)

    def _with_ends(self, atoms: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same, an OXT on ends of pieces that are none of the chain."""
        last = np.append(~self.target.bonded, True)
        lacks = last & ~np.isfinite(atoms[:, OXT, 0])
        length, bend, turn = self.backbone_tables.counts["oxt"]
        ends = atoms[lacks]
        atoms[lacks, OXT] = place(ends[:, C], ends[:, CA], ends[:, O], length, bend, turn)
        return atoms

    def repaired(self) -> tuple[NDArray[np.float64], int, dict[str, int]]:
        """Atoms (k, SLOTS, 3) of the residues that move; rounds; what was mended."""
        energy = self.full.energy(self.molecule.with_hydrogens(self.still))
        atoms, _, rounds, counts = self._repaired(self.still, energy)
        return self._held(atoms)[self.moving], rounds, counts
