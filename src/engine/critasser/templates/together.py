"""Choose the places of all templates together: no two in one, and as much explained as can be.

Taken one after the other, a chain that fits a relative's place a little better than its own takes
that, and the relative goes without: heavy and light chains of an antibody do so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.templates.alignment import Alignment

__all__ = ["Placing", "chosen_together", "letters_in_chain"]

SHARED = 0.4
"""Largest share of Cα positions of a placing that another placing may already hold."""

INSIDE, MOST_INSIDE = 3.0, 0.2
"""Å between Cα of two placings that are in one place, and share of the smaller one's residues which
may be: chains that touch share less than a tenth, one that lies within another about a half, since
a sphere of 3 Å in a protein holds 0.8 residues."""

POINTS = 100
"""CP-SAT works with whole numbers: worths are rounded to one over this."""

SECONDS = 20.0
"""Most work of the integer programme, in the solver's own seconds, which depend on no clock; the
best choice so far is taken then."""


@dataclass(frozen=True, eq=False)
class Placing:
    """A template chain in one place, read as one entity of the target.

    Attributes
    ----------
    chain : int
        Of the templates.
    entity : int
        Of the target: chains of one sequence are one entity.
    alignment : Alignment
    positions : ndarray (length of the entity, 3)
        Å; NaN where not covered.
    held : frozenset of int
        Cα positions of the map that it explains.
    bodies : int
        Rigid bodies that it lies as.
    worth : float
        How many Cα positions it explains, and what it gains by the density.
    """

    chain: int
    entity: int
    alignment: Alignment
    positions: NDArray[np.float64]
    held: frozenset[int]
    bodies: int
    worth: float = 0.0

    @cached_property
    def centre(self) -> NDArray[np.float64]:
        """Of its residues, Å."""
        return np.nanmean(self.positions, axis=0)

    @cached_property
    def _present(self) -> NDArray[np.float64]:
        return self.positions[np.isfinite(self.positions).all(axis=1)]

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self._present)

    def lies_where(self, others: Sequence[Placing]) -> bool:
        """Whether others hold many of its Cα positions, or one of them lies within it."""
        if self.held:
            taken = frozenset().union(*(other.held for other in others))
            if len(self.held & taken) > SHARED * len(self.held):
                return True
        return any(self._within(other) for other in others)

    def _within(self, other: Placing) -> bool:
        small, large = sorted((self, other), key=lambda one: len(one._present))
        near = large._tree.query(small._present, distance_upper_bound=INSIDE)[0]
        return bool(np.isfinite(near).mean() > MOST_INSIDE)

    def excludes(self, other: Placing) -> bool:
        """Whether this and another cannot both be there."""
        return self.lies_where([other]) or other.lies_where([self])


def letters_in_chain(
    length: int,
    seen: NDArray[np.int64],
    placing: Placing | None,
    letters: Sequence[NDArray[np.int8]],
) -> NDArray[np.int8]:
    """What a placing reads the residues of its chain as.

    Parameters
    ----------
    length : int
        Residues of the chain.
    seen : ndarray (n,)
        Those that have a Cα, which the placing's alignment counts.
    placing : Placing or None
    letters : sequence of ndarray
        Amino acids of each entity, as indices.

    Returns
    -------
    ndarray (length,)
        -1 for residues that the target lacks; for all without a placing.
    """
    read = np.full(length, -1, dtype=np.int8)
    if placing is not None:
        own, target = placing.alignment.pairs.T
        read[seen[own]] = letters[placing.entity][target]
    return read


def chosen_together(
    placings: Sequence[Placing], copies: Sequence[int]
) -> list[Placing]:
    """The placings with the highest sum of worths of which no two are in one place.

    Parameters
    ----------
    placings : sequence of Placing
        Of all templates.
    copies : sequence of int
        Chains of each entity.

    Returns
    -------
    list of Placing
        The worthiest first; at least one, where any is given.
    """
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    chosen = [model.new_bool_var("") for _ in placings]
    for k, one in enumerate(placings):
        for other in range(k):
            if one.excludes(placings[other]):
                model.add_at_most_one(chosen[k], chosen[other])
    for entity, most in enumerate(copies):
        model.add(sum(c for c, one in zip(chosen, placings) if one.entity == entity) <= most)
    worth = [max(1, round(POINTS * one.worth)) for one in placings]
    model.maximize(sum(w * c for w, c in zip(worth, chosen)))
    solver = cp_model.CpSolver()
    solver.parameters.max_deterministic_time = SECONDS
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.solve(model)
    found = [one for c, one in zip(chosen, placings) if solver.value(c)]
    return sorted(found, key=lambda one: -one.worth)
