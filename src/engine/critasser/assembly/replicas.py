"""Moves replicas at their temperatures, and swaps neighbours."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import config
from numpy.typing import NDArray

from critasser.assembly.complete import Start
from critasser.assembly.energy import calpha_of, new_state, total_energy
from critasser.assembly.energy_kernels import fill_state
from critasser.assembly.move_kernels import MOVES
from critasser.assembly.random_kernels import seed_stream
from critasser.assembly.sampling_kernels import sweep
from critasser.assembly.terms import TERMS, Model

__all__ = ["SEEDS", "SWEEPS_PER_CYCLE", "Replicas", "processors"]

MIX = np.array([0.30, 0.39, 0.05, 0.115, 0.04, 0.10, 0.005])
"""Shares of bends, jitters, ends, fragments, slides, replacements, whole chains."""

SWEEPS_PER_CYCLE = 5
"""Sweeps at one temperature between swaps."""

SEEDS = 2**62
"""Seeds of the replicas' streams of random numbers lie below."""


class Replicas:
    """Replicas, which temperature each has, and their energies.

    Parameters
    ----------
    model : Model
    starts : sequence of Start
    begin : ndarray (R,) int64
        From which of them each replica begins.
    temperatures : ndarray (R,)
        Ascending.
    rng : numpy.random.Generator
    """

    def __init__(
        self,
        model: Model,
        starts: Sequence[Start],
        begin: NDArray[np.int64],
        temperatures: NDArray[np.float64],
        rng: np.random.Generator,
    ) -> None:
        count = len(temperatures)
        self.model, self.temperatures, self.rng = model, temperatures, rng
        self.sources = np.array([start.positions for start in starts])
        self.states = [new_state(model, self.sources[k]) for k in begin]
        self.streams = [seed_stream(int(s)) for s in rng.integers(SEEDS, size=count)]
        self.parts = np.array([state.parts for state in self.states]).reshape(count, TERMS)
        self.energy = self.parts @ model.weights
        self.tally = np.zeros((count, MOVES, 2), dtype=np.int64)
        self.swaps = [0, 0]
        self.start_energy = np.array([total_energy(model, x) for x in self.sources])
        # The best starts begin coldest.
        self.at_level = np.argsort(self.energy, kind="stable")
        self.mix = np.cumsum(MIX / MIX.sum())

    def advance(self, pool: ThreadPoolExecutor, sweeps: int, pause: Callable[[], None]) -> None:
        """Move every replica at its temperature; `pause` is called between replicas."""
        # Stretches come from starts and from what the other replicas have found meanwhile.
        found = [calpha_of(state) for state in self.states]
        sources = np.concatenate([self.sources, found]).astype(np.float32)
        waiting = [
            pool.submit(self._advance_one, int(r), float(t), sweeps, sources)
            for r, t in zip(self.at_level, self.temperatures)
        ]
        try:
            for future in waiting:
                pause()
                future.result()
        except BaseException:
            for future in waiting:
                future.cancel()
            raise

    def _advance_one(self, r: int, temperature: float, sweeps: int, sources: NDArray) -> None:
        state = self.states[r]
        moves = sweeps * len(self.model.moving)
        sweep(self.model, state, temperature, moves, self.mix, sources, self.streams[r],
              self.tally[r])  # fmt: skip
        # From scratch, so that rounding does not add up over a run.
        self.energy[r] = fill_state(self.model, state)
        self.parts[r] = state.parts

    def swap(self, cycle: int) -> None:
        """Offer neighbouring temperatures each other's replicas, even and odd pairs in turn."""
        beta = 1.0 / self.temperatures
        for level in range(cycle % 2, len(beta) - 1, 2):
            a, b = self.at_level[level], self.at_level[level + 1]
            gain = (beta[level] - beta[level + 1]) * (self.energy[a] - self.energy[b])
            self.swaps[0] += 1
            if np.log(1.0 - self.rng.random()) < gain:
                self.at_level[level], self.at_level[level + 1] = b, a
                self.swaps[1] += 1


def processors() -> int:
    """Threads that numba's kernels may take on this machine."""
    return max(1, min(os.cpu_count() or 1, config.NUMBA_NUM_THREADS))
