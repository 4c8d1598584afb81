"""Turns starts and predicted contacts into restraints: places of residues, distances of pairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.assembly.complete import Start
from critasser.assembly.contacts import used_contacts
from critasser.assembly.weights import Weights
from critasser.density import Grid
from critasser.structure import Target
from critasser.structure.geometry import ASSEMBLED_CONTACT, CONTACT

__all__ = ["pairs_of", "places_of", "start_shares"]

BASE_TRUST = 0.2
"""Added to the confidence of residues that a start has, so that unsure ones count a little."""

SHARE_SOFTNESS = 0.1
"""Share of the best start's gain by which another start may fall behind to count 1/e of it."""

LEAST_GAIN = 1e-3
"""Of the best start, by which gains are compared where none gains anything."""

PLACES = 4
"""Places that a residue may have, at most."""

SAME_PLACE = 2.0
"""Å within which starts put a residue in the same place."""

TOP_STARTS = 5
"""Starts whose distances count: those that are believed most."""

SPREAD_ALLOWED = 2.0
"""Å by which a distance may differ from that of the best start and still agree with it."""

LEAST_SPREAD = 0.3
"""Å by which every distance may be off without penalty."""

LEAST_SUPPORT = 0.02
"""Trust below which a distance is no restraint."""

PARTNERS = 14
"""Residues that each is paired with, about."""

FULL_STRENGTH = PARTNERS / 4
"""Restraints share their strength among so many partners."""

STEPS = (2, 3, 4, 5, 6, 12, 24)
"""Separations along the chain of pairs that are always restrained: local shape, and a few long
ones."""

LEAST_SEPARATION = 6
"""Residues along the chain beyond which pairs in contact are restrained: nearer ones are anyway."""

NO_WEIGHT = 1e-9
"""Weight of pairs below which contacts are not divided by it."""

NOTHING = 1e-12
"""A trust below any; keeps divisions finite."""


def start_shares(starts: Sequence[Start], field: Grid) -> NDArray[np.float64]:
    """How far each start is to be believed, (S,), sum 1: by what its residues gain in a field."""
    gain = []
    for start in starts:
        index = np.rint(field.to_index(start.positions)).astype(np.int64)
        inside = np.all((index >= 0) & (index < field.shape), axis=1)
        at = np.clip(index, 0, np.array(field.shape) - 1)
        value = np.where(inside, field.values[at[:, 0], at[:, 1], at[:, 2]], 0.0)
        trusted = np.where(start.given, BASE_TRUST + start.confidence, 0.0)
        gain.append(np.sum(value * trusted) / len(value))
    gain = np.array(gain)
    softness = max(SHARE_SOFTNESS * abs(gain.max()), LEAST_GAIN)
    share = np.exp(-(gain.max() - gain) / softness)
    return share / share.sum()


def places_of(
    starts: Sequence[Start], share: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where starts put each residue (L, K, 3) and the share that does so (L, K), most first."""
    positions = np.array([s.positions for s in starts])
    trust = np.array([s.confidence * s.given for s in starts]) * share[:, None]
    n = positions.shape[1]
    places, weight = np.zeros((n, PLACES, 3)), np.zeros((n, PLACES))
    left = trust.copy()
    for k in range(PLACES):
        top = left.argmax(axis=0)
        centre = positions[top, np.arange(n)]
        near = np.linalg.norm(positions - centre, axis=2) < SAME_PLACE
        part = np.where(near, left, 0.0)
        total = part.sum(axis=0)
        mean = np.einsum("si,sik->ik", part, positions) / np.maximum(total, NOTHING)[:, None]
        places[:, k] = np.where(total[:, None] > 0, mean, 0.0)
        weight[:, k] = total
        left[near] = 0.0
    return places, weight


def pairs_of(
    target: Target,
    starts: Sequence[Start],
    share: NDArray,
    contacts: NDArray | None,
    weights: Weights,
) -> dict[str, NDArray]:
    """Distances that the best starts agree on, and predicted contacts, as rows by residue.

    Parameters
    ----------
    target : Target
    starts : sequence of Start
    share : ndarray (S,)
        Of `start_shares`.
    contacts : ndarray (L, L), optional
        Probabilities, see `contacts.used_contacts`.
    weights : Weights

    Returns
    -------
    dict of ndarray
        The fields ``pair_…`` of `terms.Model`.
    """
    n = len(target)
    best = np.argsort(-share, kind="stable")[:TOP_STARTS]
    believed = share[best] / share[best].sum()
    positions = np.array([starts[s].positions for s in best])
    trust = np.array([starts[s].confidence * starts[s].given for s in best])
    i, j = _candidate_pairs(target, positions[0], trust[0])
    distance = np.linalg.norm(positions[:, j] - positions[:, i], axis=2)
    both = np.minimum(trust[:, i], trust[:, j]) * believed[:, None]
    agree = (np.abs(distance - distance[0]) < SPREAD_ALLOWED) * both
    support = agree.sum(axis=0)
    mean = (agree * distance).sum(axis=0) / np.maximum(support, NOTHING)
    spread = np.sqrt((agree * (distance - mean) ** 2).sum(axis=0) / np.maximum(support, NOTHING))
    strength = support / FULL_STRENGTH
    restraints = np.stack([i, j, mean, np.maximum(spread, LEAST_SPREAD), strength], axis=1)
    rows = [restraints[support > LEAST_SUPPORT]]
    if contacts is not None:
        a, b, probability = used_contacts(contacts)
        every = np.ones(len(a))
        nearest, farthest = ASSEMBLED_CONTACT
        middle, half = 0.5 * (farthest + nearest), 0.5 * (farthest - nearest)
        strength = probability * weights.predicted / max(weights.pair, NO_WEIGHT)
        rows.append(np.stack([a, b, middle * every, half * every, strength], axis=1))
    table = np.concatenate(rows)
    half = len(table)
    table = np.concatenate([table, table[:, [1, 0, 2, 3, 4]]])
    order = np.lexsort((table[:, 1], table[:, 0]))
    table = table[order]
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    counts = np.bincount(table[:, 0].astype(np.int64), minlength=n)
    return {
        "pair_start": np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        "pair_other": table[:, 1].astype(np.int64),
        "pair_mirror": rank[(order + half) % max(1, 2 * half)],
        "pair_distance": table[:, 2].astype(np.float32),
        "pair_spread": table[:, 3].astype(np.float32),
        "pair_weight": table[:, 4].astype(np.float32),
    }


def _candidate_pairs(
    target: Target, positions: NDArray, trust: NDArray
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs 2 … 6 apart along a chain, contacts, and a few long distances, of trusted residues."""
    n = len(target)
    chain = target.chain_index
    chosen = []
    for step in STEPS:
        a = np.arange(max(0, n - step))
        chosen.append(np.stack([a, a + step], axis=1)[chain[a] == chain[a + step]])
    tree = cKDTree(positions)
    near = tree.query_pairs(CONTACT, output_type="ndarray").reshape(-1, 2)
    near = near[np.abs(near[:, 1] - near[:, 0]) > LEAST_SEPARATION]
    near = near[np.lexsort((near[:, 1], near[:, 0]))]
    apart = np.linalg.norm(positions[near[:, 0]] - positions[near[:, 1]], axis=1)
    order = np.argsort(apart, kind="stable")
    count = np.zeros(n, dtype=np.int64)
    kept = []
    for row in near[order]:
        if count[row[0]] < PARTNERS // 2 and count[row[1]] < PARTNERS // 2:
            kept.append(row)
            count[row] += 1
    pairs = np.concatenate([*chosen, np.array(kept, dtype=np.int64).reshape(-1, 2)])
    pairs = np.unique(pairs.astype(np.int64), axis=0)
    pairs = pairs[(trust[pairs] > 0).all(axis=1)]
    return pairs[:, 0], pairs[:, 1]
