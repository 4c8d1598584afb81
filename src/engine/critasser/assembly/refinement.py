"""Second round: cools centroids until their geometry is that of a chain again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import ArrayLike, NDArray

from critasser.assembly.cis import cis_by_starts
from critasser.assembly.complete import mended, short_before_proline
from critasser.assembly.energy import build_model, calpha_of, least_own_energy, new_state
from critasser.assembly.energy_kernels import fill_state
from critasser.assembly.move_kernels import MOVES
from critasser.assembly.random_kernels import seed_stream
from critasser.assembly.replicas import SEEDS, SWEEPS_PER_CYCLE, processors
from critasser.assembly.sampling_kernels import sweep
from critasser.assembly.starts import COMPLETING, make_starts
from critasser.assembly.terms import Model, State
from critasser.assembly.weights import WEIGHTS, Weights
from critasser.density import Grid
from critasser.structure import CalphaSet, Target, Template, Trace

__all__ = ["refine_centroids"]

WARM, COLD = 1.0, 0.1
"""Temperatures from and to which centroids are cooled."""

MIX = np.array([0.35, 0.50, 0.05, 0.09, 0.0, 0.0, 0.01])
"""Shares of bends, jitters, ends, fragments, slides, replacements, whole chains: nothing that
leaves the fold."""

OWN_PLACE = 0.5
"""What a centroid's own positions count as places of residues, beside those of the starts."""


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
    chains, share = make_starts(
        target, starts, calpha, density, resolution, use_cnn=use_cnn, replicas=1, rng=rng,
        weights=weights, mobile=mobile, report=report,
    )  # fmt: skip
    model = build_model(
        target, chains, calpha, density, resolution,
        use_cnn=use_cnn, contacts=contacts, weights=weights, mobile=mobile, share=share,
    )  # fmt: skip
    ladder = np.geomspace(WARM, COLD, max(2, -(-sweeps // SWEEPS_PER_CYCLE)))
    jobs = [
        Cooling(model, centroid, mended(centroid, target, mobile=mobile), int(rng.integers(SEEDS)))
        for centroid in centroids
    ]
    with ThreadPoolExecutor(threads or processors()) as pool:
        for turn, temperature in enumerate(ladder):
            waiting = [pool.submit(job.advance, float(temperature)) for job in jobs]
            for future in waiting:
                future.result()
            report(
                COMPLETING + (1.0 - COMPLETING) * (turn + 1) / len(ladder),
                f"cooling {len(jobs)} centroids, energies "
                + ", ".join(f"{job.energy:.0f}" for job in jobs),
            )
    whole = [_finished(job.best, target, starts, mobile) for job in jobs]
    return np.array(whole).reshape(centroids.shape)


def _finished(
    chain: NDArray[np.float64],
    target: Target,
    starts: Sequence[Trace | Template],
    mobile: NDArray[np.bool_] | None,
) -> NDArray[np.float64]:
    """A chain with the bonds of peptides, cis where its starts say so."""
    cis, told = cis_by_starts(chain, target, starts)
    cis = np.where(told, cis, short_before_proline(chain, target))
    return mended(chain, target, mobile=mobile, cis=cis)


class Cooling:
    """One centroid on its way down in temperature."""

    def __init__(self, model: Model, centroid: NDArray, whole: NDArray, seed: int) -> None:
        # It is held by its own positions besides those of the starts.
        places = np.concatenate([centroid[:, None], model.places], axis=1)
        own = np.full((len(centroid), 1), OWN_PLACE)
        weight = np.concatenate([own, model.place_weight], axis=1)
        least = least_own_energy(
            model.calpha_field, model.identity, model.codes, weight, model.weights
        )
        self.model = model._replace(places=places, place_weight=weight, own_least=least)
        self.state: State = new_state(self.model, whole)
        self.stream = seed_stream(seed)
        self.tally = np.zeros((MOVES, 2), dtype=np.int64)
        self.mix = np.cumsum(MIX / MIX.sum())
        self.energy = float(self.state.parts @ self.model.weights)
        self.best = whole.copy()

    def advance(self, temperature: float) -> None:
        """A few sweeps at one temperature."""
        none = np.zeros((0, *self.best.shape), dtype=np.float32)
        moves = SWEEPS_PER_CYCLE * len(self.model.moving)
        sweep(self.model, self.state, temperature, moves, self.mix, none, self.stream, self.tally)
        energy = fill_state(self.model, self.state)
        if energy < self.energy:
            self.energy = energy
            self.best = calpha_of(self.state)
