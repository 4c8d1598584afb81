"""Settles some residues of a molecule while all others stay where they are."""

from __future__ import annotations

import numpy as np
import openmm
from numpy.typing import NDArray

from critasser.atomic.repair import Faults, faults_of
from critasser.atomic.settling import Settling
from critasser.atomic.validation import InvertedCentres

__all__ = ["Holding"]


class Holding(Settling):
    """Only residues `moving` (L,) are moved; all others stay at `still` (L, SLOTS, 3), in Å."""

    moving: NDArray[np.bool_]
    still: NDArray[np.float64]

    def _bridged(self) -> NDArray[np.bool_]:
        return super()._bridged() | ~self.moving

    def _system(self, system: openmm.System) -> openmm.System:
        """A system in which what stays has no mass, so that nothing moves it."""
        for index in np.flatnonzero(~self.moving[self.molecule.residue]):
            system.setParticleMass(int(index), 0.0)
        return system

    def _held(self, atoms: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(self.moving[:, None, None], atoms, self.still)

    def _faults(self, atoms: NDArray[np.float64]) -> Faults:
        """Faults in which a residue that moves has a part."""
        every = faults_of(self.target, self._held(atoms), self.cis, self.molecule.disulfides)
        moving = self.moving
        after = np.append(moving[1:], False)
        return Faults(
            every.clashes[moving[every.clashes[:, [0, 2]]].any(axis=1)],
            InvertedCentres(
                every.inverted.calpha[moving[every.inverted.calpha]],
                every.inverted.side_chain[moving[every.inverted.side_chain]],
            ),
            every.twisted[(moving | after)[every.twisted]],
            every.threaded[moving[every.threaded[:, [0, 1, 3]]].any(axis=1)],
            every.stretched[moving[every.stretched[:, [0, 2]]].any(axis=1)],
        )

    def _softened(self, atoms: NDArray[np.float64], iterations: int, **more) -> NDArray[np.float64]:
        return self._held(super()._softened(self._held(atoms), iterations, **more))

    def _relaxed(
        self, atoms: NDArray[np.float64], iterations: int, steps: int
    ) -> tuple[NDArray[np.float64], float]:
        atoms, energy = super()._relaxed(self._held(atoms), iterations, steps)
        return self._held(atoms), energy
