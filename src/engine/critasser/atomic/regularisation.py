"""Cα chains with impossible geometry made possible, good parts left where they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.spatial import cKDTree

__all__ = ["choose_cis", "estimated_noise", "regularise"]

TRANS, CIS = 3.80, 2.95
BOND_RANGE = (3.65, 3.95)
CIS_RANGE = (2.80, 3.15)
SECOND_RANGE = (4.9, 7.35)
NEAREST = 3.8
CIS_LIMIT = 3.3
ACCURATE = 0.15
HOLD = 0.02


def estimated_noise(calpha: NDArray[np.float64], bonded: NDArray[np.bool_]) -> float:
    """Error (Å, RMSD in space) of Cα as the lengths of their bonds tell it.

    Taken from the median, so that a few breaks in a good chain do not count.
    """
    length = np.linalg.norm(np.diff(calpha, axis=0), axis=1)[bonded]
    if length.size == 0:
        return 0.0
    # A bond's length feels the error of two atoms, in one of three directions.
    return 1.4826 * float(np.median(np.abs(length - TRANS))) * np.sqrt(1.5)


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
    short = bonded & (length >= 2.6) & (length <= CIS_LIMIT)
    spread = max(0.08, noise * np.sqrt(2.0 / 3.0))
    prior = np.where(proline[1:], cis_fraction[1], cis_fraction[0])
    odds = (length - TRANS) ** 2 - (length - CIS) ** 2
    likely = np.log(prior / (1 - prior)) + odds / (2 * spread**2) > 0
    return short & likely & (proline[1:] | (noise <= ACCURATE))


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
    low = np.concatenate(
        [np.where(cis[first], CIS_RANGE[0], BOND_RANGE[0]), np.full(len(second), SECOND_RANGE[0])]
    )
    high = np.concatenate(
        [np.where(cis[first], CIS_RANGE[1], BOND_RANGE[1]), np.full(len(second), SECOND_RANGE[1])]
    )
    low[len(first) :][cis[second] | cis[second + 1]] -= 0.6
    weight = np.concatenate([np.full(len(first), 4.0), np.ones(len(second))])
    segment = np.concatenate([[0], np.cumsum(~bonded)])
    position, steady = _unfolded(start)
    free = np.ones(count, dtype=bool) if mobile is None else mobile
    position[~free] = start[~free]
    # What lay in a heap is held nowhere.
    for turn in range(rounds):
        close = cKDTree(position).query_pairs(NEAREST + 1.0, output_type="ndarray").reshape(-1, 2)
        near = (np.abs(close[:, 0] - close[:, 1]) <= 2) & (
            segment[close[:, 0]] == segment[close[:, 1]]
        )
        close = close[~near]
        every = np.concatenate([pairs, close])
        lower = np.concatenate([low, np.full(len(close), NEAREST)])
        upper = np.concatenate([high, np.full(len(close), np.inf)])
        weights = np.concatenate([weight, np.ones(len(close))])
        hold = steady * (HOLD if turn < rounds - 2 else HOLD * 1e-2)
        result = minimize(
            _penalty,
            position.ravel(),
            args=(start, every, lower, upper, weights, hold, free),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": 300, "maxcor": 20},
        )
        moved = result.x.reshape(count, 3)
        step = np.abs(moved - position).max(initial=0.0)
        position = moved
        if step < 1e-3 and turn >= rounds - 2:
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
    steady[[second for _, second in cKDTree(position).query_pairs(1e-3)]] = False
    for rank, index in enumerate(np.flatnonzero(~steady), 1):
        turn = np.radians(100.0) * rank
        position[index] += [2.3 * np.cos(turn), 2.3 * np.sin(turn), 1.5 * rank]
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
    distance = np.maximum(np.linalg.norm(between, axis=1), 1e-6)
    beyond = np.minimum(distance - low, 0.0) + np.maximum(distance - high, 0.0)
    slope = (2 * weight * beyond / distance)[:, None] * between
    moved = position - start
    gradient = 2 * hold[:, None] * moved
    np.add.at(gradient, pairs[:, 0], slope)
    np.add.at(gradient, pairs[:, 1], -slope)
    gradient[~free] = 0.0
    energy = float(np.sum(weight * beyond**2) + np.sum(hold[:, None] * moved**2))
    return energy, gradient.ravel()
