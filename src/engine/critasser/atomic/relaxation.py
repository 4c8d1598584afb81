"""Relaxes a molecule in its map: minimisation and short dynamics that can be cancelled."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TypeVar

import numpy as np
import openmm
from numpy.typing import NDArray

from critasser.atomic.force_field import (
    ANGSTROM_PER_NM,
    GROUP_FIELD,
    Molecule,
    add_calpha_restraint,
    add_shape_restraints,
)
from critasser.atomic.map_force import MapForce
from critasser.density import Grid

__all__ = ["Relaxation", "RelaxationError", "Watch"]

Result = TypeVar("Result")

GRADIENT_TOLERANCE = 10.0
"""kJ/mol/nm (root mean square) at which minimisation ends: OpenMM's own default."""

TIMESTEP_PS = 0.001
"""1 fs; hydrogens move freely."""

FRICTION = 5.0
"""1/ps of the Langevin thermostat: strong, since dynamics only shakes the model into place."""

HOT, COLD = 300.0, 50.0
"""K at which dynamics begins and ends."""

WARM_HALF = 2.0
"""Dynamics stays hot for the first half of its steps: the share of steps left times this, at most
1, says how hot it is."""

STEPS_A_SLICE = 10
"""Steps between looks whether to stop."""

SECONDS_BETWEEN_REPORTS = 0.2


class RelaxationError(Exception):
    """OpenMM failed, or its positions or energies are not numbers."""


class Watch:
    """Passes progress on, at most five times a second.

    Parameters
    ----------
    progress : callable or None
        Takes the fraction done and a message; may raise to stop the work.
    """

    def __init__(self, progress: Callable[[float, str], None] | None) -> None:
        self._progress = progress
        self._last, self._reached = -np.inf, 0.0
        self.begin, self.end, self.message = 0.0, 1.0, ""

    def span(self, begin: float, end: float, message: str) -> None:
        """What part of the whole is about to be done."""
        self.begin, self.end, self.message = begin, end, message
        self.report(0.0)

    def report(self, part: float, message: str | None = None) -> None:
        """Report that `part` (0 … 1) of the present span is done."""
        now = time.monotonic()
        if self._progress is None or (part > 0 and now - self._last < SECONDS_BETWEEN_REPORTS):
            return
        self._last = now
        whole = self.begin + (self.end - self.begin) * min(max(part, 0.0), 1.0)
        self._reached = max(self._reached, whole)
        self._progress(self._reached, message or self.message)

    def during(self, work: Callable[[], Result]) -> Result:
        """The result of a call that cannot report by itself, reported on while it lasts."""
        if self._progress is None:
            return work()
        with ThreadPoolExecutor(1) as worker:
            future = worker.submit(work)
            while True:
                try:
                    return future.result(timeout=SECONDS_BETWEEN_REPORTS)
                except FutureTimeout:
                    if future.done():
                        raise
                    self.report(0.0)


class _StopOnCancel(openmm.MinimizationReporter):
    """Tells the watch after every iteration; no exception may pass through the minimiser's C++."""

    def __init__(self, watch: Watch, iterations: int) -> None:
        super().__init__()
        self._watch, self._iterations = watch, iterations
        self.raised: BaseException | None = None

    def report(self, iteration, positions, gradient, values) -> bool:
        try:
            self._watch.report(iteration / self._iterations)
        except BaseException as error:  # kept, and raised again once the minimiser has returned
            self.raised = error
            return True
        return False


class Relaxation:
    """A molecule in a force field, with restraints and map, ready to be moved.

    Parameters
    ----------
    molecule : Molecule
    system : openmm.System
        From `force_field.soft_system` or `force_field.full_system`; taken over.
    calpha : (L, 3) Å
        Where Cα are held.
    cis : (L - 1,) bool
    tolerance : float
        Å within which a Cα is free.
    density : Grid or None
    unseen : (L,) bool or None
        Residues that do not feel the map.
    platform : str
    threads : int
    seed : int
    """

    def __init__(
        self,
        molecule: Molecule,
        system: openmm.System,
        *,
        calpha: NDArray[np.float64],
        cis: NDArray[np.bool_],
        tolerance: float,
        density: Grid | None,
        unseen: NDArray[np.bool_] | None = None,
        platform: str,
        threads: int,
        seed: int,
    ) -> None:
        self.molecule = molecule
        heavy = molecule.heavy
        residue = molecule.residue[heavy]
        self._pulled = np.ones(len(heavy)) if unseen is None else 1.0 - unseen[residue]
        self._hold = add_calpha_restraint(system, molecule, calpha, tolerance)
        add_shape_restraints(system, molecule, cis)
        self.map: MapForce | None = None
        if density is not None:
            weights = molecule.atomic_numbers[heavy] * self._pulled
            self.map = MapForce(density, heavy, weights)
            system.addForce(self.map.force)
        self._integrator = openmm.LangevinMiddleIntegrator(HOT, FRICTION, TIMESTEP_PS)
        self._integrator.setRandomNumberSeed(seed)
        self._seed = seed
        chosen = openmm.Platform.getPlatformByName(platform)
        properties = {}
        if platform == "CPU":
            # One thread adds forces in one order; with more, the last bits differ between runs.
            properties = {"Threads": str(threads), "DeterministicForces": "true"}
        self._context = openmm.Context(system, self._integrator, chosen, properties)

    def set(self, **parameters: float) -> None:
        """Set strengths: soft_strength, hold, planar, chiral, map_scale, tolerance."""
        defined = self._context.getParameters()
        for name, value in parameters.items():
            if name in defined:
                self._context.setParameter(name, float(value))

    def hold_at(self, factor: NDArray[np.float64]) -> None:
        """Hold each Cα by `factor` (L,) of the usual strength."""
        for index, weight in enumerate(factor):
            particle, values = self._hold.getParticleParameters(index)
            self._hold.setParticleParameters(index, particle, [float(weight), *values[1:]])
        self._hold.updateParametersInContext(self._context)

    def weigh_map(self, weights: NDArray[np.float64]) -> None:
        """Multiply atomic numbers in the map by `weights` (L, SLOTS)."""
        if self.map is not None:
            heavy = self.molecule.heavy
            share = weights[self.molecule.residue[heavy], self.molecule.slot[heavy]]
            self.map.weights = self.molecule.atomic_numbers[heavy] * share * self._pulled

    def energy(self, positions: NDArray[np.float64]) -> float:
        """Energy (kJ/mol) of the field alone, without restraints and map, at positions (a, 3) Å."""
        self._context.setPositions(positions / ANGSTROM_PER_NM)
        state = self._context.getState(energy=True, groups={GROUP_FIELD})
        return float(state.getPotentialEnergy()._value)

    def minimise(
        self, positions: NDArray[np.float64], iterations: int, watch: Watch
    ) -> NDArray[np.float64]:
        """Positions (a, 3) Å after at most `iterations` of L-BFGS."""
        reporter = _StopOnCancel(watch, iterations)
        try:
            self._context.setPositions(positions / ANGSTROM_PER_NM)
            openmm.LocalEnergyMinimizer.minimize(
                self._context, GRADIENT_TOLERANCE, iterations, reporter
            )
        except openmm.OpenMMException as error:
            raise RelaxationError(f"minimisation failed: {error}") from error
        if reporter.raised is not None:
            raise reporter.raised
        return self._positions("minimisation")

    def dynamics(
        self,
        positions: NDArray[np.float64],
        steps: int,
        watch: Watch,
        *,
        hot: float = HOT,
        cold: float = COLD,
        timestep: float = TIMESTEP_PS,
    ) -> NDArray[np.float64]:
        """Positions (a, 3) Å after Langevin dynamics that cools from `hot` to `cold` kelvin."""
        try:
            self._context.setPositions(positions / ANGSTROM_PER_NM)
            self._integrator.setStepSize(timestep)
            self._context.setVelocitiesToTemperature(hot, self._seed)
            for done in range(0, steps, STEPS_A_SLICE):
                warm = min(1.0, WARM_HALF * (1.0 - done / steps))
                self._integrator.setTemperature(cold + (hot - cold) * warm)
                self._integrator.step(min(STEPS_A_SLICE, steps - done))
                watch.report(done / steps)
        except openmm.OpenMMException as error:
            raise RelaxationError(f"dynamics failed: {error}") from error
        return self._positions("dynamics")

    def _positions(self, what: str) -> NDArray[np.float64]:
        state = self._context.getState(positions=True, energy=True)
        positions = state.getPositions(asNumpy=True)._value * ANGSTROM_PER_NM
        if not (np.isfinite(positions).all() and np.isfinite(state.getPotentialEnergy()._value)):
            raise RelaxationError(f"{what} gave positions or energies that are not numbers")
        return positions
