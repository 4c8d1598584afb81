"""Lets the map contradict a placed template: what it gainsays is released and built anew."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label, uniform_filter1d
from scipy.spatial import cKDTree

from critasser.structure import CalphaSet, Target, Template
from critasser.templates.profile import log_odds

__all__ = ["released"]

ALONE = 3.0
"""Å from a template's residue to the nearest predicted Cα beyond which the map contradicts it. At
5 Å, 3 % of a structure's own residues are farther, and half of a relative's displaced ones."""

MOST_ALONE = 0.12
"""Share of a template's residues that may be alone; at more, the map does not tell."""

LONGEST_ALONE = 12
"""Residues of a stretch that is released for its positions: more can't be grown."""

MOST_SHIFT = 4
"""Residues by which the register of a stretch is tried to either side."""

WINDOW = 15
"""Residues along the chain over which side chains speak together: about two turns of a helix and
their surroundings."""

LEAST_GAIN, LEAST_Z = 12.0, 3.5
"""Nats by which the side chains of a window must suit another register better, and deviations of
such gains between registers that are wrong all along the chain: where a network is sure of wrong
amino acids, some window always seems to suit better by chance."""

GOES_ON = 0.5
"""Share of that gain down to which the stretch goes on from where it is reached."""

SPREAD_OF_MEDIAN = 1.4826
"""Standard deviation over the median distance from the median, of a normal distribution."""

MOST_ODDS = 3.0
"""Nats, either way, that one side chain may say."""


def released(
    template: Template, target: Target, calpha: CalphaSet
) -> tuple[Template, NDArray[np.bool_], NDArray[np.bool_]]:
    """A template without the stretches that the map contradicts.

    Parameters
    ----------
    template : Template
        Placed in the map.
    target : Target
    calpha : CalphaSet
        What the network found; trusted.

    Returns
    -------
    template : Template
        NaN where it was released.
    by_position, by_side_chains : ndarray (L,) of bool
        Residues released because the map shows no Cα near, in short stretches, and because the
        side chains around suit another register better. Long stretches without a Cα stay: what
        the network does not see at all is better taken from the template than invented. So do all
        where so many are alone that the Cα are too inaccurate, or too few, to contradict anything.
    """
    nothing = np.zeros(len(target), dtype=bool)
    placed = template.placed
    if len(calpha) == 0 or not placed.any():
        return template, nothing, nothing
    apart, partner = np.full(len(target), np.inf), np.zeros(len(target), dtype=np.int64)
    apart[placed], partner[placed] = cKDTree(calpha.positions).query(template.positions[placed])
    by_position = _alone(placed & (apart > ALONE), placed, target)
    near = placed & (apart <= ALONE)
    by_side_chains = _out_of_register(near, partner, target, calpha) & placed
    positions = template.positions.copy()
    positions[by_position | by_side_chains] = np.nan
    return dataclasses.replace(template, positions=positions), by_position, by_side_chains


def _alone(
    alone: NDArray[np.bool_], placed: NDArray[np.bool_], target: Target
) -> NDArray[np.bool_]:
    """Residues (L,) of short stretches without a Cα near."""
    found = np.zeros(len(target), dtype=bool)
    if alone.sum() > MOST_ALONE * placed.sum():
        return found
    for chain in target.chain_slices:
        edges = np.flatnonzero(np.diff(np.concatenate([[0], alone[chain].astype(np.int8), [0]])))
        for low, high in edges.reshape(-1, 2) + chain.start:
            if high - low <= LONGEST_ALONE:
                found[low:high] = True
    return found


def _out_of_register(
    near: NDArray[np.bool_], partner: NDArray[np.int64], target: Target, calpha: CalphaSet
) -> NDArray[np.bool_]:
    """Residues (L,) of stretches whose side chains suit another register better."""
    odds = np.clip(log_odds(calpha), -MOST_ODDS, MOST_ODDS)
    found = np.zeros(len(target), dtype=bool)
    for chain in target.chain_slices:
        at, codes = partner[chain], target.codes[chain]
        known = ~target.unknown[chain]
        length = len(codes)
        number = np.arange(length)

        def suits(
            shift: int, at=at, codes=codes, known=known, number=number, chain=chain
        ) -> NDArray:
            other = number + shift
            inside = near[chain] & (other >= 0) & (other < len(number))
            value = np.zeros(len(number))
            letters = other[inside]
            value[inside] = np.where(known[letters], odds[at[inside], codes[letters]], 0.0)
            return WINDOW * uniform_filter1d(value, WINDOW, mode="constant")

        others = np.array([suits(s) for s in range(-MOST_SHIFT, MOST_SHIFT + 1) if s])
        spread = SPREAD_OF_MEDIAN * float(np.median(np.abs(others - np.median(others))))
        gain = others.max(axis=0) - suits(0)
        least = max(LEAST_GAIN, LEAST_Z * np.sqrt(2.0) * spread)
        stretch, _ = label(gain > GOES_ON * least)
        reached = np.unique(stretch[gain > least])
        found[chain] = np.isin(stretch, reached[reached > 0])
    return found
