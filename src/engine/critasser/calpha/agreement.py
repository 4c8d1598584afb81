"""Two opinions on the Cα positions: where they agree, positions may be trusted."""

from __future__ import annotations

from critasser.structure import CalphaSet, cr_score

__all__ = ["TRUSTED_CRSCORE", "agreement"]

TRUSTED_CRSCORE = 0.85
"""Agreement above which positions may guide the assembly (paper, Methods)."""


def agreement(a: CalphaSet, b: CalphaSet, count: int) -> float:
    """CRscore between two sets of positions, of which the likeliest `count` are asked for.

    Few positions for a long chain agree little, however well they lie on each other; and of several
    copies of a chain two opinions do not choose the same one: `count` is of all that the map holds.
    """
    if not len(a) or not len(b):
        return 0.0
    return min(1.0, cr_score(a.positions[:count], b.positions[:count], count))
