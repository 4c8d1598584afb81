"""Choose the chains that are built where structures of some of them are given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from critasser.structure import ProteinChain, Target, Template
from critasser.templates import entities_of, known_entities
from critasser.trace import copies_built

__all__ = ["absent_chains", "remarks"]

PLACED = 10.0
"""Log-odds that a chain is in the map of which a structure has a place there."""

REFUSED = -2.0
"""The same of one of which a structure was given and has none, while others have theirs. Of 45
structures that were in a map one was refused, of 168 others all (``benchmark.foreign``); in maps of
several chains more are, so that less is made of it."""


def absent_chains(
    target: Target,
    evidence: Sequence[float],
    room: float,
    placed: Sequence[Template],
    given: Sequence[ProteinChain],
) -> list[int]:
    """Chains of a target that are not built, by what map and templates say together.

    Parameters
    ----------
    target : Target
        All chains that are asked for.
    evidence : sequence of float
        Log-odds from the map alone that each chain is in it.
    room : float
        Residues that the map has room for.
    placed : sequence of Template
        Of the whole target, at least one; where structures lie.
    given : sequence of ProteinChain
        All structures that were given, also those without a place.

    Returns
    -------
    list of int
        Ascending; of equal chains those that no structure lies in go first.
    """
    there = np.any([one.placed for one in placed], axis=0)
    has_place = [bool(there[part].any()) for part in target.chain_slices]
    groups, ordered, known = entities_of(target), [], []
    of_given = known_entities(given, target)
    for entity, group in enumerate(groups):
        about = entity in of_given
        order = sorted(group, key=lambda k: (not has_place[k], -evidence[k], k))
        ordered.append(order)
        known.append(
            [PLACED if has_place[k] else evidence[k] + REFUSED * about for k in order]
        )
    lengths = [len(target.sequences[group[0]]) for group in groups]
    built = copies_built(lengths, known, room)
    return sorted(k for order, count in zip(ordered, built) for k in order[count:])


def remarks(target: Target, absent: Sequence[int]) -> list[str]:
    """What a person should know of the chains that are not built, a line for each sequence."""
    lines = []
    for group in entities_of(target):
        sequence, left = target.sequences[group[0]], [k for k in group if k in absent]
        if len(left) == len(group):
            lines.append(
                f"nothing is built of {sequence.name} ({len(sequence)} residues): neither the map "
                "alone nor a template that lies in it shows it"
            )
        elif left:
            lines.append(
                f"{len(group) - len(left)} of the {len(group)} copies of {sequence.name} that are "
                "asked for are built: for more there is neither room nor a template that lies in "
                "the map"
            )
    return lines
