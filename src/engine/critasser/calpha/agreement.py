"""Compare two predictions of the Cα positions: where they agree, positions may be trusted."""

from __future__ import annotations

from critasser.structure import CalphaSet, cr_score

__all__ = ["TRUSTED_CRSCORE", "agreement"]

TRUSTED_CRSCORE = 0.85
"""Agreement above which positions may guide the assembly (paper, Methods)."""


def agreement(a: CalphaSet, b: CalphaSet, count: int) -> float:
    """CRscore between the likeliest positions of two predictions (paper, Methods).

    Few positions for a long chain agree little, however well they lie on each other. Of several
    copies of a chain two predictions need not have the same one first, so all are compared.

    Parameters
    ----------
    a, b : CalphaSet
        Likeliest first.
    count : int
        Residues that the map holds, all copies together.

    Returns
    -------
    float
        0 to 1.
    """
    if not len(a) or not len(b):
        return 0.0
    return min(1.0, cr_score(a.positions[:count], b.positions[:count], count))
