"""Numba kernels that find the residues near a residue without looking at all of them.

For every residue there is a list of those that can come near while none of the two moves far
(Verlet L (1967) Phys Rev 159, 98). Who has moved farther since the lists were made, a stray, is
looked for apart, and with many strays the lists are made again. A residue that is tried far from
where its own list was made, or that has more neighbours than its list has room for, looks at all
residues, or of many at those in the cells around it: what is found is always exact.
"""

from __future__ import annotations

import math

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

MANY = 512
"""Residues from which cells are looked through; fewer are looked at all, which is as fast."""

CELL, COARSER = 8.0, 1.25
"""Å, side of a cell at least, and the factor by which it grows until there are few enough cells."""

ROUNDING = 0.01
"""Å by which more is looked through than need be: positions are in float32."""

NO_LIST = -1
"""Number of neighbours of a residue that has too many for a list."""


@inlined
def separate(chain, i, k):
    """Whether two residues are far enough apart along the chain to be neighbours in space."""
    return chain[k] != chain[i] or abs(k - i) >= BACKBONE_SEPARATION


@within_kernels
def _span(where, k):
    """Least and largest of column k."""
    low = high = where[0, k]
    for i in range(1, where.shape[0]):
        low, high = min(low, where[i, k]), max(high, where[i, k])
    return low, high


@within_kernels
def _fill_cells(near):
    """Sort residues into cells by where they are when lists are made."""
    n = near.number.shape[0]
    for k in range(3):
        near.corner[k] = _span(near.where, k)[0]
    side = CELL
    while True:
        total = 1
        for k in range(3):
            low, high = _span(near.where, k)
            near.cells[k] = int((high - low) / side) + 1
            total *= near.cells[k]
        if total < near.first.shape[0]:
            break
        side *= COARSER
    near.side[0] = side
    near.first[:] = 0
    for i in range(n):
        near.first[_cell(near, i) + 1] += 1
    for c in range(total):
        near.first[c + 1] += near.first[c]
    # Each cell's end moves down to its beginning.
    for i in range(n - 1, -1, -1):
        c = _cell(near, i) + 1
        near.first[c] -= 1
        near.members[near.first[c]] = i
    for c in range(total):
        near.first[c] = near.first[c + 1]
    near.first[total] = n


@inlined
def _cell(near, i):
    """The cell of residue i; they follow each other along x, then y, then z."""
    x = int((near.where[i, 0] - near.corner[0]) / near.side[0])
    y = int((near.where[i, 1] - near.corner[1]) / near.side[0])
    z = int((near.where[i, 2] - near.corner[2]) / near.side[0])
    return (z * near.cells[1] + y) * near.cells[0] + x


@inlined
def _along(near, k, position, reach):
    """First and last cell along axis k that is within reach of a position."""
    low = (position - reach - ROUNDING - near.corner[k]) / near.side[0]
    high = (position + reach + ROUNDING - near.corner[k]) / near.side[0]
    last = near.cells[k] - 1
    return min(max(math.floor(low), 0), last + 1), max(min(math.floor(high), last), -1)


@inlined
def _all_near(model, near, x, y, z, reach):
    """Find residues within reach, and their own reach, of where lists are made."""
    count = 0
    if near.number.shape[0] < MANY:
        for k in range(near.number.shape[0]):
            dx, dy, dz = near.where[k, 0] - x, near.where[k, 1] - y, near.where[k, 2] - z
            far = reach + model.reach[k]
            near.found[count] = k
            count += dx * dx + dy * dy + dz * dz < far * far
        return count
    most = reach + near.widest[0]
    x_low, x_high = _along(near, 0, x, most)
    y_low, y_high = _along(near, 1, y, most)
    z_low, z_high = _along(near, 2, z, most)
    for cz in range(z_low, z_high + 1):
        for cy in range(y_low, y_high + 1):
            row = (cz * near.cells[1] + cy) * near.cells[0]
            for t in range(near.first[row + x_low], near.first[row + x_high + 1]):
                k = near.members[t]
                dx, dy, dz = near.where[k, 0] - x, near.where[k, 1] - y, near.where[k, 2] - z
                far = reach + model.reach[k]
                near.found[count] = k
                count += dx * dx + dy * dy + dz * dz < far * far
    return count


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
    if n >= MANY:
        _fill_cells(near)
    for i in range(n):
        x, y, z = near.where[i, 0], near.where[i, 1], near.where[i, 2]
        reach = CONTACT_REACH + STRAY + TRIED + model.reach[i]
        count = _all_near(model, near, x, y, z, reach)
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
def _find_strays(chain, beads, near, turn, i, column, reach, low, high, count):
    """Add to what was found those that have strayed; returns how many there are."""
    x, y, z = beads[turn, i, column], beads[turn, i, column + 1], beads[turn, i, column + 2]
    for t in range(1, near.strays[0] + 1):
        k = near.strays[t]
        dx = beads[turn, k, column] - x
        dy = beads[turn, k, column + 1] - y
        dz = beads[turn, k, column + 2] - z
        close = dx * dx + dy * dy + dz * dz < reach * reach
        near.found[count] = k
        count += close & ((k < low) | (k > high)) & separate(chain, i, k)
    return count


@within_kernels
def _find_in_cells(chain, beads, near, turn, i, column, reach, low, high):
    """The same as `find_near`, by the cells around the residue."""
    x, y, z = beads[turn, i, column], beads[turn, i, column + 1], beads[turn, i, column + 2]
    # Side chains lie at some distance from the Cα by which cells are filled.
    most = reach + STRAY + (near.widest[0] if column != CALPHA else 0.0)
    x_low, x_high = _along(near, 0, x, most)
    y_low, y_high = _along(near, 1, y, most)
    z_low, z_high = _along(near, 2, z, most)
    count = 0
    for cz in range(z_low, z_high + 1):
        for cy in range(y_low, y_high + 1):
            row = (cz * near.cells[1] + cy) * near.cells[0]
            for t in range(near.first[row + x_low], near.first[row + x_high + 1]):
                k = near.members[t]
                dx = beads[turn, k, column] - x
                dy = beads[turn, k, column + 1] - y
                dz = beads[turn, k, column + 2] - z
                close = dx * dx + dy * dy + dz * dz < reach * reach
                near.found[count] = k
                close &= ((k < low) | (k > high)) & separate(chain, i, k)
                count += close & (not near.strayed[k])
    return _find_strays(chain, beads, near, turn, i, column, reach, low, high, count)


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
        return _find_strays(chain, beads, near, turn, i, column, reach, low, high, count)
    if near.number.shape[0] >= MANY:
        return _find_in_cells(chain, beads, near, turn, i, column, reach, low, high)
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
