"""Numba kernels that find the residues near a residue without looking at all of them.

For every residue there is a list of those that can come near while none of the two moves far
(Verlet L (1967) Phys Rev 159, 98). Who has moved farther since the lists were made, a stray, is
looked for apart, and with many strays the lists are made again. A residue that is tried far from
where its own list was made, or that has more neighbours than its list has room for, looks at all
residues: what is found is always exact.
"""

from __future__ import annotations

from critasser.assembly.bins import CONTACT_REACH
from critasser.assembly.terms import CALPHA, NOW
from critasser.structure.compilation import inlined, within_kernels

__all__ = [
    "BACKBONE_SEPARATION", "CALPHA_REACH", "MOST_LISTED", "find_near", "find_within",
    "list_neighbours", "note_strays", "separate",
]  # fmt: skip

CALPHA_REACH = 7.0
"""Å beyond which no term looks for Cα neighbours."""

BACKBONE_SEPARATION = 3
"""Residues nearer than this along the chain are no neighbours in space."""

MOST_LISTED = 224
"""Room of a list. About 110 are listed in a folded chain."""

STRAY = 0.8
"""Å that a Cα may move before it is a stray."""

TRIED = 1.4
"""Å that it may be tried away for its own list to serve."""

FEW_STRAYS, STRAY_SHARE = 8, 0.04
"""Strays, and their share of the residues, beyond which lists are made again."""

NO_LIST = -1
"""Number of neighbours of a residue that has too many for a list."""


@inlined
def separate(chain, i, k):
    """Whether two residues are far enough apart along the chain to be neighbours in space."""
    return chain[k] != chain[i] or abs(k - i) >= BACKBONE_SEPARATION


@within_kernels
def list_neighbours(model, beads, near):
    """Make all lists anew from the Cα as they are.

    Parameters
    ----------
    model : Model
    beads : (2, L, BEAD) float32
    near : Neighbours
        Written.
    """
    n = near.number.shape[0]
    near.strays[0] = 0
    for i in range(n):
        near.strayed[i] = False
        for k in range(3):
            near.where[i, k] = beads[NOW, i, CALPHA + k]
    inner = (CALPHA_REACH + STRAY + TRIED) ** 2
    for i in range(n):
        x, y, z = near.where[i, 0], near.where[i, 1], near.where[i, 2]
        reach = CONTACT_REACH + STRAY + TRIED + model.reach[i]
        count = 0
        for k in range(n):
            dx, dy, dz = near.where[k, 0] - x, near.where[k, 1] - y, near.where[k, 2] - z
            far = reach + model.reach[k]
            near.found[count] = k
            count += dx * dx + dy * dy + dz * dz < far * far
        calpha, every = 0, 0
        # Those near enough for terms of Cα first.
        for wanted in range(2):
            for t in range(count):
                k = near.found[t]
                dx, dy, dz = near.where[k, 0] - x, near.where[k, 1] - y, near.where[k, 2] - z
                beyond = dx * dx + dy * dy + dz * dz >= inner
                if beyond == wanted and separate(model.chain, i, k) and every < MOST_LISTED:
                    near.listed[i, every] = k
                    every += 1
            if wanted == 0:
                calpha = every
        if every == MOST_LISTED:
            every = NO_LIST
        near.number[i, 0], near.number[i, 1] = calpha, every


@inlined
def note_strays(model, beads, near, low, high):
    """Note which of the residues low … high have strayed; make lists again of too many."""
    for i in range(low, high + 1):
        dx = beads[NOW, i, CALPHA] - near.where[i, 0]
        dy = beads[NOW, i, CALPHA + 1] - near.where[i, 1]
        dz = beads[NOW, i, CALPHA + 2] - near.where[i, 2]
        if dx * dx + dy * dy + dz * dz > STRAY * STRAY and not near.strayed[i]:
            near.strayed[i] = True
            near.strays[0] += 1
            near.strays[near.strays[0]] = i
    if near.strays[0] > FEW_STRAYS + STRAY_SHARE * near.number.shape[0]:
        list_neighbours(model, beads, near)


@inlined
def find_near(chain, beads, near, turn, i, column, reach, low, high):
    """Find residues but low … high whose Cα or side chains are near that of residue i.

    Parameters
    ----------
    chain : (L,) int64
    beads : (2, L, BEAD) float32
    near : Neighbours
        `found` is written.
    turn : int
        `NOW` or `TRIAL`.
    i : int
    column : int
        `CALPHA` or `SIDECHAIN`.
    reach : float
        Å; of the terms of that column.
    low, high : int
        Residues that are left out; only these may differ between now and trial.

    Returns
    -------
    int
        How many were found.
    """
    x, y, z = beads[turn, i, column], beads[turn, i, column + 1], beads[turn, i, column + 2]
    dx = beads[turn, i, CALPHA] - near.where[i, 0]
    dy = beads[turn, i, CALPHA + 1] - near.where[i, 1]
    dz = beads[turn, i, CALPHA + 2] - near.where[i, 2]
    largest = reach * reach
    count = 0
    if near.number[i, 1] != NO_LIST and dx * dx + dy * dy + dz * dz <= TRIED * TRIED:
        # Without a branch for each: which are near cannot be foreseen.
        for t in range(near.number[i, 0 if column == CALPHA else 1]):
            k = near.listed[i, t]
            dx = beads[turn, k, column] - x
            dy = beads[turn, k, column + 1] - y
            dz = beads[turn, k, column + 2] - z
            close = dx * dx + dy * dy + dz * dz < largest
            near.found[count] = k
            count += close & ((k < low) | (k > high)) & (not near.strayed[k])
        for t in range(1, near.strays[0] + 1):
            k = near.strays[t]
            dx = beads[turn, k, column] - x
            dy = beads[turn, k, column + 1] - y
            dz = beads[turn, k, column + 2] - z
            close = dx * dx + dy * dy + dz * dz < largest
            near.found[count] = k
            count += close & ((k < low) | (k > high)) & separate(chain, i, k)
        return count
    for k in range(near.number.shape[0]):
        dx = beads[turn, k, column] - x
        dy = beads[turn, k, column + 1] - y
        dz = beads[turn, k, column + 2] - z
        close = dx * dx + dy * dy + dz * dz < largest
        near.found[count] = k
        count += close & ((k < low) | (k > high)) & separate(chain, i, k)
    return count


@inlined
def find_within(chain, beads, near, turn, i, column, reach, high, count):
    """Add to what `find_near` found those of residues i + 1 … high; returns how many there are."""
    x, y, z = beads[turn, i, column], beads[turn, i, column + 1], beads[turn, i, column + 2]
    for k in range(i + 1, high + 1):
        dx = beads[turn, k, column] - x
        dy = beads[turn, k, column + 1] - y
        dz = beads[turn, k, column + 2] - z
        close = dx * dx + dy * dy + dz * dz < reach * reach
        near.found[count] = k
        count += close & separate(chain, i, k)
    return count
