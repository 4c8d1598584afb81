"""Residues near a residue are found exactly, without looking at all of them."""

from typing import NamedTuple

import numpy as np
import pytest
from numba import njit

from critasser.assembly.bins import CONTACT_REACH
from critasser.assembly.neighbour_kernels import (
    BACKBONE_SEPARATION,
    CALPHA_REACH,
    MANY,
    MOST_LISTED,
    find_near,
    list_neighbours,
    note_strays,
)
from critasser.assembly.terms import BEAD, CALPHA, NOW, SIDECHAIN, TRIAL, Neighbours

LOW, HIGH = 100, 111
WIDEST = 3.0


class Chains(NamedTuple):
    """What is asked of a model."""

    chain: np.ndarray
    reach: np.ndarray


@njit
def make_lists(model, beads, near):
    list_neighbours(model, beads, near)


@njit
def stray(model, beads, near, i):
    note_strays(model, beads, near, i, i)


@njit
def near_to(model, beads, near, turn, i, column, reach):
    count = find_near(model.chain, beads, near, turn, i, column, reach, LOW, HIGH)
    return near.found[:count].copy()


def with_side_chains(rng, calpha):
    away = rng.normal(size=calpha.shape)
    return calpha + WIDEST * rng.random((len(calpha), 1)) * away / np.linalg.norm(
        away, axis=1, keepdims=True
    )


@pytest.mark.parametrize("n", [300, MANY + 200], ids=["by lists alone", "by cells too"])
def test_what_is_found_is_what_is_near(n):
    rng = np.random.default_rng(n)
    model = Chains(np.arange(n) // 60, np.full(n, WIDEST))
    calpha = rng.uniform(0.0, (130.0 * n) ** (1 / 3), (n, 3))
    calpha[-1] += 900.0  # One far away makes the cells larger.
    beads = np.zeros((2, n, BEAD), dtype=np.float32)
    beads[:, :, CALPHA : CALPHA + 3] = calpha
    beads[:, :, SIDECHAIN : SIDECHAIN + 3] = with_side_chains(rng, calpha)
    near = Neighbours(
        listed=np.zeros((n, MOST_LISTED), np.uint32), number=np.zeros((n, 2), np.int64),
        where=np.zeros((n, 3), np.float32), strayed=np.zeros(n, np.bool_),
        strays=np.zeros(n + 1, np.int64), found=np.zeros(2 * n + 1, np.uint32),
        corner=np.zeros(3, np.float32), side=np.zeros(1, np.float32),
        widest=np.full(1, WIDEST, np.float32), cells=np.zeros(3, np.int64),
        first=np.zeros(2 * n + 9, np.int64), members=np.zeros(n, np.uint32),
    )  # fmt: skip
    make_lists(model, beads, near)
    # Some move a little since, some more; a stretch is tried somewhere else.
    for i in rng.permutation(n)[:15]:
        moved = calpha[i] + rng.normal(scale=rng.choice([0.3, 3.0]), size=3)
        beads[:, i, CALPHA : CALPHA + 3] = moved
        beads[:, i, SIDECHAIN : SIDECHAIN + 3] = with_side_chains(rng, moved[None])[0]
        stray(model, beads, near, i)
    assert near.strays[0] > 3
    for shift in (0.5, 12.0):
        for column in (CALPHA, SIDECHAIN):
            beads[TRIAL, LOW : HIGH + 1, column : column + 3] = (
                beads[NOW, LOW : HIGH + 1, column : column + 3] + shift
            )
        for column, reach in ((CALPHA, CALPHA_REACH), (SIDECHAIN, CONTACT_REACH)):
            for i in range(LOW, HIGH + 1):
                found = near_to(model, beads, near, TRIAL, i, column, reach)
                own = beads[TRIAL, i, column : column + 3]
                distance = np.linalg.norm(beads[TRIAL, :, column : column + 3] - own, axis=1)
                k = np.arange(n)
                apart = (model.chain != model.chain[i]) | (np.abs(k - i) >= BACKBONE_SEPARATION)
                expected = (distance < reach) & apart & ((k < LOW) | (k > HIGH))
                assert sorted(found) == np.flatnonzero(expected).tolist()
