"""Name copies of one chain alike in all traces: copies are interchangeable."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from critasser.structure import Target, Trace

__all__ = ["in_the_same_places", "next_copies"]

SAME_PLACE = 4.0
"""Å within which a residue of two traces is where it was; a neighbour in the chain is 3.8 Å off."""


def next_copies(target: Target) -> NDArray[np.int64]:
    """For each residue (L,) the same one of the next copy of its chain, of the first for the last.

    In a chain without copies it is the residue itself.
    """
    result = np.arange(len(target))
    part = target.chain_slices
    for group in _groups(target):
        for chain, after in zip(group, (*group[1:], group[0])):
            result[part[chain]] = np.arange(len(target))[part[after]]
    return result


def _groups(target: Target) -> list[list[int]]:
    """Chains of one sequence, where there are several."""
    letters = [sequence.letters for sequence in target.sequences]
    groups = [
        [k for k, other in enumerate(letters) if other == sequence]
        for sequence in dict.fromkeys(letters)
    ]
    return [group for group in groups if len(group) > 1]


def in_the_same_places(traces: Sequence[Trace], target: Target) -> tuple[Trace, ...]:
    """Rename copies of chains so that traces can be compared residue by residue.

    Without it, two traces that are the same but for the names of two copies would lie far apart,
    and their mean would be nothing at all.

    Parameters
    ----------
    traces : sequence of Trace
        Best first.
    target : Target

    Returns
    -------
    tuple of Trace
        The same traces; copies are permuted in all but the first so that as many residues as
        possible are where the first one has them.
    """
    groups = _groups(target)
    if not traces or not groups:
        return tuple(traces)
    return (traces[0], *(_renamed(trace, traces[0], groups, target) for trace in traces[1:]))


def _renamed(trace: Trace, first: Trace, groups: list[list[int]], target: Target) -> Trace:
    positions, confidence = trace.positions.copy(), trace.confidence.copy()
    part = target.chain_slices
    for group in groups:
        # A residue that either trace lacks is NaN, and in no place.
        there = np.stack([first.positions[part[k]] for k in group])
        here = np.stack([trace.positions[part[k]] for k in group])
        distance = np.linalg.norm(there[:, None] - here, axis=3)
        shared = np.sum(distance < SAME_PLACE, axis=2)
        rows, columns = linear_sum_assignment(shared, maximize=True)
        if shared[rows, columns].sum() <= np.trace(shared):
            continue
        for a, b in zip(rows, columns):
            positions[part[group[a]]] = trace.positions[part[group[b]]]
            confidence[part[group[a]]] = trace.confidence[part[group[b]]]
    return dataclasses.replace(trace, positions=positions, confidence=confidence)
