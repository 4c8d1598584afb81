"""Chooses the predicted contacts that guide the assembly, and says which do not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["contacts_note", "used_contacts"]

FEWEST_APART = 3
"""Residues along the chain that a contact spans at least: nearer ones are always in contact."""

MOST_A_RESIDUE = 10
"""Contacts for each residue of the target, the likeliest ones: more than a real fold has, and few
enough that a move stays cheap. A full matrix of predictions has hundreds, nearly all noise."""


def used_contacts(
    contacts: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Residues i < j, and probability, of the contacts that guide the assembly; each (m,).

    Each counts by its probability, however small.

    Parameters
    ----------
    contacts : ndarray (L, L)
        Probabilities.
    """
    i, j = np.nonzero(np.triu(contacts, FEWEST_APART))
    probability = contacts[i, j]
    likeliest = np.argsort(-probability, kind="stable")[: MOST_A_RESIDUE * len(contacts)]
    kept = np.sort(likeliest)
    return i[kept], j[kept], probability[kept]


def contacts_note(contacts: NDArray[np.float64]) -> str:
    """Which of predicted contacts (L, L) do not guide the assembly, and why; empty if all do."""
    given = int(np.count_nonzero(np.triu(contacts, 1)))
    apart = int(np.count_nonzero(np.triu(contacts, FEWEST_APART)))
    used = len(used_contacts(contacts)[0])
    reasons = []
    if apart < given:
        reasons.append(
            f"{given - apart} are of residues fewer than {FEWEST_APART} apart, which are always "
            "in contact"
        )
    if used < apart:
        reasons.append(
            f"{apart - used} are less likely than the {used} likeliest "
            f"({MOST_A_RESIDUE} a residue)"
        )
    return f"{used} of {given} contacts are used; {'; '.join(reasons)}" if reasons else ""
