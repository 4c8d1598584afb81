"""The fast alignment is the best of all alignments."""

import numpy as np
import pytest

from critasser.templates.alignment_kernels import align_overlap


def slow_alignment(table, gap_open, gap_extend):
    """Best score over all overlaps with affine gaps, by looking at every gap length."""
    n, m = table.shape
    pair = np.full((n, m), -np.inf)
    for i in range(n):
        for j in range(m):
            best = 0.0 if i == 0 or j == 0 else -np.inf
            for a in range(i):
                for b in range(j):
                    gaps = 0.0
                    for length in (i - a - 1, j - b - 1):
                        gaps += gap_open + (length - 1) * gap_extend if length else 0.0
                    best = max(best, pair[a, b] - gaps)
            pair[i, j] = best + table[i, j]
    return max(0.0, pair[-1].max(), pair[:, -1].max())


def test_alignment_is_the_best_of_all():
    rng = np.random.default_rng(7)
    for _ in range(20):
        table = rng.normal(size=(rng.integers(2, 9), rng.integers(2, 9)))
        score, partner = align_overlap(table, 0.9, 0.2)
        assert score == pytest.approx(slow_alignment(table, 0.9, 0.2))
        columns = partner[partner >= 0]
        assert np.all(np.diff(columns) > 0)
