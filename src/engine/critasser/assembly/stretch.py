"""Samples stretches of a chain anew while all other residues stay where they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from critasser.assembly.exchange import Decoys, assemble
from critasser.assembly.refinement import refine_centroids
from critasser.assembly.starts import energies
from critasser.assembly.temperatures import HEAT
from critasser.assembly.weights import WEIGHTS
from critasser.density import Grid
from critasser.structure import CalphaSet, Target, Template, Trace

__all__ = ["Candidates", "sample_stretches"]

DIFFERENT = 1.0
"""Å RMSD, in place, from which two conformations of the stretches are two candidates."""

COOLED = 3
"""Conformations that are cooled, for each candidate that is wanted."""

SAMPLING = 0.8
"""Share of the progress that sampling is; cooling is the rest."""

# A fragment of the surroundings is no chain of a radius of gyration of its own.
LOCAL_WEIGHTS = replace(WEIGHTS, gyration=0.0)


@dataclass(frozen=True, eq=False)
class Candidates:
    """Conformations of lowest energy, best first.

    Attributes
    ----------
    positions : ndarray (k, L, 3) float64
        Cα in Å; residues that may not move are where they were.
    energy : ndarray (k,) float64
        Without the terms by which starts pull.
    decoys : int
        Conformations that they were chosen from.
    trajectory : ndarray (cycles, R) float64
        Energy at each temperature after each cycle.
    """

    positions: NDArray[np.float64]
    energy: NDArray[np.float64]
    decoys: int
    trajectory: NDArray[np.float64]


def sample_stretches(
    target: Target,
    starts: Sequence[Trace | Template],
    mobile: NDArray[np.bool_],
    calpha: CalphaSet,
    density: Grid,
    resolution: float,
    *,
    rng: np.random.Generator,
    count: int,
    replicas: int,
    sweeps: int,
    refinement_sweeps: int,
    use_cnn: bool = True,
    threads: int | None = None,
    progress: Callable[[float, str], None] | None = None,
    measure: Callable[..., None] | None = None,
) -> Candidates:
    """Sample mobile residues under the map by replica exchange, and cool the best.

    Parameters
    ----------
    target : Target
        The stretches and what is around them.
    starts : sequence of Trace or Template
        All with the other residues, at the same places and with confidence 1.
    mobile : ndarray (L,)
        At least one residue; next to those that are not there must be one that may not move, or
        an end of its chain.
    calpha, density, resolution, rng, replicas, sweeps, use_cnn, threads, progress, measure
        As `assemble`; a sweep is as many moves as there are mobile residues.
    count : int
        Most candidates.
    refinement_sweeps : int

    Returns
    -------
    Candidates
        At least one.
    """
    report = progress or (lambda fraction, message: None)
    decoys = assemble(
        target, starts, calpha, density, resolution, rng=rng, replicas=replicas, sweeps=sweeps,
        use_cnn=use_cnn, weights=LOCAL_WEIGHTS, mobile=mobile, threads=threads,
        progress=lambda done, message: report(SAMPLING * done, message), measure=measure,
    )  # fmt: skip
    order = np.argsort(decoys.energy - _heat(decoys, int(mobile.sum())), kind="stable")
    chosen = _distinct(decoys.positions[:, mobile].astype(np.float64), order, COOLED * count)
    # Exactly where they were: decoys are kept in single precision.
    fixed = np.asarray(starts[0].positions)
    centres = np.where(mobile[:, None], decoys.positions[chosen].astype(np.float64), fixed)
    refined = refine_centroids(
        centres, target, starts, calpha, density, resolution, rng=rng, sweeps=refinement_sweeps,
        use_cnn=use_cnn, weights=LOCAL_WEIGHTS, mobile=mobile, threads=threads,
        progress=lambda done, message: report(SAMPLING + (1.0 - SAMPLING) * done, message),
    )  # fmt: skip
    # So are states of the Monte Carlo.
    refined = np.where(mobile[:, None], refined, fixed)
    energy = energies(
        refined, target, calpha, density, resolution, use_cnn=use_cnn, weights=LOCAL_WEIGHTS,
        mobile=mobile,
    )  # fmt: skip
    best = _distinct(refined[:, mobile], np.argsort(energy, kind="stable"), count)
    return Candidates(refined[best], energy[best], len(decoys.energy), decoys.trajectory)


def _heat(decoys: Decoys, moving: int) -> NDArray[np.float64]:
    """Energy that a decoy has from its temperature alone."""
    temperature = decoys.temperatures[decoys.level]
    return HEAT * moving * (temperature - temperature.min())


def _distinct(
    positions: NDArray[np.float64], order: NDArray[np.int64], most: int
) -> NDArray[np.int64]:
    """Of conformations (n, m, 3), the first in order that differ from all before them."""
    kept: list[int] = []
    for k in order:
        if len(kept) == most:
            break
        apart = (
            np.sqrt(np.mean(np.sum((positions[kept] - positions[k]) ** 2, axis=2), axis=1))
            if kept
            else np.array([np.inf])
        )
        if apart.min() >= DIFFERENT:
            kept.append(int(k))
    return np.array(kept, dtype=np.int64)
