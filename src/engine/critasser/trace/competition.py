"""Look in a map for sequences and their copies, beside those that it tells already.

Each sequence is compared with shuffled copies of itself alone, on all positions: where more
residues compete than there are positions, as they do when a sequence does not belong, the sums over
the walks of all sequences together tell none of them. A sequence that does not belong finds the
best of what is others' then. So those that are not told by themselves, and those that lie where one
told better does, are looked at again with the others' places as good as taken.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.density import FeatureMaps
from critasser.structure import CalphaSet, Sequence, Target
from critasser.trace.comparison import Witness, compared
from critasser.trace.graph import CandidateGraph, candidate_graph
from critasser.trace.significance import (
    SHUFFLED_SEQUENCES,
    SIGNIFICANT,
    Significance,
    with_common_deviation,
)
from critasser.trace.statistics import statistics

__all__ = ["BESIDE", "Look", "Searched", "look_for_all"]

BESIDE = 2.5
"""Å from a placed residue within which a position is another reading of the same place."""

LEAST_ROOM = 0.5
"""Positions over residues that a copy needs."""

CLEAR = 6.0
"""z-score of a sequence from which it is looked whether there is one more copy than asked for."""

FREE_SHARE = 0.6
"""Of the residues of a sequence that is told, if less well, the likely positions that must be left
beside all chains asked for, for the same to be looked at. In ten maps without further chains none
are left."""

ONE_MORE = 0.1
"""Work of looking for one copy more than is asked for, to that for each of the others; mostly a
look is enough."""

HOPELESS = 0.0
"""z-score of what is left of the map, beside shuffled sequences on all of it, below which a further
copy is not compared with shuffled sequences of its own: these find up to two less there."""

FIRST_LOOKS = 0.7
"""Share of the work that looks at sequences by themselves are."""

SURELY_TAKEN = 0.8
"""Probability that a residue of another sequence is at a position from which that is nobody else's:
at a price a relative would still go there, as nothing else suits it as well."""

MOST_SHARED = 0.3
"""Share of the residues of a sequence that is told, at positions that others told better use, from
which it is looked at again: by chance, or as their relative, it may be told by what is theirs."""


@dataclass(frozen=True, eq=False)
class Look:
    """What a map says of a sequence and its copies.

    Attributes
    ----------
    copies : tuple of Significance
        By likelihood, of each copy that is asked for and of one more, on the positions that those
        before it leave; fewer where there is no room for more, or what is left does not suit it.
    log_odds : tuple of Significance
        Of the same, by the residues' log-odds where walks put them.
    uses : tuple of ndarray (n,)
        How many residues of each of these walks put at each of all positions.
    """

    copies: tuple[Significance, ...]
    log_odds: tuple[Significance, ...]
    uses: tuple[NDArray[np.float64], ...]

    @property
    def told(self) -> bool:
        """The map tells the sequence."""
        return self.copies[0].significant

    def use(self, asked: int) -> NDArray[np.float64]:
        """By all copies (n,) that are asked for and that the map tells."""
        told = [use for one, use in zip(self.copies[:asked], self.uses) if one.significant]
        return np.sum(told, axis=0) if told else np.zeros_like(self.uses[0])


@dataclass(frozen=True, eq=False)
class Searched:
    """Where sequences are looked for.

    Attributes
    ----------
    calpha : CalphaSet
    features : FeatureMaps
    graph : CandidateGraph
        Of all positions.
    spare : int
        Likely positions beyond the residues of all chains that are asked for.
    rng : numpy.random.Generator
    """

    calpha: CalphaSet
    features: FeatureMaps
    graph: CandidateGraph
    spare: int
    rng: np.random.Generator

    def look_for(
        self,
        sequence: Sequence,
        asked: int,
        step: Callable[[float], None],
        free: NDArray[np.float64] | None = None,
    ) -> Look:
        """A sequence on all positions, and its further copies on what is left.

        free : log-odds of all positions because of what is known to stand there.
        """
        alone, size = Target((sequence,)), len(sequence)
        left = np.arange(len(self.calpha)) if free is None else np.flatnonzero(np.isfinite(free))
        if free is not None and len(left) < LEAST_ROOM * size:
            nothing = Significance(0.0, np.zeros(SHUFFLED_SEQUENCES), size)
            return Look((nothing,), (nothing,), (np.zeros(len(self.calpha)),))
        log_odds: list[Significance] = []
        copies: list[Significance] = []
        uses: list[NDArray[np.float64]] = []
        most = asked
        while len(copies) < most and len(left) >= LEAST_ROOM * size * bool(copies):

            def tick(fraction: float, done: int = len(copies)) -> None:
                further = ONE_MORE * (fraction if done == asked else 0.0)
                step((min(done + fraction, asked) + further) / (asked + ONE_MORE))

            witness = self._witness(left, size, free)
            if len(copies) == asked:
                own = witness.judge(alone).log_odds
                if (own - log_odds[0].shuffled.mean()) / log_odds[0].deviation < HOPELESS:
                    break
            found = compared(witness, alone, rng=self.rng, tick=tick)
            log_odds.append(found.log_odds)
            copies.append(found.likelihood)
            uses.append(np.zeros(len(self.calpha)))
            uses[-1][left] = found.walks.marginal.sum(axis=0)
            roomy = self.spare >= FREE_SHARE * size
            if len(copies) == asked and copies[0].z_score >= (SIGNIFICANT if roomy else CLEAR):
                most = asked + 1
            walk = found.walks.draw(self.rng)
            left = self._rest(left, left[walk[walk >= 0]])
        return Look(tuple(copies), tuple(log_odds), tuple(uses))

    def _witness(
        self, left: NDArray[np.int64], size: int, free: NDArray[np.float64] | None
    ) -> Witness:
        """Of the positions that are left; the fewer, the less shuffled sequences find too."""
        if len(left) == len(self.calpha):
            return Witness.of(self.calpha, self.graph, size, free)
        calpha = self.calpha.select(left)
        graph = candidate_graph(calpha, self.features, statistics().link)
        return Witness.of(calpha, graph, size, None if free is None else free[left])

    def _rest(self, left: NDArray[np.int64], taken: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions that are not at, or beside, the places of residues."""
        if not len(taken):
            return left
        positions = self.calpha.positions
        return left[cKDTree(positions[taken]).query(positions[left])[0] > BESIDE]

    def free(self, use: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log-odds (n,) that positions are free, by how many residues use each; minus infinity for
        those that are surely taken."""
        taken = use.copy()
        pairs = cKDTree(self.calpha.positions).query_pairs(BESIDE, output_type="ndarray")
        for a, b in (pairs.T, pairs.T[::-1]):
            np.maximum.at(taken, a, use[b])
        return np.where(
            taken < SURELY_TAKEN, np.log1p(-np.minimum(taken, SURELY_TAKEN)), -np.inf
        )


def look_for_all(
    searched: Searched,
    sequences: SequenceOf[Sequence],
    asked: SequenceOf[int],
    tick: Callable[[float], None] | None = None,
) -> list[Look]:
    """Look for sequences, each by itself, and again beside those that are told where that matters.

    Parameters
    ----------
    searched : Searched
    sequences : sequence of Sequence
        Each once.
    asked : sequence of int
        Copies of each.
    tick : callable, optional
        Told the fraction done.

    Returns
    -------
    list of Look
        In the order of the sequences; their z-scores go by the deviation that all looks of one kind
        tell.
    """
    sizes = np.array([len(one) for one in sequences], dtype=float)
    every = list(range(len(sequences)))
    steps = _Steps(sizes.sum(), 0.0, FIRST_LOOKS, tick)
    looks = [searched.look_for(sequences[k], asked[k], steps.of(sizes[k])) for k in every]
    looks = _with_common_deviation(looks)
    use, again = np.zeros(len(searched.calpha)), []
    for k in sorted(every, key=lambda k: -looks[k].copies[0].gain * sizes[k]):
        own = looks[k].use(asked[k])
        if not looks[k].told or _shares(own, use):
            again.append(k)
        else:
            use += own
    if use.any() and again:
        free = searched.free(use)
        steps = _Steps(sizes[again].sum(), FIRST_LOOKS, 1.0, tick)
        second = [
            searched.look_for(sequences[k], asked[k], steps.of(sizes[k]), free) for k in again
        ]
        for k, look in zip(again, _with_common_deviation(second)):
            looks[k] = look
    return _without_others_copies(looks, asked)


def _shares(use: NDArray[np.float64], others: NDArray[np.float64]) -> bool:
    """Whether what uses positions (n,) lies where others do."""
    return bool(np.minimum(use, others).sum() > MOST_SHARED * use.sum())


def _without_others_copies(looks: SequenceOf[Look], asked: SequenceOf[int]) -> list[Look]:
    """The same without copies beyond those asked for that lie where another sequence does."""
    used = [look.use(count) for look, count in zip(looks, asked)]
    total = np.sum(used, axis=0)
    return [
        replace(look, copies=look.copies[:count])
        if len(look.copies) > count and _shares(look.uses[count], total - own)
        else look
        for look, own, count in zip(looks, used, asked)
    ]


class _Steps:
    """Tells the fraction done of pieces of work that follow each other from `first` to `last`."""

    def __init__(
        self, total: float, first: float, last: float, tick: Callable[[float], None] | None
    ) -> None:
        self.tick, self.begun = tick, first
        self.share = (last - first) / float(total)

    def of(self, size: float) -> Callable[[float], None]:
        """What is told the fraction of the next piece."""
        begun, whole = self.begun, self.share * size
        self.begun += whole

        def step(fraction: float) -> None:
            if self.tick is not None:
                self.tick(begun + fraction * whole)

        return step


def _with_common_deviation(looks: SequenceOf[Look]) -> list[Look]:
    """The same, with the deviation of shuffled sequences that all first copies tell."""
    # Where there was no room nothing was compared, and there is no deviation.
    compared = [k for k, look in enumerate(looks) if np.ptp(look.copies[0].shuffled) > 0]
    known = list(looks)
    for k, one in zip(compared, with_common_deviation([looks[k].copies[0] for k in compared])):
        copies = tuple(replace(copy, common=one.common) for copy in looks[k].copies)
        known[k] = replace(looks[k], copies=copies)
    return known
