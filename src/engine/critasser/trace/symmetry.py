"""Find the symmetry of what a map holds, from its Cα positions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.structure import CalphaSet, Symmetry, kabsch

__all__ = ["find_symmetry"]

LEAST_PROBABILITY = 0.5
"""Of positions that are likely. This and the numbers below were chosen by hand."""
LEAST_POSITIONS = 60
"""Likely positions that there must be to look for symmetry among them."""
AROUND = 4
"""Positions to either side that make the piece of chain by which places are compared."""
ALIKE, CANDIDATES, VOTERS = 1.0, 8, 1500
"""Å RMSD of the distances within two pieces that may be of one kind; pieces tried for each, and
about how many pieces they are tried for."""
REACH = 30.0
"""Å from the middle, of the points whose images tell operations apart."""
SAME, MATCHED = 6.0, 1.5
"""Å between such images of one operation as pieces tell it; and of a position and its image."""
SHARE = 0.6
"""Of the likely positions that must lie on others' images."""
AGREEMENT = 0.5
"""What amino acids at positions must tell of those at their images, over what they tell of
themselves: repeats and relatives of one fold are no copies."""
MOST_OPERATIONS, MOST_TRIED = 60, 150
"""Operations of the largest point group, the icosahedral one; candidates that are fitted."""
FITTING_REACHES = (5.0, 4.0, 3.0, 2.0, MATCHED, MATCHED)
"""Å between images and positions, in each round of fitting an operation."""


def _pieces(calpha: CalphaSet) -> NDArray[np.int64]:
    """Pieces (t, 2 · AROUND + 1) of the likeliest path of the chain around each position."""
    triple, odds = calpha.triples.triple, calpha.triples.log_odds
    order = np.argsort(odds, kind="stable")
    order = order[odds[order] > 0]
    n = len(calpha)
    best = np.full(n, -1)
    best[triple[order, 1]] = order  # the likeliest comes last and stays
    before = np.full(n, -1)
    after = np.full(n, -1)
    has = best >= 0
    before[has], after[has] = triple[best[has], 0], triple[best[has], 2]
    middle = np.flatnonzero(has)
    piece = [middle]
    back = forth = middle
    alive = np.ones(len(middle), bool)
    for _ in range(AROUND):
        back, forth = before[back], after[forth]
        alive &= (back >= 0) & (forth >= 0)
        piece = [back, *piece, forth]
    return np.column_stack(piece)[alive]


class _Search:
    """Operations found so far, known by where each brings a few points."""

    def __init__(self, likely: CalphaSet) -> None:
        self.likely = likely
        self.tree = cKDTree(likely.positions)
        middle = likely.positions.mean(axis=0)
        self.points = middle + np.vstack([np.zeros(3), REACH * np.eye(3)])
        self.radius = SAME * np.sqrt(len(self.points))
        self.operations = [(np.eye(3), np.zeros(3))]
        self.places = [self.points.ravel()]

    def places_of(self, rotation: NDArray, shift: NDArray) -> NDArray[np.float64]:
        """Where operations (t, 3, 3), (t, 3) bring the points, (t, 12)."""
        images = np.einsum("tij,pj->tpi", rotation, self.points) + shift[:, None]
        return images.reshape(-1, self.points.size)

    def is_new(self, place: NDArray[np.float64]) -> bool:
        """None of the operations found brings the points there."""
        return min(np.linalg.norm(place - other) for other in self.places) >= self.radius

    def offer(self, rotation: NDArray, shift: NDArray) -> None:
        """Keep an operation, fitted to all positions, if it is true and new."""
        if not self.is_new(self.places_of(rotation[None], shift[None])[0]):
            return
        fitted = _refined(self.likely, self.tree, rotation, shift)
        if fitted is None:
            return
        place = self.places_of(fitted[0][None], fitted[1][None])[0]
        if self.is_new(place):
            self.operations.append(fitted)
            self.places.append(place)

    def close(self) -> None:
        """Add products of operations: two of a group one after the other are one of it."""
        done = 0
        while done < len(self.operations) < MOST_OPERATIONS:
            rotation, shift = self.operations[done]
            for other, after in list(self.operations):
                self.offer(other @ rotation, other @ shift + after)
                self.offer(rotation @ other, rotation @ after + shift)
            done += 1


def find_symmetry(calpha: CalphaSet) -> Symmetry:
    """Operations of the point group that the likely positions have as a whole.

    Pieces of chain of one shape vote for the operations that bring them onto each other; those with
    most votes are fitted to all positions, and are true where these lie on each other's images.

    Parameters
    ----------
    calpha : CalphaSet
        n positions, with their triples.

    Returns
    -------
    Symmetry
        The identity alone where there is no other.
    """
    alone = Symmetry(np.eye(3)[None], np.zeros((1, 3)))
    likely = calpha.select(calpha.probability >= LEAST_PROBABILITY)
    if calpha.triples is None or len(likely) < LEAST_POSITIONS:
        return alone
    pieces = _pieces(likely)
    if len(pieces) < LEAST_POSITIONS // 2:
        return alone
    search = _Search(likely)
    fits = [kabsch(*pair) for pair in _alike(likely.positions[pieces])]
    rotation = np.array([r for r, _ in fits]).reshape(-1, 3, 3)
    shift = np.array([s for _, s in fits]).reshape(-1, 3)
    votes = search.places_of(rotation, shift)
    weight = cKDTree(votes).query_ball_point(votes, search.radius, return_length=True)
    tried: list[NDArray[np.float64]] = []
    for k in np.argsort(-weight, kind="stable"):
        # Each operation is tried once, from the piece that most others agree with.
        if tried and min(np.linalg.norm(votes[k] - other) for other in tried) < search.radius:
            continue
        tried.append(votes[k])
        search.offer(rotation[k], shift[k])
        if len(tried) == MOST_TRIED:
            break
    search.close()
    operations = search.operations[:MOST_OPERATIONS]
    rotation, shift = (np.array(part) for part in zip(*operations))
    return Symmetry(rotation, shift)


def _alike(
    pieces: NDArray[np.float64],
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Pairs of pieces (m, 3) of one shape, of pieces (t, m, 3)."""
    first, second = np.triu_indices(pieces.shape[1], 2)
    shape = np.linalg.norm(pieces[:, first] - pieces[:, second], axis=2)
    chosen = np.arange(0, len(shape), max(1, len(shape) // VOTERS))
    distance, other = cKDTree(shape).query(
        shape[chosen],
        k=min(CANDIDATES + 1, len(shape)),
        distance_upper_bound=ALIKE * np.sqrt(len(first)),
    )
    row, rank = np.nonzero(np.isfinite(distance))
    here, there = chosen[row], other[row, rank]
    yield from ((pieces[a], pieces[b]) for a, b in zip(here, there) if a != b)


def _refined(
    likely: CalphaSet, tree: cKDTree, rotation: NDArray, shift: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """An operation fitted to all positions that it brings onto others of their kind; None where
    these are few."""
    x = likely.positions
    for reach in FITTING_REACHES:
        distance, other = tree.query(x @ rotation.T + shift, distance_upper_bound=reach)
        on = np.isfinite(distance)
        if on.mean() < SHARE / 2:
            return None
        rotation, shift = kabsch(x[on], x[other[on]])
    if on.mean() < SHARE:
        return None
    here, there = likely.amino_acid[on], likely.amino_acid[other[on]]
    frequency = likely.amino_acid.mean(axis=0) + 1e-6
    alike, own = (np.log((here * q / frequency).sum(axis=1)).mean() for q in (there, here))
    return (rotation, shift) if alike >= AGREEMENT * own else None
