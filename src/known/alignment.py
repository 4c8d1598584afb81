"""How much two sequences have in common."""

from __future__ import annotations

import numpy as np

__all__ = ["LEAST_COVERAGE", "LEAST_IDENTITY", "likeness"]

LEAST_IDENTITY = 0.4
"""Of aligned residues; below it more than letters is needed to tell that two are related."""

LEAST_COVERAGE = 0.25
"""Of the sequence; less says little of how it folds."""

_MATCH, _MISMATCH, _GAP = 2, -1, -2
"""Scores of the alignment, in which ends that hang over cost nothing."""

_LONG = 60
"""Residues from which on triples of letters tell whether an alignment is worth its time."""

_ABOVE_CHANCE = 1.4
"""Times as many shared triples as chance has. Two sequences of 300 residues of which 40 % are the
same share three times as many."""

_TRIPLES = 20**3


def likeness(wanted: str, other: str) -> tuple[float, float]:
    """Identity of aligned residues, and the share of the first sequence that is aligned.

    Parameters
    ----------
    wanted, other : str
        One-letter codes.

    Returns
    -------
    identity, coverage : float
        0 to 1.
    """
    if not wanted or not other:
        return 0.0, 0.0
    if wanted in other:
        return 1.0, 1.0
    if other in wanted:
        return 1.0, len(other) / len(wanted)
    if not _may_be_alike(wanted, other):
        return 0.0, 0.0
    a = np.frombuffer(wanted.encode("ascii", "replace"), dtype=np.uint8)
    b = np.frombuffer(other.encode("ascii", "replace"), dtype=np.uint8)
    n, m = len(a), len(b)
    # Anti-diagonals: cell i of diagonal d is a[:i] against b[: d - i].
    before = _Diagonal(n + 1)
    last = _Diagonal(n + 1)
    best = (0, 0, 0)
    for d in range(2, n + m + 1):
        low, high = max(1, d - m), min(n, d - 1)
        i = np.arange(low, high + 1)
        same = a[i - 1] == b[d - i - 1]
        now = _Diagonal(n + 1)
        straight = before.score[i - 1] + np.where(same, _MATCH, _MISMATCH)
        up, left = last.score[i - 1] + _GAP, last.score[i] + _GAP
        choice = np.argmax(np.stack([straight, up, left]), axis=0)
        now.score[i] = np.choose(choice, [straight, up, left])
        now.same[i] = np.choose(choice, [before.same[i - 1] + same, last.same[i - 1], last.same[i]])
        now.pairs[i] = np.choose(
            choice, [before.pairs[i - 1] + 1, last.pairs[i - 1], last.pairs[i]]
        )
        for end in {n, d - m} & set(range(low, high + 1)):
            best = max(best, (int(now.score[end]), int(now.same[end]), int(now.pairs[end])))
        before, last = last, now
    _, same_count, pairs = best
    return (same_count / pairs if pairs else 0.0), pairs / n


def _may_be_alike(wanted: str, other: str) -> bool:
    """Whether two sequences share more triples of letters than by chance; short ones may."""
    if min(len(wanted), len(other)) < _LONG:
        return True
    first, second = (
        {text[k : k + 3] for k in range(len(text) - 2)} for text in (wanted, other)
    )
    return len(first & second) > _ABOVE_CHANCE * len(first) * len(second) / _TRIPLES


class _Diagonal:
    """Score, identical and aligned residues of the best path to each cell; 0 at the borders."""

    def __init__(self, size: int) -> None:
        self.score = np.zeros(size, dtype=np.int64)
        self.same = np.zeros(size, dtype=np.int64)
        self.pairs = np.zeros(size, dtype=np.int64)
