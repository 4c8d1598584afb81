"""Replica-exchange Monte Carlo from many starts, and the second round from centroids."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numba import config
from numpy.typing import ArrayLike, NDArray

from critasser.assembly.complete import Guide, Start, complete, mended
from critasser.assembly.energy import WEIGHTS, Weights, build_model, new_state
from critasser.assembly.energy_kernels import TERMS, Model, State, fill_state, total_energy
from critasser.assembly.geometry_kernels import seed_stream
from critasser.assembly.move_kernels import MOVES
from critasser.assembly.sampling_kernels import sweep
from critasser.assembly.temperatures import decoy_weights, temperature_ladder
from critasser.density import Grid
from critasser.structure import CalphaSet, Target, Template, Trace

__all__ = ["Decoys", "assemble", "refine_centroids"]

DECOY_LEVELS = 8
MOST_DECOYS = 1000
SWEEPS_PER_CYCLE = 5
SETTLING = 0.3
"""Share of the run from which no decoys are taken."""

# Shares of bends, jitters, ends, fragments, slides, replacements, whole chains.
MIX = np.array([0.30, 0.39, 0.05, 0.115, 0.04, 0.10, 0.005])
REFINE_MIX = np.array([0.35, 0.50, 0.05, 0.09, 0.0, 0.0, 0.01])


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
        Which replica; replica r began from start ``r % S``.
    level : ndarray (n,) int64
        Which temperature, 0 the coldest.
    cycle : ndarray (n,) int64
    temperatures : ndarray (R,) float64
    trajectory : ndarray (cycles, R) float64
        Energy at each temperature after each cycle.
    components : ndarray (cycles, 13) float64
        Weighted terms of the coldest replica, in the order of `energy_kernels`.
    accepted : ndarray (7,) float64
        Share of moves accepted, by kind, at all temperatures.
    swapped : float
        Share of swaps accepted.
    moves : int
        Proposals in all.
    starts : ndarray (S, L, 3) float64
        The whole chains that replicas began with.
    start_energy : ndarray (S,) float64
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
    calpha : CalphaSet
        Predicted Cα.
    density : Grid
        Cropped and normalised.
    resolution : float
        Å.
    rng : numpy.random.Generator
        The result depends on it and not on the number of threads.
    replicas : int
        Temperatures, and conformations at a time.
    sweeps : int
        Of every replica; a sweep is as many moves as there are residues.
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
    progress : callable, optional
        Told the fraction done and a message; may raise `Cancelled`.
    measure : callable, optional
        Given ``cycle``, ``lowest_energy`` and ``mean_energy`` after every cycle.

    Returns
    -------
    Decoys
        At most 1000, from the eight lowest temperatures, after the first 30 % of the run.

    References
    ----------
    Paper, "Density map-guided structural assembly simulations", eq. 5–7.
    """
    if not starts:
        raise ValueError("assembly needs at least one start")
    if replicas < 1 or sweeps < 1:
        raise ValueError(f"{replicas} replicas of {sweeps} sweeps are no run")
    report = progress if progress is not None else lambda fraction, message: None
    grown_along = calpha if use_cnn else None
    chains = _completed(target, starts, density, grown_along, replicas, rng, report, mobile)
    model = build_model(
        target, chains, calpha, density, resolution,
        use_cnn=use_cnn, contacts=contacts, weights=weights, mobile=mobile,
    )  # fmt: skip
    sources = np.array([chain.positions for chain in chains])
    moving = len(target) if mobile is None else int(mobile.sum())
    run = _Run(model, sources, temperature_ladder(replicas, moving), rng)
    cycles = max(1, -(-sweeps // SWEEPS_PER_CYCLE))
    settled = int(SETTLING * cycles)
    levels = min(DECOY_LEVELS, replicas)
    every = max(1, -(-(cycles - settled) * levels // MOST_DECOYS))
    kept: list[tuple] = []
    trajectory, components = np.zeros((cycles, replicas)), np.zeros((cycles, TERMS))
    with ThreadPoolExecutor(threads or _processors()) as pool:
        for cycle in range(cycles):
            share = 0.05 + 0.95 * cycle / cycles
            said = f"cycle {cycle + 1} of {cycles}, lowest energy {run.energy.min():.0f}"
            run.advance(pool, min(SWEEPS_PER_CYCLE, sweeps), lambda: report(share, said))  # noqa: B023
            run.swap(cycle)
            trajectory[cycle] = run.energy[run.at_level]
            if measure is not None:
                measure(
                    cycle=cycle + 1,
                    lowest_energy=float(run.energy.min()),
                    mean_energy=float(run.energy.mean()),
                )
            components[cycle] = run.parts[run.at_level[0]] * model.weights
            if cycle >= settled and (cycles - 1 - cycle) % every == 0:
                for level in range(levels):
                    r = run.at_level[level]
                    positions = run.states[r].calpha.astype(np.float32)
                    kept.append((positions, run.energy[r], r, level, cycle))
    energy = np.array([k[1] for k in kept])
    heat = run.temperatures[[k[3] for k in kept]]
    report(1.0, f"{len(kept)} decoys, lowest energy {energy.min():.0f}")
    return Decoys(
        positions=np.array([k[0] for k in kept]),
        energy=energy,
        weight=decoy_weights(energy, heat, moving),
        replica=np.array([k[2] for k in kept], dtype=np.int64),
        level=np.array([k[3] for k in kept], dtype=np.int64),
        cycle=np.array([k[4] for k in kept], dtype=np.int64),
        temperatures=run.temperatures,
        trajectory=trajectory,
        components=components,
        accepted=run.tally[:, :, 1].sum(axis=0) / np.maximum(run.tally[:, :, 0].sum(axis=0), 1),
        swapped=run.swaps[1] / max(1, run.swaps[0]),
        moves=int(run.tally[:, :, 0].sum()),
        starts=sources,
        start_energy=run.start_energy,
    )


def refine_centroids(
    centroids: ArrayLike,
    target: Target,
    starts: Sequence[Trace | Template],
    calpha: CalphaSet,
    density: Grid,
    resolution: float,
    *,
    rng: np.random.Generator,
    sweeps: int = 500,
    use_cnn: bool = True,
    contacts: NDArray | None = None,
    weights: Weights = WEIGHTS,
    mobile: NDArray[np.bool_] | None = None,
    threads: int | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> NDArray[np.float64]:
    """Second round: cool each centroid until its geometry is that of a chain again.

    Averages have short bonds and clashes. Each centroid is cooled from temperature 1 to 0.1,
    held near itself and by the map; the conformation of lowest energy counts.

    Parameters
    ----------
    centroids : array_like (k, L, 3)
        Å, in the map's frame.
    target, starts, calpha, density, resolution, rng, use_cnn, contacts, weights, mobile, threads,
    progress
        As in `assemble`.
    sweeps : int
        Of every centroid.

    Returns
    -------
    ndarray (k, L, 3) float64
        Bonds of 2.7 … 4.2 Å.
    """
    centroids = np.asarray(centroids, dtype=np.float64)
    report = progress if progress is not None else lambda fraction, message: None
    grown_along = calpha if use_cnn else None
    chains = _completed(target, starts, density, grown_along, 1, rng, report, mobile)
    model = build_model(
        target, chains, calpha, density, resolution,
        use_cnn=use_cnn, contacts=contacts, weights=weights, mobile=mobile,
    )  # fmt: skip
    coldest = np.geomspace(1.0, 0.1, max(2, -(-sweeps // SWEEPS_PER_CYCLE)))
    jobs = [
        _Cooling(model, centroid, mended(centroid, target, mobile=mobile), int(rng.integers(2**62)))
        for centroid in centroids
    ]
    with ThreadPoolExecutor(threads or _processors()) as pool:
        for turn, temperature in enumerate(coldest):
            waiting = [pool.submit(job.advance, float(temperature)) for job in jobs]
            for future in waiting:
                future.result()
            report(
                0.05 + 0.95 * (turn + 1) / len(coldest),
                f"cooling {len(jobs)} centroids, energies "
                + ", ".join(f"{job.energy:.0f}" for job in jobs),
            )
    whole = [mended(job.best, target, mobile=mobile) for job in jobs]
    return np.array(whole).reshape(centroids.shape)


class _Run:
    """Replicas, which temperature each has, and their energies."""

    def __init__(
        self,
        model: Model,
        sources: NDArray,
        temperatures: NDArray[np.float64],
        rng: np.random.Generator,
    ) -> None:
        count = len(temperatures)
        self.model, self.sources, self.temperatures, self.rng = model, sources, temperatures, rng
        self.states = [new_state(model, sources[r % len(sources)]) for r in range(count)]
        self.streams = [seed_stream(int(s)) for s in rng.integers(2**62, size=count)]
        self.parts = np.zeros((count, TERMS))
        self.energy = np.array(
            [total_energy(model, state, parts) for state, parts in zip(self.states, self.parts)]
        )
        self.tally = np.zeros((count, MOVES, 2), dtype=np.int64)
        self.swaps = [0, 0]
        self.start_energy = self.energy[: len(sources)].copy()
        if len(sources) > count:
            scratch = np.zeros(TERMS)
            rest = [total_energy(model, new_state(model, x), scratch) for x in sources[count:]]
            self.start_energy = np.concatenate([self.start_energy, rest])
        # The best starts begin coldest.
        self.at_level = np.argsort(self.energy, kind="stable")
        self.mix = np.cumsum(MIX / MIX.sum())

    def advance(self, pool: ThreadPoolExecutor, sweeps: int, pause: Callable[[], None]) -> None:
        """Move every replica at its temperature; `pause` is called between replicas."""
        # Stretches come from starts and from what the other replicas have found meanwhile.
        sources = np.concatenate([self.sources, [state.calpha for state in self.states]])
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
        heat = float(np.sqrt(temperature))
        sweep(self.model, state, temperature, heat, moves, self.mix, sources,
              self.streams[r], self.tally[r])  # fmt: skip
        # From scratch, so that rounding does not add up over a run.
        fill_state(self.model, state)
        self.energy[r] = total_energy(self.model, state, self.parts[r])

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


class _Cooling:
    """One centroid on its way down."""

    def __init__(self, model: Model, centroid: NDArray, whole: NDArray, seed: int) -> None:
        # It is held by its own positions besides those of the starts.
        places = np.concatenate([centroid[:, None], model.places], axis=1)
        weight = np.concatenate([np.full((len(centroid), 1), 0.5), model.place_weight], axis=1)
        self.model = model._replace(places=places, place_weight=weight)
        self.state: State = new_state(self.model, whole)
        self.stream = seed_stream(seed)
        self.tally = np.zeros((MOVES, 2), dtype=np.int64)
        self.parts = np.zeros(TERMS)
        self.mix = np.cumsum(REFINE_MIX / REFINE_MIX.sum())
        self.energy = total_energy(self.model, self.state, self.parts)
        self.best = whole.copy()

    def advance(self, temperature: float) -> None:
        """A few sweeps at one temperature."""
        none = np.zeros((0, *self.best.shape))
        moves = SWEEPS_PER_CYCLE * len(self.model.moving)
        heat = float(np.sqrt(temperature))
        sweep(self.model, self.state, temperature, heat, moves, self.mix, none,
              self.stream, self.tally)  # fmt: skip
        fill_state(self.model, self.state)
        energy = total_energy(self.model, self.state, self.parts)
        if energy < self.energy:
            self.energy = energy
            self.best = self.state.calpha.copy()


def _completed(
    target: Target,
    starts: Sequence[Trace | Template],
    density: Grid,
    calpha: CalphaSet | None,
    wanted: int,
    rng: np.random.Generator,
    report: Callable[[float, str], None],
    mobile: NDArray[np.bool_] | None,
) -> list[Start]:
    """Whole chains; few starts are completed several times, their gaps differently."""
    guide = Guide.of(density, calpha)
    chains = []
    total = len(starts) * max(1, wanted // len(starts))
    for k in range(total):
        report(0.05 * k / total, f"closing gaps of start {k + 1} of {total}")
        chains.append(complete(target, starts[k % len(starts)], guide, rng=rng, mobile=mobile))
    return chains


def _processors() -> int:
    return max(1, min(os.cpu_count() or 1, config.NUMBA_NUM_THREADS))
