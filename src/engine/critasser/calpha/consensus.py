"""Two opinions on the Cα positions, joined where they agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from critasser.structure import CalphaSet, cr_score, greedy_pairs

__all__ = ["TRUSTED_CRSCORE", "Consensus", "agreement", "consensus"]

TRUSTED_CRSCORE = 0.85
PAIR_DISTANCE = 3.0
"""Å. Atoms farther apart are two findings, not one found twice."""


@dataclass(frozen=True)
class Consensus:
    """Joined positions.

    Attributes
    ----------
    calpha : CalphaSet
        Paired atoms averaged; atoms that only the first opinion has keep half their probability.
    agreement : float
        CRscore between the two sets.
    trusted : bool
        Agreement above 0.85: positions may guide the assembly (paper, Methods).
    """

    calpha: CalphaSet
    agreement: float
    trusted: bool


def agreement(a: CalphaSet, b: CalphaSet, length: int) -> float:
    """CRscore between two sets of positions, of which the likeliest `length` count.

    Few positions for a long chain agree little, however well they lie on each other.
    """
    if not len(a) or not len(b):
        return 0.0
    return min(1.0, cr_score(a.positions[:length], b.positions[:length], length))


def consensus(a: CalphaSet, b: CalphaSet, length: int) -> Consensus:
    """Average two sets of positions of `length` residues where they name the same atom."""
    agreed = agreement(a, b, length)
    first, second = greedy_pairs(a.positions, b.positions, PAIR_DISTANCE).T
    weight = np.full(len(a.positions), 0.5)
    positions, probability = a.positions.copy(), a.probability * weight
    kind, structure = a.amino_acid.copy(), a.secondary_structure.copy()
    positions[first] = (a.positions[first] + b.positions[second]) / 2
    probability[first] = (a.probability[first] + b.probability[second]) / 2
    kind[first] = (a.amino_acid[first] + b.amino_acid[second]) / 2
    structure[first] = (a.secondary_structure[first] + b.secondary_structure[second]) / 2
    order = np.argsort(-probability, kind="stable")
    joined = CalphaSet(positions[order], probability[order], kind[order], structure[order])
    return Consensus(joined, agreed, agreed > TRUSTED_CRSCORE)
