"""Moves Cα chains of impossible geometry until they are possible; what is good stays put."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.spatial import cKDTree

from critasser.structure.geometry import (
    BOND_RANGE,
    CIS_RANGE,
    CIS_SECOND_NEIGHBOURS_NEARER,
    NEAREST,
    SECOND_NEIGHBOURS,
)
from critasser.structure.peptides import cis_log_odds, estimated_noise, short_enough

__all__ = ["choose_cis", "regularise"]

ACCURATE = 0.15
"""Å; error of a chain up to which a short distance is evidence of cis, whatever the residue."""

BOND_WEIGHT, OTHER_WEIGHT = 4.0, 1.0
"""Of squared violations in Å², of bonds and of second neighbours and contacts."""

HOLD, LATE_HOLD = 0.02, 1e-2
"""Weight of squared moves, and the share of it that is left in the last rounds, in which violations
count alone."""

LATE_ROUNDS = 2

CLOSE = 1.0
"""Å beyond the nearest allowed distance at which pairs are watched."""

ITERATIONS, MEMORY = 300, 20
"""Of L-BFGS in each round, and the moves that it remembers."""

SETTLED = 1e-3
"""Å that nothing moves any more."""

COINCIDENT = 1e-3
"""Å within which positions are a heap."""

NO_LENGTH = 1e-6
"""Å; keeps divisions finite."""

HELIX_TURN, HELIX_RADIUS, HELIX_RISE = np.radians(100.0), 2.3, 1.5
"""Of an α-helix, along which atoms leave a heap: radians a residue, Å, Å a residue."""


def choose_cis(
    calpha: NDArray[np.float64],
    proline: NDArray[np.bool_],
    bonded: NDArray[np.bool_],
    cis_fraction: tuple[float, float],
) -> NDArray[np.bool_]:
    """Which peptides (L - 1,) are cis, by the distance of their Cα and Bayes' rule.

    Parameters
    ----------
    calpha : (L, 3) Å
    proline : (L,) bool
    bonded : (L - 1,) bool
    cis_fraction : (float, float)
        How often peptides are cis before other residues and before proline. Before others a short
        distance counts as evidence only where the chain as a whole is accurate.
    """
    noise = estimated_noise(calpha, bonded)
    length = np.linalg.norm(np.diff(calpha, axis=0), axis=1)
    share = np.where(proline[1:], cis_fraction[1], cis_fraction[0])
    likely = cis_log_odds(length, noise, share) > 0
    return bonded & short_enough(length) & likely & (proline[1:] | (noise <= ACCURATE))


def regularise(
    calpha: NDArray[np.float64],
    bonded: NDArray[np.bool_],
    cis: NDArray[np.bool_],
    *,
    rounds: int = 6,
    mobile: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    """Move what violates bond lengths, second-neighbour distances or contact distances.

    Every term is flat within its allowed range, so residues without violations, and not pulled by a
    neighbour that has one, do not move at all.

    Parameters
    ----------
    calpha : (L, 3) Å
    bonded : (L - 1,) bool
    cis : (L - 1,) bool
        Peptides whose Cα belong 2.95 Å apart.
    mobile : (L,) bool, optional
        Which residues may move; all without it.

    Returns
    -------
    (L, 3) Å
    """
    start = np.asarray(calpha, dtype=np.float64)
    count = len(start)
    first = np.flatnonzero(bonded)
    second = np.flatnonzero(bonded[:-1] & bonded[1:])
    pairs = np.concatenate(
        [np.stack([first, first + 1], axis=1), np.stack([second, second + 2], axis=1)]
    ).astype(np.int64)
    low, high = (
        np.concatenate(
            [
                np.where(cis[first], CIS_RANGE[end], BOND_RANGE[end]),
                np.full(len(second), SECOND_NEIGHBOURS[end]),
            ]
        )
        for end in (0, 1)
    )
    low[len(first) :][cis[second] | cis[second + 1]] -= CIS_SECOND_NEIGHBOURS_NEARER
    weight = np.concatenate(
        [np.full(len(first), BOND_WEIGHT), np.full(len(second), OTHER_WEIGHT)]
    )
    segment = np.concatenate([[0], np.cumsum(~bonded)])
    position, steady = _unfolded(start)
    free = np.ones(count, dtype=bool) if mobile is None else mobile
    position[~free] = start[~free]
    # What lay in a heap is held nowhere.
    for turn in range(rounds):
        close = cKDTree(position).query_pairs(NEAREST + CLOSE, output_type="ndarray").reshape(-1, 2)
        near = (np.abs(close[:, 0] - close[:, 1]) <= 2) & (
            segment[close[:, 0]] == segment[close[:, 1]]
        )
        close = close[~near]
        every = np.concatenate([pairs, close])
        lower = np.concatenate([low, np.full(len(close), NEAREST)])
        upper = np.concatenate([high, np.full(len(close), np.inf)])
        weights = np.concatenate([weight, np.full(len(close), OTHER_WEIGHT)])
        late = turn >= rounds - LATE_ROUNDS
        hold = steady * (HOLD * LATE_HOLD if late else HOLD)
        result = minimize(
            _penalty,
            position.ravel(),
            args=(start, every, lower, upper, weights, hold, free),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": ITERATIONS, "maxcor": MEMORY},
        )
        moved = result.x.reshape(count, 3)
        step = np.abs(moved - position).max(initial=0.0)
        position = moved
        if step < SETTLED and late:
            break
    return position


def _unfolded(
    position: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The same positions, but none on another; and which (L,) stay where they are.

    Coincident atoms have no direction to part, and tell nothing but where the heap lies: its atoms
    leave it along a helix, whose bonds and contacts are right.
    """
    position = position.copy()
    steady = np.ones(len(position), dtype=bool)
    steady[[second for _, second in cKDTree(position).query_pairs(COINCIDENT)]] = False
    for rank, index in enumerate(np.flatnonzero(~steady), 1):
        turn = HELIX_TURN * rank
        position[index] += [
            HELIX_RADIUS * np.cos(turn), HELIX_RADIUS * np.sin(turn), HELIX_RISE * rank
        ]  # fmt: skip
    return position, steady


def _penalty(
    flat: NDArray[np.float64],
    start: NDArray[np.float64],
    pairs: NDArray[np.int64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    weight: NDArray[np.float64],
    hold: NDArray[np.float64],
    free: NDArray[np.bool_],
) -> tuple[float, NDArray[np.float64]]:
    position = flat.reshape(-1, 3)
    between = position[pairs[:, 0]] - position[pairs[:, 1]]
    distance = np.maximum(np.linalg.norm(between, axis=1), NO_LENGTH)
    beyond = np.minimum(distance - low, 0.0) + np.maximum(distance - high, 0.0)
    slope = (2 * weight * beyond / distance)[:, None] * between
    moved = position - start
    gradient = 2 * hold[:, None] * moved
    np.add.at(gradient, pairs[:, 0], slope)
    np.add.at(gradient, pairs[:, 1], -slope)
    gradient[~free] = 0.0
    energy = float(np.sum(weight * beyond**2) + np.sum(hold[:, None] * moved**2))
    return energy, gradient.ravel()
