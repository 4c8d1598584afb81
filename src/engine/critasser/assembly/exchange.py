"""Replica-exchange Monte Carlo of whole Cα chains from many starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from critasser.assembly.complete import Start
from critasser.assembly.contacts import contacts_note
from critasser.assembly.energy import build_model, calpha_of
from critasser.assembly.replicas import SWEEPS_PER_CYCLE, Replicas, processors
from critasser.assembly.starts import COMPLETING, dealt_out, make_starts
from critasser.assembly.temperatures import decoy_weights, temperature_ladder
from critasser.assembly.terms import TERMS
from critasser.assembly.weights import WEIGHTS, Weights
from critasser.density import Grid
from critasser.structure import CalphaSet, Target, Template, Trace

__all__ = ["Decoys", "assemble"]

DECOY_LEVELS = 8
"""Lowest temperatures, whose replicas give decoys (paper)."""

MOST_DECOYS = 1000
"""As many as are clustered."""

SETTLING = 0.3
"""Share of the run from which no decoys are taken."""


COMPARED = 20
"""Cycles (a hundred sweeps) between looks at the cold replicas: a run ends at the second look at
the earliest."""

CHANGED, MOST_CHANGED = 2.0, 0.02
"""Å by which replicas differ in a residue, or one look from the next, where it is not decided, and
share of the residues of which this may be so where nothing changes any more."""

@dataclass(frozen=True, eq=False)
class Decoys:
    """Conformations of the coldest replicas, and how the run went.

    Attributes
    ----------
    positions : ndarray (n, L, 3) float32
        Cα in Å, in the map's frame.
    energy : ndarray (n,) float64
    weight : ndarray (n,) float64
        How much each decoy counts when they are clustered, largest 1: see `decoy_weights`.
    replica : ndarray (n,) int64
        Which replica.
    level : ndarray (n,) int64
        Which temperature, 0 the coldest.
    cycle : ndarray (n,) int64
    temperatures : ndarray (R,) float64
    trajectory : ndarray (cycles, R) float64
        Energy at each temperature after each cycle.
    components : ndarray (cycles, 13) float64
        Weighted terms of the coldest replica, in the order of `terms`.
    accepted : ndarray (7,) float64
        Share of moves accepted, by kind, at all temperatures.
    swapped : float
        Share of swaps accepted.
    moves : int
        Proposals in all.
    starts : ndarray (S, L, 3) float64
        The whole chains that replicas began with.
    start_energy : ndarray (S,) float64
    sources : tuple of str (S,)
        Where the starts come from, for the log.
    planned : int
        Cycles that were planned; there are fewer in `trajectory` where nothing changed any more.
    note : str
        Which predicted contacts do not count, and why; or empty.
    """

    positions: NDArray[np.float32]
    energy: NDArray[np.float64]
    weight: NDArray[np.float64]
    replica: NDArray[np.int64]
    level: NDArray[np.int64]
    cycle: NDArray[np.int64]
    temperatures: NDArray[np.float64]
    trajectory: NDArray[np.float64]
    components: NDArray[np.float64]
    accepted: NDArray[np.float64]
    swapped: float
    moves: int
    starts: NDArray[np.float64]
    start_energy: NDArray[np.float64]
    sources: tuple[str, ...]
    planned: int
    note: str


def assemble(
    target: Target,
    starts: Sequence[Trace | Template],
    calpha: CalphaSet,
    density: Grid,
    resolution: float,
    *,
    rng: np.random.Generator,
    replicas: int = 40,
    sweeps: int = 1000,
    use_cnn: bool = True,
    contacts: NDArray | None = None,
    weights: Weights = WEIGHTS,
    mobile: NDArray[np.bool_] | None = None,
    threads: int | None = None,
    progress: Callable[[float, str], None] | None = None,
    measure: Callable[..., None] | None = None,
) -> Decoys:
    """Sample whole chains under the map, from traces and templates.

    Parameters
    ----------
    target : Target
    starts : sequence of Trace or Template
        In the map's frame; at least one with a residue.
    calpha, density, resolution : CalphaSet, Grid, float
        Predicted Cα; the map, cropped and normalised; its resolution in Å.
    rng : numpy.random.Generator
        The result depends on it and not on the number of threads.
    replicas, sweeps : int
        Conformations at a time, each at another temperature; sweeps of each of them, of as many
        moves as there are residues.
    use_cnn : bool
        Whether the predicted Cα are trusted.
    contacts : ndarray (L, L), optional
        Predicted probabilities of contacts.
    weights : Weights
    mobile : ndarray (L,), optional
        Which residues may move; all without it. Every start has the others, at the same places
        and with confidence 1.
    threads : int, optional
        Replicas moved at a time; all processors without it.
    progress, measure : callable, optional
        Called with the fraction done and a message (may raise `Cancelled`); with ``cycle``,
        ``lowest_energy`` and ``mean_energy`` after every cycle.

    Returns
    -------
    Decoys
        At most 1000, from the eight lowest temperatures, after the first 30 % of the run. Where
        all residues may move it ends where nothing changes any more: the cold replicas agree with
        each other, and with what they were a hundred sweeps before.

    References
    ----------
    Paper, "Density map-guided structural assembly simulations", eq. 5–7.
    """
    if not starts or min(replicas, sweeps) < 1:
        raise ValueError(f"{replicas} replicas of {sweeps} sweeps from {len(starts)} starts")
    report = progress if progress is not None else lambda fraction, message: None
    chains, share = make_starts(
        target, starts, calpha, density, resolution, use_cnn=use_cnn, replicas=replicas, rng=rng,
        weights=weights, mobile=mobile, report=report,
    )  # fmt: skip
    model = build_model(
        target, chains, calpha, density, resolution,
        use_cnn=use_cnn, contacts=contacts, weights=weights, mobile=mobile, share=share,
    )  # fmt: skip
    moving = len(target) if mobile is None else int(mobile.sum())
    begin = dealt_out(share, len(chains), replicas)
    run = Replicas(model, chains, begin, temperature_ladder(replicas, moving), rng)
    record = _Record(max(1, -(-sweeps // SWEEPS_PER_CYCLE)), replicas, measure)
    with ThreadPoolExecutor(threads or processors()) as pool:
        for cycle in range(record.cycles):
            done = COMPLETING + (1.0 - COMPLETING) * cycle / record.cycles
            message = f"cycle {cycle + 1} of {record.cycles}, lowest energy {run.energy.min():.0f}"
            run.advance(pool, min(SWEEPS_PER_CYCLE, sweeps), partial(report, done, message))
            run.swap(cycle)
            record.add(run, cycle)
            # Of a stretch that is built again other ways than the likeliest are wanted too.
            if mobile is None and record.unchanging(run):
                break
    decoys = record.decoys(run, moving, chains, contacts)
    report(1.0, f"{len(decoys.energy)} decoys, lowest energy {decoys.energy.min():.0f}")
    return decoys


class _Record:
    """What a run leaves: energies of every cycle, and decoys of the cold replicas once settled."""

    def __init__(self, cycles: int, replicas: int, measure: Callable[..., None] | None) -> None:
        self.cycles, self.measure = cycles, measure
        self.done = 0
        self.seen: NDArray[np.float64] | None = None
        self.levels = min(DECOY_LEVELS, replicas)
        self.every = 1
        self.kept: list[tuple] = []
        self.trajectory = np.zeros((cycles, replicas))
        self.components = np.zeros((cycles, TERMS))

    def add(self, run: Replicas, cycle: int) -> None:
        """Note the end of a cycle."""
        self.done = cycle + 1
        self.trajectory[cycle] = run.energy[run.at_level]
        self.components[cycle] = run.parts[run.at_level[0]] * run.model.weights
        if cycle % self.every == 0:
            for level in range(self.levels):
                r = run.at_level[level]
                positions = calpha_of(run.states[r]).astype(np.float32)
                self.kept.append((positions, run.energy[r], r, level, cycle))
        if len(self.kept) > 2 * MOST_DECOYS:
            self.every *= 2
            self._keep(0)
        if self.measure is not None:
            self.measure(
                cycle=cycle + 1,
                lowest_energy=float(run.energy.min()),
                mean_energy=float(run.energy.mean()),
            )

    def _keep(self, settled: int) -> None:
        """Keep decoys of every so many cycles, from one on."""
        self.kept = [
            decoy for decoy in self.kept if decoy[-1] >= settled and decoy[-1] % self.every == 0
        ]

    def unchanging(self, run: Replicas) -> bool:
        """Whether more sampling would change nothing: the cold replicas agree with each other, and
        with those of the last look. One alone agrees with none."""
        if self.levels < 2 or self.done % COMPARED:
            return False
        moving = run.model.moving
        cold = np.array([calpha_of(run.states[r])[moving] for r in run.at_level[: self.levels]])
        before, self.seen = self.seen, cold.mean(axis=0)
        if before is None:
            return False
        spread = np.sqrt(((cold - self.seen) ** 2).sum(axis=2).mean(axis=0))
        moved = np.linalg.norm(self.seen - before, axis=1)
        return bool(np.mean(np.maximum(spread, moved) > CHANGED) <= MOST_CHANGED)

    def decoys(
        self, run: Replicas, moving: int, chains: Sequence[Start], contacts: NDArray | None
    ) -> Decoys:
        """All of it; `moving` is the number of residues that may move."""
        settled = int(SETTLING * self.done)
        self._keep(settled)
        while len(self.kept) > MOST_DECOYS:
            self.every *= 2
            self._keep(settled)
        positions, energy, replica, level, cycle = zip(*self.kept)
        energy, level = np.array(energy), np.array(level, dtype=np.int64)
        tally = run.tally.sum(axis=0)
        return Decoys(
            positions=np.array(positions),
            energy=energy,
            weight=decoy_weights(energy, run.temperatures[level], moving),
            replica=np.array(replica, dtype=np.int64),
            level=level,
            cycle=np.array(cycle, dtype=np.int64),
            temperatures=run.temperatures,
            trajectory=self.trajectory[: self.done],
            components=self.components[: self.done],
            accepted=tally[:, 1] / np.maximum(tally[:, 0], 1),
            swapped=run.swaps[1] / max(1, run.swaps[0]),
            moves=int(tally[:, 0].sum()),
            starts=run.sources,
            start_energy=run.start_energy,
            sources=tuple(chain.source for chain in chains),
            planned=self.cycles,
            note="" if contacts is None else contacts_note(contacts),
        )
