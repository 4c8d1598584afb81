"""Choose poses of all bodies together: most residues explained, no clash, linkers that reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

__all__ = ["Candidate", "choose_together"]

CLASH_DISTANCE = 3.0
"""Å between Cα of two bodies that cannot both be there."""

MOST_CLASHING = 0.08
"""Share of the smaller body's residues that may clash: predicted loops go astray."""

LINK_REACH = 3.8
"""Å that a residue of a linker reaches, fully extended (ideal trans peptide)."""

LINK_SLACK = 10.0
"""Å more: where two states of a protein differ by a hinge, residues beside it move by up to this
(seen in unbound and bound structures of one protein)."""

POINTS = 1000.0
"""Integer units of a gain of 1: CP-SAT counts in integers."""

SECONDS = 20.0
"""Most time of the integer programme; the best choice so far is taken then."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """One pose of one body.

    Attributes
    ----------
    body : int
        Of which body; one candidate of each is chosen at most.
    chain : int
        Bodies of one chain are joined by linkers; others are not.
    residues : ndarray (n,)
        Indices of the body's residues in its chain, ascending.
    positions : ndarray (n, 3)
        Cα of these residues in this pose, Å.
    gain : float
        Worth of it; only what is above 0 is ever chosen.
    """

    body: int
    chain: int
    residues: NDArray[np.int64]
    positions: NDArray[np.float64]
    gain: float


def choose_together(candidates: Sequence[Candidate]) -> list[int]:
    """The set of candidates with the highest sum of gains of which no two exclude each other.

    Parameters
    ----------
    candidates : sequence of Candidate

    Returns
    -------
    list of int
        Indices of those chosen, ascending.
    """
    from ortools.sat.python import cp_model

    worthy = [k for k, candidate in enumerate(candidates) if candidate.gain > 0]
    if not worthy:
        return []
    model = cp_model.CpModel()
    chosen = {k: model.new_bool_var(f"candidate {k}") for k in worthy}
    bodies: dict[int, list[int]] = {}
    for k in worthy:
        bodies.setdefault(candidates[k].body, []).append(k)
    for members in bodies.values():
        model.add_at_most_one(chosen[k] for k in members)
    trees = {k: cKDTree(candidates[k].positions) for k in worthy}
    for place, k in enumerate(worthy):
        for other in worthy[place + 1 :]:
            a, b = candidates[k], candidates[other]
            if a.body == b.body:
                continue
            if not _reachable(a, b) or _clash(a, b, trees[k], trees[other]):
                model.add_bool_or(chosen[k].negated(), chosen[other].negated())
    model.maximize(
        sum(max(1, round(POINTS * candidates[k].gain)) * chosen[k] for k in worthy)
    )
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = SECONDS
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.solve(model)
    return [k for k in worthy if solver.value(chosen[k])]


def _reachable(a: Candidate, b: Candidate) -> bool:
    """Whether linkers between bodies of one chain can reach from one to the other."""
    if a.chain != b.chain:
        return True
    residues = np.concatenate([a.residues, b.residues])
    positions = np.concatenate([a.positions, b.positions])
    owner = np.repeat([0, 1], [len(a.residues), len(b.residues)])
    order = np.argsort(residues, kind="stable")
    residues, positions, owner = residues[order], positions[order], owner[order]
    change = np.flatnonzero(owner[1:] != owner[:-1])
    step = np.linalg.norm(positions[change + 1] - positions[change], axis=1)
    bonds = residues[change + 1] - residues[change]
    return bool(np.all(step <= LINK_REACH * bonds + LINK_SLACK))


def _clash(a: Candidate, b: Candidate, tree_a: cKDTree, tree_b: cKDTree) -> bool:
    """Whether two bodies lie in each other."""
    small, tree = (a, tree_b) if len(a.residues) <= len(b.residues) else (b, tree_a)
    near = tree.query(small.positions, distance_upper_bound=CLASH_DISTANCE)[0]
    return bool(np.isfinite(near).mean() > MOST_CLASHING)
