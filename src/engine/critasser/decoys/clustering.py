"""Clusters decoys by their neighbours, as SPICKER does, and averages each cluster."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from critasser.decoys.kernels import best_overlaps
from critasser.structure import kabsch

__all__ = ["Clusters", "cluster", "rmsd_matrix"]

FIRST_CUTOFF, TIGHTEST, WIDEST, STEP = 7.5, 3.5, 12.0, 0.1
"""Å within which decoys are neighbours, and by which that is adapted (SPICKER)."""

TOO_LARGE, TOO_SMALL = 0.70, 0.15
"""Shares of the largest cluster at which the cutoff is lowered and raised (SPICKER)."""

MOST_DECOYS = 1000
"""Compared all with all; evenly spaced ones of more."""

ROWS = 64
"""Conformations compared with all others at a time: bounds memory."""

TIE, NO_WEIGHT, DIGITS = 1e-9, 1e-12, 6
"""Weight within which decoys have as many neighbours; least weight of a decoy in an average; digits
of a cutoff that are meant."""


@dataclass(frozen=True, eq=False)
class Clusters:
    """Clusters, those that count most first; k of them.

    Attributes
    ----------
    centroid : ndarray (k, L, 3) float64
        Mean of the members, superposed on the cluster's centre, which stays in the map's frame.
        An average: bonds are too short where members differ.
    centre : ndarray (k,) int64
        The decoy with most neighbours.
    members : tuple of ndarray
        Indices of decoys, ascending.
    size : ndarray (k,) int64
        Decoys, whatever they weigh.
    share : ndarray (k,) float64
        Of all weight, 0 … 1.
    mean_rmsd : ndarray (k,) float64
        Of the members to the centroid, superposed, Å.
    cutoff : float
        Å, within which decoys are neighbours.
    total : int
        Decoys clustered.
    note : str
        What a person should know, such as why there are fewer clusters than asked for; or empty.
    """

    centroid: NDArray[np.float64]
    centre: NDArray[np.int64]
    members: tuple[NDArray[np.int64], ...]
    size: NDArray[np.int64]
    share: NDArray[np.float64]
    mean_rmsd: NDArray[np.float64]
    cutoff: float
    total: int
    note: str


def rmsd_matrix(decoys: ArrayLike) -> NDArray[np.float64]:
    """RMSD (n, n) in Å of all pairs of conformations (n, L, 3), each pair superposed."""
    x = np.asarray(decoys, dtype=np.float64)
    n, length = x.shape[:2]
    x = x - x.mean(axis=1, keepdims=True)
    square = np.einsum("nik,nik->n", x, x)
    flat = x.transpose(0, 2, 1).reshape(n * 3, length)
    result = np.zeros((n, n))
    for low in range(0, n, ROWS):
        high = min(n, low + ROWS)
        # One matrix product gives the covariances of many pairs.
        product = flat[low * 3 : high * 3] @ flat[low * 3 :].T
        covariance = product.reshape(high - low, 3, n - low, 3).transpose(0, 2, 1, 3)
        overlap = np.empty((high - low) * (n - low))
        best_overlaps(np.ascontiguousarray(covariance).reshape(-1, 3, 3), overlap)
        overlap = overlap.reshape(high - low, n - low)
        rest = square[low:high, None] + square[None, low:] - 2.0 * overlap
        result[low:high, low:] = np.sqrt(np.maximum(rest, 0.0) / length)
    result = np.triu(result, 1)
    return result + result.T


def cluster(decoys: ArrayLike, count: int = 5, weights: ArrayLike | None = None) -> Clusters:
    """Cluster decoys as SPICKER does.

    RMSD is of superposed pairs, as in the paper, although all decoys lie in one map: a chain whose
    pose moves as a whole stays one cluster. Neighbours are decoys within a cutoff: 7.5 Å, lowered
    to no less than 3.5 Å while the largest cluster has more than 70 % of the decoys, raised to no
    more than 12 Å while it has fewer than 15 %. The decoy with most neighbours and they are the
    first cluster; they go, and the next is looked for among the rest.

    Parameters
    ----------
    decoys : array_like (n, L, 3)
        Å; of more than 1000, evenly spaced ones count.
    count : int
        Clusters at most.
    weights : array_like (n,), optional
        How much each decoy counts, ≥ 0: where replicas stay where they are, numbers of decoys say
        how replicas were dealt out, and energies have to say how likely each place is. Without
        it all count alike, as in the paper.

    Returns
    -------
    Clusters
        Indices refer to `decoys` as given.

    References
    ----------
    Zhang Y, Skolnick J (2004) J Comput Chem 25, 865.
    """
    everything = np.asarray(decoys, dtype=np.float64)
    if everything.ndim != 3 or everything.shape[2] != 3 or len(everything) == 0 or count < 1:
        raise ValueError(f"cannot make {count} clusters of an array of shape {everything.shape}")
    chosen = np.arange(len(everything))
    if len(chosen) > MOST_DECOYS:
        chosen = np.linspace(0, len(everything) - 1, MOST_DECOYS).round().astype(np.int64)
    x = everything[chosen]
    share = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=np.float64)[chosen]
    if share.min() < 0 or not share.sum() > 0:
        raise ValueError("weights of decoys are not negative and not all zero")
    share = share / share.sum()
    distance = rmsd_matrix(x)
    cutoff = _cutoff(distance, share)
    left = np.ones(len(x), dtype=bool)
    near = distance <= cutoff
    centres, members = [], []
    while left.any() and len(centres) < count:
        neighbours = np.where(left, (near & left) @ share, -1.0)
        # Of equally good centres, the one closest to its neighbours.
        tied = np.flatnonzero(neighbours >= neighbours.max() - TIE)
        spread = [(distance[k] * share)[near[k] & left].sum() for k in tied]
        centre = int(tied[int(np.argmin(spread))])
        inside = np.flatnonzero(near[centre] & left)
        centres.append(centre)
        members.append(inside)
        left[inside] = False
    centroids, spreads = zip(*(_centroid(x[m], x[c], share[m]) for c, m in zip(centres, members)))
    note = ""
    if len(centres) == 1 and count > 1:
        note = (
            f"all {len(x)} decoys are within {cutoff:.1f} Å of one: there is one model, not {count}"
        )
    elif len(centres) < count:
        note = f"the decoys fall into {len(centres)} clusters only, at a cutoff of {cutoff:.1f} Å"
    return Clusters(
        centroid=np.array(centroids),
        centre=chosen[np.array(centres)],
        members=tuple(chosen[m] for m in members),
        size=np.array([len(m) for m in members]),
        share=np.array([share[m].sum() for m in members]),
        mean_rmsd=np.array(spreads),
        cutoff=cutoff,
        total=len(x),
        note=note,
    )


def _cutoff(distance: NDArray[np.float64], share: NDArray[np.float64]) -> float:
    """The cutoff at which the largest cluster is neither most nor next to nothing."""

    def largest(cutoff: float) -> float:
        return float(((distance <= cutoff) @ share).max())

    steps = 0
    tightest, widest = (round((c - FIRST_CUTOFF) / STEP) for c in (TIGHTEST, WIDEST))
    while steps > tightest and largest(FIRST_CUTOFF + steps * STEP) > TOO_LARGE:
        steps -= 1
    if steps == 0:
        while steps < widest and largest(FIRST_CUTOFF + steps * STEP) < TOO_SMALL:
            steps += 1
    return round(FIRST_CUTOFF + steps * STEP, DIGITS)


def _centroid(
    members: NDArray, centre: NDArray, share: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Weighted mean of superposed members, and their mean RMSD to it."""
    share = np.maximum(share, NO_WEIGHT)
    placed = []
    for member in members:
        rotation, translation = kabsch(member, centre)
        placed.append(member @ rotation.T + translation)
    mean = np.average(placed, axis=0, weights=share)
    spread = []
    for member in placed:
        rotation, translation = kabsch(member, mean)
        off = member @ rotation.T + translation - mean
        spread.append(np.sqrt(np.mean(np.sum(off**2, axis=1))))
    return mean, float(np.average(spread, weights=share))
