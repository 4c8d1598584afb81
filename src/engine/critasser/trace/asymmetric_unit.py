"""Find the asymmetric unit of a symmetric molecule: its positions, and the chains in it.

Where a map holds several copies of a chain, a stretch that is hard to follow in one copy suits an
easier stretch of another, as if nobody were there. Of one unit every position is the only one of
its kind, so that nothing is free to be taken; and there is less to search. Other units are images.
"""

from __future__ import annotations

import dataclasses
import heapq
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from critasser.density import FeatureMaps
from critasser.structure import CalphaSet, Symmetry, Target, Template, Trace, symmetry_name
from critasser.structure.geometry import CALPHA_BOND
from critasser.trace.graph import CandidateGraph, candidate_graph
from critasser.trace.statistics import Statistics, statistics
from critasser.trace.symmetry import MATCHED, find_symmetry

__all__ = ["AsymmetricUnit", "find_unit", "most_units", "units_of"]

LEAST_SHARE = 0.7
"""Likely positions over residues of a unit; with fewer the symmetry is one within a chain."""
LIKELY = 0.3
"""Probability from which a position counts in that, as do as many positions as residues, the
likeliest ones, whatever theirs is: weaker ones lie beside the chain, in any map."""

SCATTERED, ROUNDS = 1.6, 4
"""Radius of gyration of a unit by links over that of one whose positions lie as near to each other
as they can, from which links are not believed: in poor maps they lead anywhere. And rounds in which
such a unit is gathered."""
LEAST_INSIDE = 0.8
"""Of a unit's likely positions, that the map must hold for a unit to be one of the map's: boxes cut
filaments."""
BESIDE = 3.0
"""Å from a template's Cα within which a position speaks for the unit that the template lies in."""
MIDDLE_SHARE = 0.2
"""Of all positions, those nearest to their middle, among which a unit begins: one that is begun at
the end of a filament is cut by the box."""

LEAST_GAIN = 2.0
"""In log-odds, for which a stretch goes to another unit than that whose positions it lies among."""


@dataclasses.dataclass(frozen=True, eq=False)
class AsymmetricUnit:
    """The positions and chains that traces are made of.

    Attributes
    ----------
    calpha : CalphaSet
        Positions of one unit.
    target : Target
        Chains of one unit.
    symmetry : Symmetry
        Of what the map holds.
    chains : ndarray (c, 2)
        For each chain of the whole target: the unit's chain that it is an image of, and under which
        operation.
    """

    calpha: CalphaSet
    target: Target
    symmetry: Symmetry
    chains: NDArray[np.int64]

    @property
    def units(self) -> int:
        """Units in the map."""
        return len(self.symmetry)

    @property
    def built(self) -> int:
        """Units that the whole target is."""
        return int(self.chains[:, 1].max()) + 1

    @property
    def name(self) -> str:
        """Of the symmetry, see `symmetry_name`."""
        return symmetry_name(self.symmetry, self.calpha.positions.mean(axis=0))

    def images_of(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Places (m, L of the unit, 3) of the whole target's residues (L, 3) in all units.

        NaN where a chain has fewer copies than another one.
        """
        part, own = self.target.chain_slices, self.chains[:, 0]
        start = np.cumsum([0, *(part[c].stop - part[c].start for c in own)])
        most = int(np.bincount(own).max())
        places = np.full((most, len(self.target), 3), np.nan)
        copy = np.zeros(len(part), dtype=np.int64)
        for k, c in enumerate(own):
            places[copy[c], part[c]] = positions[start[k] : start[k + 1]]
            copy[c] += 1
        return np.concatenate([self.symmetry.images(one) for one in places])

    def beside(self, templates: Sequence[Template], features: FeatureMaps) -> AsymmetricUnit:
        """This unit as that one of its images in which most of a template lies, if one is built.

        Parameters
        ----------
        templates : sequence of Template
            Of the whole target; the first that lies in the map counts.
        features : FeatureMaps
            Of the map, which must hold the template's images too.
        """
        placed = [one.positions[one.placed] for one in templates if one.placed.any()]
        if not placed or self.units == 1 or self.built > 1:
            return self
        own, tree = self.calpha.positions, cKDTree(placed[0])
        images = self.symmetry.images(own)
        near = np.isfinite(tree.query(images, distance_upper_bound=BESIDE)[0]).sum(axis=1)
        best = int(near.argmax())  # the unit as it is, where another is no better
        calpha = dataclasses.replace(self.calpha, positions=images[best])
        symmetry = _within(features, self.symmetry.moved(best), placed[0])
        return dataclasses.replace(self, calpha=calpha, symmetry=symmetry)

    def whole(self, trace: Trace) -> Trace:
        """A trace of the unit as one of the whole target."""
        trace = _join_stretches(trace, self)
        images = self.symmetry.images(trace.positions)
        part = self.target.chain_slices
        return dataclasses.replace(
            trace,
            positions=np.concatenate([images[k, part[c]] for c, k in self.chains]),
            confidence=np.concatenate([trace.confidence[part[c]] for c, _ in self.chains]),
        )


def find_unit(
    calpha: CalphaSet,
    features: FeatureMaps,
    target: Target,
    symmetry: Symmetry | None = None,
    *,
    certain: bool = False,
) -> AsymmetricUnit:
    """The symmetry of what a map holds, and one unit of it; all of it where there is none.

    Parameters
    ----------
    calpha : CalphaSet
    features : FeatureMaps
        What the network saw.
    target : Target
        Chains of one unit, or of several.
    symmetry : Symmetry, optional
        Of the map; that of the positions without it. Of what it brings out of the map nothing is
        kept.
    certain : bool
        The symmetry is the map's, and not one within a chain. It counts for that where a unit has
        each of its sequences once; where copies do not make up the units of the map, as many
        positions as residues must tell that they do.

    Returns
    -------
    AsymmetricUnit
    """
    symmetry = find_symmetry(calpha) if symmetry is None else symmetry
    if len(symmetry) > 1 and len(calpha):
        chosen = _one_of_each_kind(calpha, features, symmetry, statistics())
        likely = chosen.probability >= min(LIKELY, chosen.probability.max())
        symmetry = _within(features, symmetry, chosen.positions[likely])
        copies = units_of(target, len(symmetry))
        letters = [sequence.letters for sequence in target.sequences]
        # The k-th copy of a sequence is of unit k modulo copies.
        rank = np.array([letters[:k].count(chain) for k, chain in enumerate(letters)])
        own = np.flatnonzero(rank % copies == 0)
        part = Target(tuple(target.sequences[k] for k in own))
        likely = np.sort(calpha.probability)[::-1][: len(target)].min(initial=LIKELY)
        once = len({one.letters for one in part.sequences}) == len(part.sequences)
        if (certain and once) or (chosen.probability >= likely).sum() >= LEAST_SHARE * len(part):
            place = {(letters[k], int(rank[k]) // copies): c for c, k in enumerate(own)}
            chain = [place[chain, int(r) // copies] for chain, r in zip(letters, rank)]
            nearest = _nearest_first(symmetry, chosen)
            return AsymmetricUnit(chosen, part, nearest, np.column_stack([chain, rank % copies]))
    count = len(target.sequences)
    alone = Symmetry(symmetry.rotation[:1], symmetry.shift[:1])
    chains = np.column_stack([np.arange(count), np.zeros(count, int)])
    return AsymmetricUnit(calpha, target, alone, chains)


def _within(
    features: FeatureMaps, symmetry: Symmetry, positions: NDArray[np.float64]
) -> Symmetry:
    """The operations that leave most of the positions (n, 3) of a unit in the map."""
    upper = features.origin + features.voxel_size * (np.array(features.shape[::-1]) - 1)
    images = symmetry.images(positions)
    inside = ((images >= features.origin) & (images <= upper)).all(axis=2).mean(axis=1)
    kept = inside >= LEAST_INSIDE
    kept[0] = True
    return Symmetry(symmetry.rotation[kept], symmetry.shift[kept])


def units_of(target: Target, units: int) -> int:
    """Units that the chains of a target make up, of the `units` that a map holds."""
    common = most_units(target)
    return max(k for k in range(1, units + 1) if common % k == 0)


def most_units(target: Target) -> int:
    """Units that the chains of a target make up at most."""
    letters = [sequence.letters for sequence in target.sequences]
    return math.gcd(*(letters.count(chain) for chain in set(letters)))


def _nearest_first(symmetry: Symmetry, calpha: CalphaSet) -> Symmetry:
    """The same operations, the identity first and those whose image of the unit is near next."""
    middle = calpha.positions.mean(axis=0)
    distance = np.linalg.norm(symmetry.images(middle[None])[:, 0] - middle, axis=1)
    distance[0] = -1.0
    order = np.argsort(distance, kind="stable")
    return Symmetry(symmetry.rotation[order], symmetry.shift[order])


def _one_of_each_kind(
    calpha: CalphaSet, features: FeatureMaps, symmetry: Symmetry, tables: Statistics
) -> CalphaSet:
    """Of positions that are images of each other one each, those that chains run through together.

    Positions are taken one by one along the likeliest link from those taken to a new kind; where no
    link leads on, the image that is nearest to them.
    """
    kind = _kinds(calpha, symmetry)
    graph = candidate_graph(calpha, features, tables.link)
    positions = calpha.positions.copy()
    onward: list[list[int]] = [[] for _ in range(len(calpha))]
    for edge, tail in enumerate(graph.source):
        onward[tail].append(edge)
    taken = np.zeros(len(calpha), bool)
    open_kinds = set(kind.tolist())
    links: list[tuple[float, int]] = []
    first = _beginning(calpha.positions, graph)
    queue: int | None = first
    while open_kinds:
        if queue is None:
            queue = _nearest(positions, taken, np.isin(kind, list(open_kinds)), symmetry)
        taken[queue] = True
        open_kinds.discard(int(kind[queue]))
        for edge in onward[queue]:
            heapq.heappush(links, (-float(graph.link[edge]), int(graph.target[edge])))
        queue = None
        while links and queue is None:
            _, head = heapq.heappop(links)
            if kind[head] in open_kinds:
                queue = head
    by_links = dataclasses.replace(calpha, positions=positions).select(np.flatnonzero(taken))
    near = _gathered(calpha, kind, symmetry, calpha.positions[first])
    scattered = _radius(by_links.positions) > SCATTERED * _radius(near.positions)
    return near if scattered else by_links


def _gathered(
    calpha: CalphaSet, kind: NDArray[np.int64], symmetry: Symmetry, seed: NDArray[np.float64]
) -> CalphaSet:
    """Of each kind the likeliest position, as that image which is nearest to the middle of all;
    first to a seed (3,)."""
    order = np.argsort(-calpha.probability, kind="stable")
    chosen = np.sort(order[np.unique(kind[order], return_index=True)[1]])
    images = symmetry.images(calpha.positions[chosen])
    middle = seed
    for _ in range(ROUNDS):
        nearest = np.linalg.norm(images - middle, axis=2).argmin(axis=0)
        near = images[nearest, np.arange(len(chosen))]
        middle = near.mean(axis=0)
    positions = calpha.positions.copy()
    positions[chosen] = near
    return dataclasses.replace(calpha, positions=positions).select(chosen)


def _radius(positions: NDArray[np.float64]) -> float:
    """Radius of gyration, Å."""
    return float(np.sqrt(positions.var(axis=0).sum()))


def _beginning(positions: NDArray[np.float64], graph: CandidateGraph) -> int:
    """The position about the middle from which the likeliest link leads."""
    away = np.linalg.norm(positions - positions.mean(axis=0), axis=1)
    if not len(graph.link):
        return int(away.argmin())
    near = away[graph.source] <= np.quantile(away, MIDDLE_SHARE)
    return int(graph.source[np.where(near, graph.link, -np.inf).argmax()])


def _nearest(
    positions: NDArray[np.float64],
    taken: NDArray[np.bool_],
    free: NDArray[np.bool_],
    symmetry: Symmetry,
) -> int:
    """The free position of which an image is nearest to those taken; it is moved there."""
    index = np.flatnonzero(free)
    images = symmetry.images(positions[index])
    distance, _ = cKDTree(positions[taken]).query(images)
    k, best = np.unravel_index(distance.argmin(), distance.shape)
    positions[index[best]] = images[k, best]
    return int(index[best])


def _kinds(calpha: CalphaSet, symmetry: Symmetry) -> NDArray[np.int64]:
    """Names (n,) that positions share with their images."""
    x = calpha.positions
    tree = cKDTree(x)
    rows, columns = [], []
    for image in symmetry.images(x)[1:]:
        distance, other = tree.query(image, distance_upper_bound=MATCHED)
        back = cKDTree(image).query(x)[1]
        on = np.flatnonzero(np.isfinite(distance))
        on = on[back[other[on]] == on]
        rows.append(on)
        columns.append(other[on])
    row, column = np.concatenate(rows), np.concatenate(columns)
    linked = coo_array((np.ones(len(row)), (row, column)), shape=(len(x), len(x)))
    return connected_components(linked, directed=False)[1]


def _join_stretches(trace: Trace, unit: AsymmetricUnit) -> Trace:
    """Stretches between gaps, each as that image which goes on best from its neighbour.

    Nothing but the distance tells to which unit a stretch belongs that no link leads to.
    """
    positions = trace.positions.copy()
    span = statistics().span
    for part in unit.target.chain_slices:
        x = positions[part]
        placed = np.flatnonzero(np.isfinite(x[:, 0]))
        if not len(placed):
            continue
        runs = np.split(placed, np.flatnonzero(np.diff(placed) > 1) + 1)
        start = max(range(len(runs)), key=lambda k: len(runs[k]))
        for step, order in ((1, range(start + 1, len(runs))), (-1, range(start - 1, -1, -1))):
            for k in order:
                images = unit.symmetry.images(x[runs[k]])
                here = runs[k - step][-1 if step > 0 else 0]
                there = 0 if step > 0 else -1
                apart = abs(int(runs[k][there]) - int(here))
                distance = np.linalg.norm(images[:, there] - x[here], axis=1)
                row = span[min(apart, len(span) - 1)]
                worth = row[np.minimum(distance, len(row) - 1).astype(np.int64)]
                # Beyond reach the nearer one is better still.
                worth = worth - np.maximum(distance - CALPHA_BOND * apart, 0.0)
                best = int(worth.argmax())
                if worth[best] > worth[0] + LEAST_GAIN:
                    x[runs[k]] = images[best]
    return dataclasses.replace(trace, positions=positions)
