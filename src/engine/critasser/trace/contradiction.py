"""Tell which stretches of a template the map has elsewhere.

A stretch of a structure that lies in the map may be some residues too far along the chain, on
places of other residues: the density, and Cα positions by themselves, do not tell. Walks of the
sequence through all positions do, where the template leads them only a little: so that whole
stretches can be outvoted by side chains, secondary structure and the links of the chain together.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.density import FeatureMaps
from critasser.structure import CalphaSet, Target
from critasser.trace.alignment import GapScores, align
from critasser.trace.emissions import emissions
from critasser.trace.graph import candidate_graph
from critasser.trace.prior import KnownPlaces, prior_of_places
from critasser.trace.statistics import statistics

__all__ = ["found_elsewhere"]

LED = 0.1
"""Share of what a template says for each residue by itself that leads walks here. Residues of a
stretch are right or wrong together: some ten of them say what each one seems to. Chosen among
0.05, 0.1 and 0.2, as all limits here, on validation chains of `benchmark.registers`."""

APART, AROUND = 3.0, 15.0
"""Å from where a template has a residue within which it is there, and from a template within which
it may be elsewhere."""

SURE = 0.5
"""Probability from which a residue is at one position, or about where the template has it."""

LONGEST_GAP, FEWEST = 3, 4
"""Residues between those that are elsewhere that do not end a stretch, and residues elsewhere
without which it is none."""

BESIDE = 8
"""Residues to either side of a stretch, at most, that may go with it, since the map does not have
them where the template does."""

LEAST_LEFT = 20
"""Residues that a chain of a template must keep: fewer do not tell where it is."""

COST, LEAST_GAIN = 0.25, 10.0
"""Nats by which a residue must suit its places in the map better than that in the template, and by
which a stretch must beyond that."""


def found_elsewhere(
    positions: NDArray[np.float64], calpha: CalphaSet, features: FeatureMaps, target: Target
) -> NDArray[np.bool_]:
    """Residues of a template, stretch by stretch, that suit the map better elsewhere.

    Parameters
    ----------
    positions : ndarray (L, 3)
        Cα of the template in the map, Å; NaN where it has none.
    calpha : CalphaSet
        What the network found, with amino acids.
    features : FeatureMaps
        What it saw.
    target : Target
        L residues.

    Returns
    -------
    ndarray (L,) of bool
        None of a chain of which fewer than `LEAST_LEFT` would be left.
    """
    found = np.zeros(len(target), dtype=bool)
    placed = np.isfinite(positions).all(axis=1)
    for chain, sequence in zip(target.chain_slices, target.sequences):
        if not placed[chain].any():
            continue
        near = _around(chain, positions, placed, calpha)
        if len(near):
            found[chain] = _of_chain(positions[chain], near, features, Target((sequence,)))
    return found


def _around(
    chain: slice, positions: NDArray[np.float64], placed: NDArray[np.bool_], calpha: CalphaSet
) -> CalphaSet:
    """Positions around a chain of a template but for those that are nearer to its other chains."""
    own = np.zeros_like(placed)
    own[chain] = placed[chain]
    away, _ = cKDTree(positions[own]).query(calpha.positions)
    others = placed & ~own
    by_others = np.full(len(calpha), np.inf)
    if others.any():
        by_others, _ = cKDTree(positions[others]).query(calpha.positions)
    return calpha.select((away <= AROUND) & (away <= np.maximum(by_others, APART)))


def _of_chain(
    positions: NDArray[np.float64], calpha: CalphaSet, features: FeatureMaps, target: Target
) -> NDArray[np.bool_]:
    """`found_elsewhere` of one chain (L, 3) among the positions around it."""
    tables, gaps = statistics(), GapScores()
    odds = emissions(calpha, target, tables)
    known = prior_of_places([KnownPlaces(positions[None], 1.0)], calpha.positions, target)
    graph = candidate_graph(calpha, features, tables.link)
    likely = align(odds + np.float32(LED) * known.log_odds, graph, target.bonded, gaps).marginal
    placed = np.isfinite(positions).all(axis=1)
    away = np.linalg.norm(positions[:, None] - calpha.positions, axis=2)
    here = placed[:, None] & (away <= APART)
    elsewhere = placed & (np.where(here, 0.0, likely).max(axis=1) > SURE)
    stays = ~placed | (np.where(here, likely, 0.0).sum(axis=1) > SURE)
    # What each residue has where walks put it, and at the position that the template has it at.
    by_map = (likely * odds).sum(axis=1) + gaps.missing * (1.0 - likely.sum(axis=1))
    partner = np.where(here, away, np.inf).argmin(axis=1)
    at_partner = odds[np.arange(len(odds)), partner]
    gain = by_map - np.where(here.any(axis=1), at_partner, gaps.missing) - COST
    found = np.zeros(len(placed), dtype=bool)
    for low, high in _stretches(elsewhere, stays):
        first, last = _best_part(gain[low:high])
        if gain[low + first : low + last].sum() >= LEAST_GAIN:
            found[low + first : low + last] = True
    found &= placed
    return found if np.sum(placed & ~found) >= LEAST_LEFT else np.zeros_like(found)


def _stretches(
    elsewhere: NDArray[np.bool_], stays: NDArray[np.bool_]
) -> Iterator[tuple[int, int]]:
    """First and last but one residue of stretches that are elsewhere, with undecided ones beside
    them."""
    number = np.flatnonzero(elsewhere)
    for one in np.split(number, np.flatnonzero(np.diff(number) > LONGEST_GAP + 1) + 1):
        if len(one) < FEWEST:
            continue
        before, after = one[0] - 1, one[-1] + 1
        while before >= max(one[0] - BESIDE, 0) and not stays[before]:
            before -= 1
        while after <= min(one[-1] + BESIDE, len(stays) - 1) and not stays[after]:
            after += 1
        yield int(before + 1), int(after)


def _best_part(gain: NDArray[np.float64]) -> tuple[int, int]:
    """First and last but one of the residues in a row that gain most together."""
    until = np.concatenate([[0.0], np.cumsum(gain)])
    least = np.minimum.accumulate(until)
    last = int(np.argmax(until - least))
    return int(np.argmin(until[: last + 1])), last
