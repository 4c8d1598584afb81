"""How likely one amino acid takes another's place in related proteins."""

from __future__ import annotations

import math
from functools import cache

import gemmi
import numpy as np
from numpy.typing import NDArray

from critasser.structure.alphabet import AMINO_ACIDS, ONE_TO_THREE

__all__ = ["GAP_EXTEND", "GAP_OPEN", "HALF_BIT", "blosum62"]

HALF_BIT = math.log(2.0) / 2.0
"""Nats in BLOSUM62's unit."""

GAP_OPEN, GAP_EXTEND = 11 * HALF_BIT, 1 * HALF_BIT
"""BLASTP's, for BLOSUM62."""

UNKNOWN = -1.0
"""BLOSUM62 of X with anything."""


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
