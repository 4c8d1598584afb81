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
"""Residues along the chain over which side chains, or density, speak together: about two turns of a
helix and their surroundings."""

LEAST_GAIN, LEAST_Z = 12.0, 3.5
"""Nats by which the side chains of a window must suit another register better, and deviations of
such gains between registers that are wrong all along the chain: where a network is sure of wrong
amino acids, some window always seems to suit better by chance."""

GOES_ON = 0.5
"""Share of that gain down to which the stretch goes on from where it is reached."""

LEAST_VALUE = -0.5
"""Deviations of the density's field, mean over a window, below which a stretch does not lie where
it should: 40 residues in a row of structures in their own places have 0.1 or more. Chosen among
round values on seven maps of 3.6 to 9.8 Å in which four templates are partly wrong: of 192 residues
that were released 143 were more than 4 Å off."""

LIES = 0.25
"""Deviations of the field from which a residue lies in the density: half way between the mean
within a molecule, which is 0, and that of residues in their own places, about 0.5."""

LEFT_OVER, NEARBY, LIKELY = 0.5, 15.0, 0.25
"""Positions for each residue that is released which must be left over nearby (Å, probability):
where the map has no other place to offer, what it does not show is taken from the template."""

ENDS_STAY, LONGEST_END = 8.0, 20
"""Å of resolution from which the density does not release the ends of chains, and residues of which
an end has at most: it is held on one side only, so that in poor maps what grows anew in its place
is invented. In 10 maps of validation chains of 7.9 to 11.8 Å, laid as they are or bent, one chain
lost an end so, of 10 residues: 0.89 accurate in the template, 0.06 as it was built."""

SPREAD_OF_MEDIAN = 1.4826
"""Standard deviation over the median distance from the median, of a normal distribution."""

MOST_ODDS = 3.0
"""Nats, either way, that one side chain may say."""


def released(
    template: Template,
    target: Target,
    calpha: CalphaSet,
    values: NDArray[np.float64] | None = None,
    *,
    trusted: bool = True,
    resolution: float | None = None,
) -> tuple[Template, NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """A template without the stretches that the map contradicts.

    Parameters
    ----------
    template : Template
        Placed in the map.
    target : Target
    calpha : CalphaSet
        What the network found.
    values : ndarray (L,), optional
        What each residue gains by the density where it stands, in deviations of the field; NaN
        where it has no place.
    trusted : bool
        Whether positions and side chains may contradict; the density may in any case.
    resolution : float, optional
        Of the map, Å: from `ENDS_STAY` on the density does not contradict ends of chains.

    Returns
    -------
    template : Template
        NaN where it was released.
    by_position, by_side_chains, by_density : ndarray (L,) of bool
        Residues released because the map shows no Cα near, in short stretches; because the side
        chains around suit another register better; and because long stretches do not lie in the
        density while positions nearby are left over. Long stretches stay where none are: what the
        map does not show at all is better taken from the template than invented. No position
        counts where so many are alone that the Cα are too inaccurate, or too few, to contradict
        anything.
    """
    nothing = np.zeros(len(target), dtype=bool)
    placed = template.placed
    if len(calpha) == 0 or not placed.any():
        return template, nothing, nothing, nothing
    if not trusted:
        by_density = _astray(values, template, target, calpha, resolution)
        return _without(template, nothing, nothing, by_density)
    apart, partner = np.full(len(target), np.inf), np.zeros(len(target), dtype=np.int64)
    apart[placed], partner[placed] = cKDTree(calpha.positions).query(template.positions[placed])
    by_position = _alone(placed & (apart > ALONE), placed, target)
    near = placed & (apart <= ALONE)
    by_side_chains = _out_of_register(near, partner, target, calpha) & placed
    by_density = _astray(values, template, target, calpha, resolution)
    return _without(template, by_position, by_side_chains, by_density)


def _without(
    template: Template, *contradicted: NDArray[np.bool_]
) -> tuple[Template, NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """A template without residues that anything contradicts, and which those are."""
    positions = template.positions.copy()
    positions[np.any(contradicted, axis=0)] = np.nan
    return dataclasses.replace(template, positions=positions), *contradicted


def _astray(
    values: NDArray[np.float64] | None,
    template: Template,
    target: Target,
    calpha: CalphaSet,
    resolution: float | None,
) -> NDArray[np.bool_]:
    """Residues (L,) of stretches off the density, if positions are left over for them."""
    if values is None:
        return np.zeros(len(target), dtype=bool)
    astray, placed = np.zeros(len(target), dtype=bool), template.placed
    for chain in target.chain_slices:
        here = placed[chain]
        known = uniform_filter1d(here.astype(float), WINDOW, mode="constant")
        total = uniform_filter1d(np.where(here, values[chain], 0.0), WINDOW, mode="constant")
        astray[chain] = _sharpened(here & (total < LEAST_VALUE * known), values[chain])
        rows = chain.start + np.flatnonzero(here)
        if resolution is not None and resolution >= ENDS_STAY and not astray[rows].all():
            within = np.flatnonzero(~astray[rows])
            for end in (rows[: within[0]], rows[within[-1] + 1 :]):
                astray[end] = len(end) > LONGEST_END
    stays = placed & ~astray
    if not stays.any():
        return np.zeros(len(target), dtype=bool)
    likely = calpha.positions[calpha.probability >= LIKELY]
    taken = cKDTree(template.positions[placed]).query(likely)[0] <= ALONE
    nearby = cKDTree(template.positions[stays]).query(likely)[0] <= NEARBY
    if np.sum(nearby & ~taken) < LEFT_OVER * astray.sum():
        return np.zeros(len(target), dtype=bool)
    return astray


def _sharpened(astray: NDArray[np.bool_], values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Stretches (n,) without what at their edges lies in the density.

    A window blurs edges: beside a loop that is off the density residues that lie in it would go
    too. At either edge so many stay as gain most together, above `LIES` each.
    """
    sharp = astray.copy()
    edges = np.flatnonzero(np.diff(np.concatenate([[0], astray.astype(np.int8), [0]])))
    for low, high in edges.reshape(-1, 2):
        gain = np.cumsum(np.concatenate([[0.0], np.nan_to_num(values[low:high]) - LIES]))
        back = gain[-1] - gain
        first, last = low + int(gain.argmax()), low + int(back.argmax())
        if low > 0:
            sharp[low:first] = False
        if high < len(astray):
            sharp[last:high] = False
    return sharp


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
