"""Combine secondary structure by the networks with that by the geometry of the linked chain.

The networks recognise helices and strands in density, and are unsure of where they end. Where
positions and the links between them are good, the Cα geometry along the chain tells that.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from critasser.network.residue.fitted import StructureWeights, shipped_constants
from critasser.structure import CalphaSet, CalphaTriples, assign_secondary_structure

__all__ = ["combined_log_odds", "follow_chains", "structure_from_links", "with_chain_geometry"]

LEAST_ODDS, MOST_ODDS = -3.0, 5.0
"""Bounds on the log-odds of a triple; a triple that was not read has the least."""

AROUND = 4
"""Links to either side of a position over which log-odds are averaged."""

UNASSIGNED_ENDS = 2
"""Residues at either end of a chain to which geometry assigns nothing."""

LEAST_PROBABILITY = 0.02
"""Added to the networks' probabilities, which may be 0."""

UNASSIGNED = -1


def follow_chains(
    triples: CalphaTriples, count: int
) -> tuple[list[NDArray[np.int64]], list[NDArray[np.float64]]]:
    """Link positions into chains, the likeliest link first.

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
    link, link_of = np.unique(
        np.concatenate([first * count + middle, middle * count + last]), return_inverse=True
    )
    odds = np.clip(triples.log_odds, LEAST_ODDS, MOST_ODDS)
    # By the triple in which the link comes last, and by the one in which it comes first.
    by_triple = np.full((2, len(link)), LEAST_ODDS)
    np.maximum.at(by_triple[0], link_of[: len(odds)], odds)
    np.maximum.at(by_triple[1], link_of[len(odds) :], odds)
    link_odds = by_triple.sum(axis=0)
    order = np.argsort(-link_odds, kind="stable")
    order = order[link_odds[order] > 0]
    following, leading = np.full(count, -1), np.full(count, -1)
    odds_after = np.zeros(count)
    other_end = np.arange(count)  # Of the chain that begins or ends at a position.
    for first, second, value in zip(*np.divmod(link[order], count), link_odds[order]):
        if following[first] < 0 and leading[second] < 0 and other_end[first] != second:
            following[first], leading[second], odds_after[first] = second, first, value
            begin, end = other_end[first], other_end[second]
            other_end[begin], other_end[end] = end, begin
    chains = []
    for begin in np.flatnonzero(leading < 0):
        chain = [begin]
        while following[chain[-1]] >= 0:
            chain.append(following[chain[-1]])
        chains.append(np.array(chain))
    return chains, [odds_after[chain[:-1]] for chain in chains]


def structure_from_links(calpha: CalphaSet) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Assign secondary structure by the geometry of linked positions alone.

    Parameters
    ----------
    calpha : CalphaSet
        n positions, with triples.

    Returns
    -------
    ndarray (n,)
        0 helix, 1 strand, 2 coil; −1 where geometry assigns nothing.
    ndarray (n,)
        Mean log-odds of the links around each position, see `follow_chains`; 0 without links.
    """
    assigned, link_odds = np.full(len(calpha), UNASSIGNED), np.zeros(len(calpha))
    if calpha.triples is None or not len(calpha):
        return assigned, link_odds
    chains, odds = follow_chains(calpha.triples, len(calpha))
    gap = np.full((1, 3), np.nan)
    line = [part for chain in chains for part in (calpha.positions[chain], gap)]
    along_line = assign_secondary_structure(np.concatenate(line))
    begin = 0
    for chain, links in zip(chains, odds):
        inner = slice(UNASSIGNED_ENDS, max(len(chain) - UNASSIGNED_ENDS, UNASSIGNED_ENDS))
        assigned[chain[inner]] = along_line[begin : begin + len(chain)][inner]
        begin += len(chain) + 1
        if len(links):
            total = np.append(0.0, np.cumsum(links))
            at = np.arange(len(chain))
            low, high = np.maximum(at - AROUND, 0), np.minimum(at + AROUND, len(links))
            link_odds[chain] = (total[high] - total[low]) / (high - low)
    return assigned, link_odds


def combined_log_odds(
    by_networks: NDArray[np.float64],
    assigned: NDArray[np.int64],
    link_odds: NDArray[np.float64],
    weights: StructureWeights,
) -> NDArray[np.float64]:
    """Logarithms, up to a constant, of helix, strand and coil by networks and geometry together.

    Parameters
    ----------
    by_networks : ndarray (n, 3)
        Probabilities of helix, strand, coil.
    assigned, link_odds : ndarray (n,)
        From `structure_from_links`.
    weights : StructureWeights

    Returns
    -------
    ndarray (n, 3)
    """
    support = np.logaddexp(0.0, weights.constant + weights.links * link_odds)
    support = np.where(assigned == UNASSIGNED, 0.0, support)
    by_geometry = support[:, None] * (assigned[:, None] == np.arange(3))
    return weights.networks * np.log(by_networks + LEAST_PROBABILITY) + by_geometry


def with_chain_geometry(
    calpha: CalphaSet, weights: StructureWeights | None = None
) -> CalphaSet:
    """Positions whose secondary structure is that of networks and geometry together.

    `weights` are those that ship with Critasser unless given.
    """
    weights = weights or shipped_constants().secondary_structure
    odds = combined_log_odds(calpha.secondary_structure, *structure_from_links(calpha), weights)
    return dataclasses.replace(calpha, secondary_structure=softmax(odds, axis=1))
