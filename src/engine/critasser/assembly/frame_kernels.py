"""Numba kernels that place side-chain centres: the frame of a residue from three Cα."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from critasser.assembly.terms import ALONG, CALPHA, NORMAL, POINTING, SIDECHAIN
from critasser.structure.compilation import inlined

__all__ = [
    "COMPACT_BELOW", "EXTENDED_ABOVE", "all_frames", "calpha_of", "residue_frame",
]  # fmt: skip

COMPACT_BELOW, EXTENDED_ABOVE = 5.82, 6.26
"""Å from Cα(i−1) to Cα(i+1), at bends of 100° and 111°: between them the compact and the extended
side chain are mixed, since a jump at 105° would be a jump in energy."""

TOO_SHORT_FOR_FRAME = (2.6, 2.8)
"""Å along x and y at which a chain of one or two residues, which has no bend, is given neighbours
as if it lay in a strand."""

NO_LENGTH = 1e-6
"""Å; a vector shorter than this has no direction."""

NEARLY_ALONG = 0.9
"""Cosine with the x axis above which the y axis is the safer partner of a cross product."""

NO_SIDE_CHAIN = 0.3
"""Å between Cα and side-chain centre below which a residue (glycine) points outwards instead."""


@inlined
def calpha_of(beads, i):
    """x, y, z of a Cα, in double precision."""
    x = np.float64(beads[i, CALPHA])
    y = np.float64(beads[i, CALPHA + 1])
    z = np.float64(beads[i, CALPHA + 2])
    return x, y, z


@inlined
def residue_frame(beads, i, first, last, centres):
    """Frame of residue i from three Cα, and its side-chain centre from the frame.

    Parameters
    ----------
    beads : (L, BEAD) float
        Cα are read; all else of row i is written.
    i : int
        Residue; its chain is `first` … `last`, inclusive. At a chain's end the missing neighbour
        is put where it makes a parallelogram with the next two residues.
    first, last : int
    centres : (L, 2, 3) float64
        Side-chain centres of the residues' types in the frame, compact and extended, Å.
    """
    before0, before1, before2 = 0.0, 0.0, 0.0
    after0, after1, after2 = 0.0, 0.0, 0.0
    x0, x1, x2 = calpha_of(beads, i)
    if last - first < 2:
        step0, step1 = TOO_SHORT_FOR_FRAME
        before0, before1, before2 = x0 - step0, x1 + step1, x2
        after0, after1, after2 = x0 + step0, x1 + step1, x2
    elif i == first:
        after0, after1, after2 = calpha_of(beads, i + 1)
        far0, far1, far2 = calpha_of(beads, i + 2)
        before0, before1, before2 = x0 + after0 - far0, x1 + after1 - far1, x2 + after2 - far2
    elif i == last:
        before0, before1, before2 = calpha_of(beads, i - 1)
        far0, far1, far2 = calpha_of(beads, i - 2)
        after0, after1, after2 = x0 + before0 - far0, x1 + before1 - far1, x2 + before2 - far2
    else:
        before0, before1, before2 = calpha_of(beads, i - 1)
        after0, after1, after2 = calpha_of(beads, i + 1)
    a0, a1, a2 = after0 - before0, after1 - before1, after2 - before2
    span = math.sqrt(a0 * a0 + a1 * a1 + a2 * a2)
    if span < NO_LENGTH:
        a0, a1, a2 = 1.0, 0.0, 0.0
    else:
        a0, a1, a2 = a0 / span, a1 / span, a2 / span
    o0 = 2.0 * x0 - before0 - after0
    o1 = 2.0 * x1 - before1 - after1
    o2 = 2.0 * x2 - before2 - after2
    lengthwise = o0 * a0 + o1 * a1 + o2 * a2
    o0, o1, o2 = o0 - lengthwise * a0, o1 - lengthwise * a1, o2 - lengthwise * a2
    size = math.sqrt(o0 * o0 + o1 * o1 + o2 * o2)
    if size < NO_LENGTH:
        # Three Cα in a line have no outward direction: take any across.
        if abs(a0) < NEARLY_ALONG:
            o0, o1, o2 = 1.0 - a0 * a0, -a0 * a1, -a0 * a2
        else:
            o0, o1, o2 = -a1 * a0, 1.0 - a1 * a1, -a1 * a2
        size = math.sqrt(o0 * o0 + o1 * o1 + o2 * o2)
    o0, o1, o2 = o0 / size, o1 / size, o2 / size
    n0, n1, n2 = a1 * o2 - a2 * o1, a2 * o0 - a0 * o2, a0 * o1 - a1 * o0
    extended = (span - COMPACT_BELOW) / (EXTENDED_ABOVE - COMPACT_BELOW)
    extended = min(1.0, max(0.0, extended))
    s0 = centres[i, 0, 0] + extended * (centres[i, 1, 0] - centres[i, 0, 0])
    s1 = centres[i, 0, 1] + extended * (centres[i, 1, 1] - centres[i, 0, 1])
    s2 = centres[i, 0, 2] + extended * (centres[i, 1, 2] - centres[i, 0, 2])
    p0 = s0 * a0 + s1 * o0 + s2 * n0
    p1 = s0 * a1 + s1 * o1 + s2 * n1
    p2 = s0 * a2 + s1 * o2 + s2 * n2
    put(beads, i, ALONG, a0, a1, a2)
    put(beads, i, NORMAL, n0, n1, n2)
    put(beads, i, SIDECHAIN, x0 + p0, x1 + p1, x2 + p2)
    size = math.sqrt(p0 * p0 + p1 * p1 + p2 * p2)
    if size < NO_SIDE_CHAIN:
        put(beads, i, POINTING, o0, o1, o2)
    else:
        put(beads, i, POINTING, p0 / size, p1 / size, p2 / size)


@inlined
def put(beads, i, column, x, y, z):
    """Set three columns of row i."""
    beads[i, column], beads[i, column + 1], beads[i, column + 2] = x, y, z


@njit(cache=True)
def all_frames(beads, first, last, centres):
    """`residue_frame` of every residue; `first`, `last` (L,) and `centres` (L, 2, 3) by residue."""
    for i in range(beads.shape[0]):
        residue_frame(beads, i, first[i], last[i], centres)
