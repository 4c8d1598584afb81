"""Moves change what they say, and keep what they promise."""

import numpy as np

from critasser.assembly.move_kernels import BEND, MOVES, Chains, propose
from critasser.assembly.random_kernels import seed_stream


def proposed(kind, model, x, starts, stream, new, stretch):
    """A proposal at temperature 1."""
    chains = Chains(model.first, model.last, model.runs, model.moving, model.cis_cost)
    return propose(kind, x, chains, starts, 1.0, stream, new, stretch)


def test_moves_leave_all_but_their_stretch(system):
    model, starts = system
    x = starts[0]
    stream = seed_stream(3)
    stretch = np.zeros(2, dtype=np.int64)
    for kind in range(MOVES):
        for _ in range(50):
            new = np.full_like(x, np.nan)
            if not proposed(kind, model, x, starts, stream, new, stretch):
                continue
            low, high = stretch
            assert model.chain[low] == model.chain[high]
            assert np.isfinite(new[low : high + 1]).all()


def test_bends_keep_every_bond(system):
    model, starts = system
    x = starts[0]
    stream = seed_stream(4)
    stretch = np.zeros(2, dtype=np.int64)
    lengths = np.linalg.norm(np.diff(x, axis=0), axis=1)
    for _ in range(50):
        new = x.copy()
        if proposed(BEND, model, x, starts, stream, new, stretch):
            low, high = stretch
            moved = x.copy()
            moved[low : high + 1] = new[low : high + 1]
            np.testing.assert_allclose(np.linalg.norm(np.diff(moved, axis=0), axis=1), lengths)
