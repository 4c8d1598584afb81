"""Aligns a template with the target: which residue each template residue stands for.

Two witnesses: the likeness of the two sequences (BLOSUM62), and, once the template lies in the
map, what the network says of the amino acid at the Cα where a template residue lies. The second
finds the register of a fold whose sequence has drifted beyond recognition.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import gemmi
import numpy as np
from numpy.typing import NDArray

from critasser.structure import AMINO_ACIDS, ONE_TO_THREE
from critasser.templates.alignment_kernels import align_overlap

__all__ = ["Alignment", "align", "blosum62", "likeness"]

HALF_BIT = math.log(2.0) / 2.0
"""Nats in BLOSUM62's unit."""

GAP_OPEN, GAP_EXTEND = 11 * HALF_BIT, 1 * HALF_BIT
"""BLASTP's, for BLOSUM62."""

UNKNOWN = -1.0
"""BLOSUM62 of X with anything."""

SHUFFLES = 24
"""Alignments with shuffled targets that tell what chance does."""

LEAST_SPREAD = 1e-6
"""Of their scores, that a z-score divides by."""

PROFILE_LIMIT = 3.0
"""Nats; a network that is wholly sure may still be wrong."""


@dataclass(frozen=True, eq=False)
class Alignment:
    """Template residues and their target residues.

    Attributes
    ----------
    pairs : ndarray (k, 2) int64
        Template residue, target residue; ascending.
    identity : float
        Share of pairs with the same amino acid.
    score : float
        Nats.
    z_score : float
        Above alignments with shuffled targets, in their standard deviations.
    """

    pairs: NDArray[np.int64]
    identity: float
    score: float
    z_score: float


@cache
def blosum62() -> NDArray[np.float64]:
    """The matrix (21, 21) in nats, in the order of `AMINO_ACIDS`; the last row and column is X.

    References
    ----------
    Henikoff S, Henikoff JG (1992) PNAS 89, 10915; as gemmi aligns with it.
    """
    scoring = gemmi.AlignmentScoring("b")
    names = [ONE_TO_THREE[letter] for letter in AMINO_ACIDS]
    table = np.full((21, 21), UNKNOWN)
    for i, row in enumerate(names):
        for j, column in enumerate(names):
            table[i, j] = gemmi.align_string_sequences([row], [column], [], scoring).score
    return table * HALF_BIT


def likeness(
    template: NDArray[np.int8],
    target: NDArray[np.int8],
    profile: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Log-odds (n, L) in nats that template residue i stands for target residue t.

    Parameters
    ----------
    template : ndarray (n,)
        Indices into `AMINO_ACIDS`, −1 for X.
    target : ndarray (L,)
        Indices into `AMINO_ACIDS`.
    profile : ndarray (n, 20), optional
        Log-odds of each amino acid where template residue i lies; 0 says nothing.
    """
    table = blosum62()[template.astype(int)][:, target.astype(int)]
    if profile is None:
        return table
    return table + np.clip(profile, -PROFILE_LIMIT, PROFILE_LIMIT)[:, target.astype(int)]


def align(
    template: NDArray[np.int8],
    target: NDArray[np.int8],
    profile: NDArray[np.float64] | None = None,
) -> Alignment:
    """Align a template chain with a target chain; see `likeness` for the parameters.

    The z-score comes from alignments with the target's residues in shuffled order (a fixed seed:
    the same chains give the same number).
    """
    table = likeness(template, target, profile)
    score, partner = align_overlap(table, GAP_OPEN, GAP_EXTEND)
    rng = np.random.default_rng(len(target))
    chance = [
        align_overlap(table[:, rng.permutation(len(target))], GAP_OPEN, GAP_EXTEND)[0]
        for _ in range(SHUFFLES)
    ]
    rows = np.flatnonzero(partner >= 0)
    pairs = np.stack([rows, partner[rows]], axis=1)
    same = template[pairs[:, 0]] == target[pairs[:, 1]]
    z_score = (score - np.mean(chance)) / max(float(np.std(chance)), LEAST_SPREAD)
    return Alignment(pairs, float(same.mean()) if len(same) else 0.0, float(score), float(z_score))
