"""Secondary structure as the course of the chain tells it, where that is known.

Networks see a helix or a strand as it looks in density, and are unsure of where it ends. Where
positions and their links are good, the geometry along the chain settles that.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import softmax

from critasser.structure import CalphaSet, CalphaTriples, assign_secondary_structure

__all__ = ["follow_chains", "join_course", "read_course", "told_by_course"]

LEAST_ODDS, MOST_ODDS = -3.0, 5.0
"""Bounds on a way's log-odds; one that was not read has the least."""

AROUND = 4
"""Links to either side that tell how well the course is known."""

UNSEEN_ENDS = 2
"""Residues at either end of a chain of which geometry tells nothing."""

SEEN = 0.9
"""Weight of the logarithms of what the networks say."""

KNOWN = (-7.6, 1.0)
"""What geometry counts is the softplus of: a constant, and the weight of the mean odds of links.
Multinomial regression, like `SEEN`, by ``python -m benchmark.course`` on maps of validation
chains."""


def follow_chains(
    triples: CalphaTriples, count: int
) -> tuple[list[NDArray[np.int64]], list[NDArray[np.float64]]]:
    """Chains of positions, each link the likeliest that is left.

    Parameters
    ----------
    triples : CalphaTriples
    count : int
        Positions.

    Returns
    -------
    list of ndarray (n,)
        Indices along each chain; every position is in exactly one.
    list of ndarray (n - 1,)
        Of each link the log-odds by the residue before it and by the one after it, added.
    """
    first, middle, last = triples.triple.T
    link, of_way = np.unique(
        np.concatenate([first * count + middle, middle * count + last]), return_inverse=True
    )
    odds = np.clip(triples.log_odds, LEAST_ODDS, MOST_ODDS)
    told = np.full((2, len(link)), LEAST_ODDS)
    np.maximum.at(told[0], of_way[: len(odds)], odds)
    np.maximum.at(told[1], of_way[len(odds) :], odds)
    likely = told.sum(axis=0)
    order = np.argsort(-likely, kind="stable")
    order = order[likely[order] > 0]
    following, leading = np.full(count, -1), np.full(count, -1)
    worth = np.zeros(count)
    other_end = np.arange(count)  # of a chain, where it begins and where it ends
    for a, b, one in zip(*np.divmod(link[order], count), likely[order]):
        if following[a] < 0 and leading[b] < 0 and other_end[a] != b:
            following[a], leading[b], worth[a] = b, a, one
            begin, end = other_end[a], other_end[b]
            other_end[begin], other_end[end] = end, begin
    chains = []
    for begin in np.flatnonzero(leading < 0):
        chain = [begin]
        while following[chain[-1]] >= 0:
            chain.append(following[chain[-1]])
        chains.append(np.array(chain))
    return chains, [worth[chain[:-1]] for chain in chains]


def told_by_course(calpha: CalphaSet) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Secondary structure by geometry alone, and how well the course is known.

    Parameters
    ----------
    calpha : CalphaSet
        n positions, with triples.

    Returns
    -------
    ndarray (n,)
        Helix, strand, coil; −1 where geometry tells nothing.
    ndarray (n,)
        Mean log-odds of the links around each position, see `follow_chains`; 0 without links.
    """
    kind, known = np.full(len(calpha), -1), np.zeros(len(calpha))
    if calpha.triples is None or not len(calpha):
        return kind, known
    chains, odds = follow_chains(calpha.triples, len(calpha))
    pause = np.full((1, 3), np.nan)
    line = [part for chain in chains for part in (calpha.positions[chain], pause)]
    assigned = assign_secondary_structure(np.concatenate(line))
    begin = 0
    for chain, links in zip(chains, odds):
        inner = slice(UNSEEN_ENDS, max(len(chain) - UNSEEN_ENDS, UNSEEN_ENDS))
        kind[chain[inner]] = assigned[begin : begin + len(chain)][inner]
        begin += len(chain) + 1
        if len(links):
            total = np.append(0.0, np.cumsum(links))
            at = np.arange(len(chain))
            low, high = np.maximum(at - AROUND, 0), np.minimum(at + AROUND, len(links))
            known[chain] = (total[high] - total[low]) / (high - low)
    return kind, known


def join_course(
    seen: NDArray[np.float64],
    kind: NDArray[np.int64],
    known: NDArray[np.float64],
    weight: float = SEEN,
    worth: ArrayLike = KNOWN,
) -> NDArray[np.float64]:
    """Logarithms (n, 3), up to a constant, of what networks and geometry say together.

    Parameters
    ----------
    seen : ndarray (n, 3)
        Probabilities of helix, strand, coil by the networks.
    kind, known : ndarray (n,)
        As `told_by_course` returns them.
    weight, worth
        `SEEN` and `KNOWN`.
    """
    constant, slope = worth
    belief = np.where(kind < 0, 0.0, np.logaddexp(0.0, constant + slope * known))
    return weight * np.log(seen + 0.02) + belief[:, None] * (kind[:, None] == np.arange(3))


def read_course(calpha: CalphaSet) -> CalphaSet:
    """Positions whose secondary structure is what networks and geometry say together."""
    odds = join_course(calpha.secondary_structure, *told_by_course(calpha))
    return dataclasses.replace(calpha, secondary_structure=softmax(odds, axis=1))
