"""Aligns a template with the target: which residue each template residue stands for.

Two witnesses: the likeness of the two sequences (BLOSUM62), and, once the template lies in the
map, what the network says of the amino acid at the Cα where a template residue lies. The second
finds the register of a fold whose sequence has drifted beyond recognition.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.structure.substitution import GAP_EXTEND, GAP_OPEN, blosum62
from critasser.templates.alignment_kernels import align_overlap

__all__ = ["Alignment", "align", "likeness"]

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
        Likewise.
    profile : ndarray (n, 20), optional
        Log-odds of each amino acid where template residue i lies; 0 says nothing.
    """
    table = blosum62()[template.astype(int)][:, target.astype(int)]
    if profile is None:
        return table
    # Of what nobody knows (−1) the last column, which is 0.
    odds = np.pad(np.clip(profile, -PROFILE_LIMIT, PROFILE_LIMIT), ((0, 0), (0, 1)))
    return table + odds[:, target.astype(int)]


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
    same = (template[pairs[:, 0]] == target[pairs[:, 1]]) & (template[pairs[:, 0]] >= 0)
    z_score = (score - np.mean(chance)) / max(float(np.std(chance)), LEAST_SPREAD)
    return Alignment(pairs, float(same.mean()) if len(same) else 0.0, float(score), float(z_score))
