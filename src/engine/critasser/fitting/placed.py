"""Say where the domains of a placed structure lie, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from critasser.fitting.fields import Fields
from critasser.fitting.kernels import field_score
from critasser.fitting.rigid import LEAST_Z, RigidFit
from critasser.fitting.structure_fit import FEWEST_RESIDUES, Placement
from critasser.structure import assign_secondary_structure, kabsch

__all__ = [
    "NEAR",
    "DomainPlace",
    "enough_placed",
    "least_score",
    "moves_of",
    "placed_domains",
    "share_near",
    "values_in_place",
]

NEAR = 3.0
"""Å between a Cα and a position of the map that it explains (paper)."""


LARGE = 100
"""Residues of a body that chance hardly ever fits."""

LEAST_PART = 0.5
"""Share of a smaller structure that must have a place."""

LARGE_SCORE, SMALL_SCORE = -0.1, 0.05
"""Scores that bodies must pass which are in the map: those of 100 residues or more, and the
smallest. In lifelike maps of other proteins of 3 to 8 Å the best of 24 structures reached -0.43 as
one body; proteins in their own maps, also experimental ones, had 0.09 or more
(``benchmark.foreign``)."""


@dataclass(frozen=True, eq=False)
class DomainPlace:
    """Where a domain lies.

    Attributes
    ----------
    rows : ndarray (n,) int64
        Its residues.
    placed : bool
        Whether it has a place that is better than chance; else it goes along with its neighbour.
    score : float
        Whether it is in the map: mean value of the fields at its residues, in deviations; NaN
        without a place.
    detail : float
        By which its poses are ranked: the same of the fields' detail; NaN without a place.
    z_score : float
        Deviations of its detail above that of its other poses.
    verdict : str
        ``unique``, ``unique with the whole`` (by itself it might lie elsewhere too), ``equal``
        (several places are as good, as in a symmetric molecule) or ``ambiguous``; empty without a
        place.
    places : int
        How many poses are as good as its best.
    runner_up : float
        z-score of the next best pose, as `z_score`; NaN where there is none.
    """

    rows: NDArray[np.int64]
    placed: bool
    score: float
    detail: float
    z_score: float
    verdict: str
    places: int
    runner_up: float


def placed_domains(placement: Placement, copies: int) -> tuple[DomainPlace, ...]:
    """What is known of each domain's place, in the order of `Placement.fits`.

    Parameters
    ----------
    placement : Placement
    copies : int
        Places of the whole structure that were found.
    """
    found = []
    everything = int(np.sum(placement.domain >= 0))
    labels, sizes = np.unique(placement.domain[placement.domain >= 0], return_counts=True)
    labels = labels[sizes >= FEWEST_RESIDUES]  # smaller ones were not searched for
    for d, fit in enumerate(placement.fits):
        rows = np.flatnonzero(placement.domain == labels[d])
        joined = placement.joined[d] and _belongs(placement.whole, everything)
        score, detail = np.nan, np.nan
        if placement.placed[d]:
            score, detail = placement.score[d], placement.detail[d]
        z_score = fit.z_of(detail)
        by_itself = z_score >= LEAST_Z and _in_map(fit, score, detail, len(rows))
        placed = bool(placement.placed[d] and (by_itself or joined))
        found.append(
            DomainPlace(
                rows,
                placed,
                float(score),
                float(detail),
                float(z_score),
                _verdict(fit, placement.whole if joined else None, copies) if placed else "",
                fit.equals(),
                float(fit.z_score[1]) if len(fit.z_score) > 1 else float("nan"),
            )
        )
    if not enough_placed(sum(len(one.rows) for one in found if one.placed), everything):
        found = [replace(one, placed=False, verdict="") for one in found]
    return tuple(found)


def enough_placed(residues: int, everything: int) -> bool:
    """Whether so many placed residues of so many tell that a structure is in the map.

    Small parts of any fold, such as two helices side by side, are in many maps.
    """
    return residues >= min(LARGE, LEAST_PART * everything)


def values_in_place(positions: NDArray[np.float64], fields: Fields) -> NDArray[np.float64]:
    """What residues gain where they stand; the mean is the score of a place, or its detail.

    Parameters
    ----------
    positions : ndarray (n, 3)
        Cα of a chain in order, Å; NaN for residues without a place.
    fields : Fields
        Or their detail, blurred by `FINE_BLUR`, as the last refinement has them.

    Returns
    -------
    ndarray (n,)
        In deviations of the field; NaN for residues without a place.
    """
    kind = assign_secondary_structure(positions).astype(np.int64)
    values = np.full(len(positions), np.nan)
    one, gradient = np.ones(1), np.empty((1, 3))
    for i in np.flatnonzero(np.isfinite(positions).all(axis=1)):
        values[i] = field_score(
            positions[i : i + 1], kind[i : i + 1], one, fields.values, fields.origin, fields.step,
            fields.outside, gradient,
        )  # fmt: skip
    return values


def least_score(residues: int) -> float:
    """Score that a body of so many residues must pass: small ones fit by chance more easily."""
    share = min(max((residues - FEWEST_RESIDUES) / (LARGE - FEWEST_RESIDUES), 0.0), 1.0)
    return SMALL_SCORE + share * (LARGE_SCORE - SMALL_SCORE)


def _belongs(whole: RigidFit | None, residues: int) -> bool:
    """Whether the whole structure has a place that is better than chance."""
    if whole is None or not whole.found:
        return False
    return _in_map(whole, float(whole.score[0]), float(whole.detail[0]), residues)


def _in_map(fit: RigidFit, score: float, detail: float, residues: int) -> bool:
    """Whether a place has the score of what is in a map, or is that of a clear best pose."""
    return score > least_score(residues) or detail > fit.clear_detail


def _verdict(fit: RigidFit, whole: RigidFit | None, copies: int) -> str:
    if fit.unique:
        return "unique"
    if whole is not None and whole.unique:
        return "unique with the whole"
    if 1 < fit.equals() <= copies or (whole is not None and 1 < whole.equals() <= copies):
        return "equal"
    return "ambiguous"


def share_near(
    positions: NDArray[np.float64], calpha: ArrayLike
) -> tuple[float, NDArray[np.float64]]:
    """Share of residues (n, 3) with a Cα position of the map within 3 Å, and their distances (n,).

    Residues at NaN do not count; their distance is NaN.
    """
    distance = np.full(len(positions), np.nan)
    present = np.isfinite(positions).all(axis=1)
    calpha = np.asarray(calpha, dtype=np.float64).reshape(-1, 3)
    if len(calpha) and present.any():
        distance[present] = cKDTree(calpha).query(positions[present])[0]
    return float(np.mean(distance[present] <= NEAR)) if present.any() else 0.0, distance


def moves_of(
    placement: Placement,
    domains: tuple[DomainPlace, ...],
    calpha: NDArray[np.float64],
    numbers: NDArray[np.int64],
) -> tuple[list[tuple[NDArray[np.float64], NDArray[np.float64]]], NDArray[np.int64]]:
    """Rotation and shift of each placed domain, and with which of them each residue moves.

    Residues of no placed domain move with the placed domain nearest along the chain.

    Parameters
    ----------
    placement : Placement
    domains : tuple of DomainPlace
        One of them placed at least.
    calpha : ndarray (n, 3)
        Of the structure as it came, Å; NaN where missing.
    numbers : ndarray (n,) int64
        Of the residues along their chain, as `fit_structure` was given.

    Returns
    -------
    moves : list of (ndarray (3, 3), ndarray (3,))
    body : ndarray (n,) int64
        Index into `moves`.
    """
    placed = [one for one in domains if one.placed]
    moves = [kabsch(calpha[one.rows], placement.positions[one.rows]) for one in placed]
    body = np.full(len(calpha), -1, dtype=np.int64)
    for k, one in enumerate(placed):
        body[one.rows] = k
    held = np.flatnonzero(body >= 0)
    rest = np.flatnonzero(body < 0)
    if len(rest):
        _, nearest = cKDTree(numbers[held, None].astype(float)).query(numbers[rest, None])
        body[rest] = body[held[nearest]]
    return moves, body
