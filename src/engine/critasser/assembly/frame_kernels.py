"""Numba kernels that place side-chain centres: the frame of a residue from three Cα."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

__all__ = [
    "COMPACT_BELOW", "EXTENDED_ABOVE", "Frames", "all_frames", "residue_frame", "rotation_about",
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


class Frames(NamedTuple):
    """Frames of L residues, each array (L, 3) float64."""

    along: np.ndarray  # unit vectors along the chain
    normal: np.ndarray  # across the plane of three Cα: hydrogen bonds of a strand
    pointing: np.ndarray  # from Cα to side chain
    sidechain: np.ndarray  # position of the side chain's centre, Å


@njit(cache=True)
def rotation_about(axis, angle, rotation):
    """Rotation matrix about a unit axis (3,) by an angle in radians, into `rotation` (3, 3)."""
    x, y, z = axis[0], axis[1], axis[2]
    c, s = math.cos(angle), math.sin(angle)
    t = 1.0 - c
    rotation[0, 0] = t * x * x + c
    rotation[0, 1] = t * x * y - s * z
    rotation[0, 2] = t * x * z + s * y
    rotation[1, 0] = t * x * y + s * z
    rotation[1, 1] = t * y * y + c
    rotation[1, 2] = t * y * z - s * x
    rotation[2, 0] = t * x * z - s * y
    rotation[2, 1] = t * y * z + s * x
    rotation[2, 2] = t * z * z + c


@njit(cache=True)
def residue_frame(calpha, i, first, last, centres, frames):
    """Frame of residue i from three Cα, and its side-chain centre from the frame.

    Parameters
    ----------
    calpha : (L, 3) float64
        Å.
    i : int
        Residue; its chain is `first` … `last`, inclusive. At a chain's end the missing neighbour
        is put where it makes a parallelogram with the next two residues.
    first, last : int
    centres : (2, 3) float64
        Side-chain centre of the residue's type in the frame, compact and extended, Å.
    frames : Frames
        Row i is written.
    """
    before0, before1, before2 = 0.0, 0.0, 0.0
    after0, after1, after2 = 0.0, 0.0, 0.0
    x0, x1, x2 = calpha[i, 0], calpha[i, 1], calpha[i, 2]
    if last - first < 2:
        step0, step1 = TOO_SHORT_FOR_FRAME
        before0, before1, before2 = x0 - step0, x1 + step1, x2
        after0, after1, after2 = x0 + step0, x1 + step1, x2
    elif i == first:
        after0, after1, after2 = calpha[i + 1, 0], calpha[i + 1, 1], calpha[i + 1, 2]
        before0 = x0 + after0 - calpha[i + 2, 0]
        before1 = x1 + after1 - calpha[i + 2, 1]
        before2 = x2 + after2 - calpha[i + 2, 2]
    elif i == last:
        before0, before1, before2 = calpha[i - 1, 0], calpha[i - 1, 1], calpha[i - 1, 2]
        after0 = x0 + before0 - calpha[i - 2, 0]
        after1 = x1 + before1 - calpha[i - 2, 1]
        after2 = x2 + before2 - calpha[i - 2, 2]
    else:
        before0, before1, before2 = calpha[i - 1, 0], calpha[i - 1, 1], calpha[i - 1, 2]
        after0, after1, after2 = calpha[i + 1, 0], calpha[i + 1, 1], calpha[i + 1, 2]
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
    s0 = centres[0, 0] + extended * (centres[1, 0] - centres[0, 0])
    s1 = centres[0, 1] + extended * (centres[1, 1] - centres[0, 1])
    s2 = centres[0, 2] + extended * (centres[1, 2] - centres[0, 2])
    p0 = s0 * a0 + s1 * o0 + s2 * n0
    p1 = s0 * a1 + s1 * o1 + s2 * n1
    p2 = s0 * a2 + s1 * o2 + s2 * n2
    put_row(frames.along, i, a0, a1, a2)
    put_row(frames.normal, i, n0, n1, n2)
    put_row(frames.sidechain, i, x0 + p0, x1 + p1, x2 + p2)
    size = math.sqrt(p0 * p0 + p1 * p1 + p2 * p2)
    if size < NO_SIDE_CHAIN:
        put_row(frames.pointing, i, o0, o1, o2)
    else:
        put_row(frames.pointing, i, p0 / size, p1 / size, p2 / size)


@njit(cache=True, forceinline=True)
def put_row(array, i, x, y, z):
    """Set row i of an array (L, 3)."""
    array[i, 0], array[i, 1], array[i, 2] = x, y, z


@njit(cache=True)
def all_frames(calpha, first, last, centres, frames):
    """`residue_frame` of every residue; `first`, `last` (L,) and `centres` (L, 2, 3) by residue."""
    for i in range(calpha.shape[0]):
        residue_frame(calpha, i, first[i], last[i], centres[i], frames)
