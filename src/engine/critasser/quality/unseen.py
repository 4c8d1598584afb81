"""Finds residues that have no density: purification tags, disordered tails and loops.

Where a residue is seen, the network finds backbone at the place where traces, templates or the best
way through free density put it. A tag has no such place: what it is laid along is solvent, or
backbone that another residue explains already.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.spatial import cKDTree

from critasser.density import FeatureMaps, sample
from critasser.structure import Target
from critasser.structure.geometry import REACH

__all__ = ["Placed", "backbone_near", "find_unseen", "unseen_of_model"]

EXPLAINED = 3.0
"""Å around the Cα of a residue within which backbone is its own: its N, C and O lie within 2.4."""

AROUND = np.array(list(itertools.product((-1.0, 0.0, 1.0), repeat=3)))
"""Å; where around a Cα backbone is looked for, so that positions may be off by a voxel."""

LEAST_USUAL = 0.5
"""Probability of backbone at residues that have positions, as a median, from which on the lack of
it tells something. In 13 experimental maps of 2.6 to 7.9 Å it is 0.84 to 1.0."""

MEDIAN, OF_MODEL = 0.5, 0.75
"""Quantiles of the probability of backbone that are the usual one: of residues that have positions,
and of all residues of a model, most of which may have no density."""

SEEN = 0.5
"""Share of that median from which on a residue is seen. At deposited Cα of those maps one residue
in fifty has less than 0.75 (5 Å or better) or 0.25 (7.9 Å), and one voxel of solvent in a hundred
has 0.2 or more (0.4 at 7.9 Å)."""

WINDOW = 5
"""Residues over which the share is averaged."""

FEWEST_UNSEEN, FEWEST_SEEN = 5, 8
"""Residues of a stretch without density, and of a piece that is seen between two such stretches or
behind one; shorter ones are as their surroundings."""

FEWEST_IN_ALL = 20
"""Residues that must be seen: with fewer it is the map that tells nothing, not the sequence that is
too long."""

ISLAND = 10
"""Residues that are seen between others that are not: fewer count only as far as the trace is sure
of them, since bits of other molecules lie beside a chain."""

SURE = 0.7
"""Confidence of a trace's residues, as a median, from which on the lack of it tells something."""

BRIDGED = 0.8
"""Share of the reach of a stretch without density that its ends may be apart, so that it can still
be closed when they have moved."""

NOWHERE = 1e9
"""Å; farther than any map."""


@dataclass(frozen=True, eq=False)
class Placed:
    """A trace or template, and how its missing residues may lie in the map.

    Attributes
    ----------
    positions : ndarray (k, L, 3)
        Cα of all residues in Å, k times, with the missing ones grown differently.
    given : ndarray (k, L) bool
        Residues that stand where the trace or template has them; the others were grown.
    confidence : ndarray (L,)
        Of the trace's residues, 0 … 1; 0 where it has none. Of a template 1 where it has some.
    weight : float
        How far it is to be believed, compared with others.
    """

    positions: NDArray[np.float64]
    given: NDArray[np.bool_]
    confidence: NDArray[np.float64]
    weight: float

    def backbone(self, features: FeatureMaps) -> NDArray[np.float64]:
        """Probability of backbone (L,) at each residue, where it was grown the best that was found
        and not explained by others."""
        found = np.zeros(self.given.shape)
        for row, positions, given in zip(found, self.positions, self.given):
            row[given] = backbone_near(features, positions[given])
            row[~given] = backbone_near(features, positions[~given], positions[given])
        return found.max(axis=0)

    def share(self, target: Target, features: FeatureMaps, usual: float) -> NDArray[np.float64]:
        """How far each residue (L,) is seen: its part of the usual probability of backbone, and in
        islands of its usual confidence too."""
        share = np.minimum(self.backbone(features) / usual, 1.0)
        sure = float(np.median(self.confidence[self.given[0]])) if self.given[0].any() else 0.0
        if sure < SURE:
            return share
        for part in target.chain_slices:
            mine = share[part]
            for low, high in _runs(uniform_filter1d(mine, WINDOW, mode="nearest") >= SEEN):
                if high - low < min(ISLAND, len(mine)):
                    mine[low:high] *= np.minimum(self.confidence[part][low:high] / sure, 1.0)
        return share


def backbone_near(
    features: FeatureMaps,
    positions: NDArray[np.float64],
    taken: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """The largest probability of backbone (n,) within a voxel of positions (n, 3).

    Parameters
    ----------
    features : FeatureMaps
    positions : ndarray (n, 3)
        Å.
    taken : ndarray (m, 3), optional
        Cα of residues whose own backbone does not count.
    """
    points = (positions[:, None] + AROUND).reshape(-1, 3)
    backbone = np.clip(sample(features.backbone_grid, points), 0.0, 1.0)
    if taken is not None and len(taken):
        backbone[cKDTree(taken).query(points)[0] < EXPLAINED] = 0.0
    return backbone.reshape(-1, len(AROUND)).max(axis=1)


def find_unseen(
    target: Target, traces: Sequence[Placed], templates: Sequence[Placed], features: FeatureMaps
) -> NDArray[np.bool_]:
    """Residues (L,) that have no density, of chains that are to be built.

    Parameters
    ----------
    target : Target
    traces, templates : sequence of Placed
        Best first; of both together at least one. A residue is seen as far as traces on average
        say so, or any template.
    features : FeatureMaps
        What the network saw.

    Returns
    -------
    ndarray (L,) bool
        Nothing where the map tells too little to say so.
    """
    first = [*traces, *templates][0]
    usual = _usual(backbone_near(features, first.positions[first.given]))
    if usual is None:
        return np.zeros(len(target), bool)
    share = np.zeros(len(target))
    total = sum(trace.weight for trace in traces)
    for trace in traces:
        share += trace.weight / total * trace.share(target, features, usual)
    for template in templates:
        share = np.maximum(share, template.share(target, features, usual))
    unseen = _stretches(target, share)
    return _bridgeable(target, unseen, first.positions[0])


def unseen_of_model(
    target: Target, calpha: NDArray[np.float64], features: FeatureMaps
) -> NDArray[np.bool_]:
    """Residues (L,) of a model that have no density where the model has them.

    Parameters
    ----------
    target : Target
    calpha : ndarray (L, 3)
        Å; NaN where the model lacks a residue, which then is not seen.
    features : FeatureMaps
    """
    backbone = backbone_near(features, np.nan_to_num(calpha, nan=NOWHERE))
    usual = _usual(backbone, OF_MODEL)
    if usual is None:
        return np.zeros(len(target), bool)
    return _stretches(target, np.minimum(backbone / usual, 1.0))


def _usual(backbone: NDArray[np.float64], share: float = MEDIAN) -> float | None:
    """The quantile; None where it is so low that less of it tells nothing."""
    usual = float(np.quantile(backbone, share)) if len(backbone) else 0.0
    return usual if usual >= LEAST_USUAL else None


def _stretches(target: Target, share: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Stretches of residues with little of the usual backbone, neither these nor others short."""
    unseen = np.zeros(len(target), bool)
    for part in target.chain_slices:
        mine = uniform_filter1d(share[part], WINDOW, mode="nearest") < SEEN
        while True:
            short = [
                run
                for flags, fewest in ((mine, FEWEST_UNSEEN), (~mine, FEWEST_SEEN))
                for run in _runs(flags)
                if run[1] - run[0] < min(fewest, len(mine))
            ]
            if not short:
                break
            low, high = min(short, key=lambda run: run[1] - run[0])
            mine[low:high] = ~mine[low:high]
        unseen[part] = mine
    return unseen if np.sum(~unseen) >= FEWEST_IN_ALL else np.zeros(len(target), bool)


def _bridgeable(
    target: Target, unseen: NDArray[np.bool_], calpha: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Without stretches whose ends are nearly as far apart as they reach."""
    unseen = unseen.copy()
    for part in target.chain_slices:
        for low, high in _runs(unseen[part]):
            before, behind = part.start + low - 1, part.start + high
            if low == 0 or behind == part.stop:
                continue
            apart = np.linalg.norm(calpha[behind] - calpha[before])
            if apart > BRIDGED * REACH * (high - low + 1):
                unseen[before + 1 : behind] = False
    return unseen


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open ranges in which flags are set."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return [(int(low), int(high)) for low, high in edges.reshape(-1, 2)]
