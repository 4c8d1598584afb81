"""Numba kernel that aligns one sequence with every chain of a library."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["overlap_scores"]

IMPOSSIBLE = -1e30
"""A score below any."""


@njit(cache=True)
def overlap_scores(
    ends, codes, structure, side, back, likeness, of_structure, of_side, of_back,
    gap_open, gap_extend,
):  # fmt: skip
    """Best score of an alignment with affine gaps inside and free gaps at all four ends.

    As `critasser.templates.alignment_kernels.align_overlap`, without the alignment.

    Parameters
    ----------
    ends : (N,) int64
        Where each chain ends among the R residues.
    codes, structure, side, back : (R,) int8
        As in `TemplateLibrary`.
    likeness : (21, L) float64
        Of each amino acid with each residue of the sequence; the last row is X.
    of_structure : (3, L) float64
    of_side, of_back : (9, L) float64
        Score of each class with each residue of the sequence.
    gap_open, gap_extend : float
        Positive costs of the first and of each further position of a gap.

    Returns
    -------
    (N,) float64
    """
    count, length = len(ends), likeness.shape[1]
    scores = np.zeros(count)
    pair = np.zeros(length + 1)
    row_alone = np.zeros(length + 1)
    best_before = np.zeros(length + 1)
    row = np.zeros(length)
    begin = 0
    for chain in range(count):
        pair[:] = 0.0
        row_alone[:] = IMPOSSIBLE
        best_before[:] = 0.0
        best = 0.0
        for i in range(begin, ends[chain]):
            code = codes[i]  # -1, X, is the last row
            for j in range(length):
                row[j] = (
                    likeness[code, j] + of_structure[structure[i], j]
                    + of_side[side[i], j] + of_back[back[i], j]
                )  # fmt: skip
            diagonal, left, alone_left = best_before[0], 0.0, IMPOSSIBLE
            column_alone = IMPOSSIBLE
            for j in range(1, length + 1):
                here = diagonal + row[j - 1]
                diagonal = best_before[j]
                row_alone[j] = max(pair[j] - gap_open, row_alone[j] - gap_extend)
                column_alone = max(
                    max(left - gap_open, alone_left - gap_open), column_alone - gap_extend
                )
                pair[j] = here
                best_before[j] = max(here, max(row_alone[j], column_alone))
                left, alone_left = here, row_alone[j]
            if pair[length] > best:
                best = pair[length]
        for j in range(1, length + 1):
            if pair[j] > best:
                best = pair[j]
        scores[chain] = best
        begin = ends[chain]
    return scores
