"""Numba kernels of the bead chain: residue frames, side-chain centres, random numbers."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

__all__ = ["next_normal", "next_uniform", "residue_frame", "rotation_about", "seed_stream"]

# Between these Cα(i−1)–Cα(i+1) distances in Å (angles of 100° and 111°) the compact and the
# extended side chain are mixed: a jump at 105° would be a jump in energy.
COMPACT_BELOW, EXTENDED_ABOVE = 5.82, 6.26


@njit(cache=True)
def seed_stream(seed):
    """State (2,) uint64 of a stream of random numbers (xoroshiro128+, Blackman & Vigna 2018)."""
    state = np.empty(2, dtype=np.uint64)
    z = np.uint64(seed)
    for k in range(2):
        z += np.uint64(0x9E3779B97F4A7C15)
        m = z
        m = (m ^ (m >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        m = (m ^ (m >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state[k] = m ^ (m >> np.uint64(31))
    return state


@njit(cache=True)
def next_uniform(state):
    """Next number in [0, 1); the stream's state (2,) uint64 goes on."""
    a, b = state[0], state[1]
    result = a + b
    b ^= a
    state[0] = ((a << np.uint64(24)) | (a >> np.uint64(40))) ^ b ^ (b << np.uint64(16))
    state[1] = (b << np.uint64(37)) | (b >> np.uint64(27))
    return (result >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@njit(cache=True)
def next_normal(state):
    """Next number of a standard normal distribution (Box and Muller)."""
    radius = math.sqrt(-2.0 * math.log(1.0 - next_uniform(state)))
    return radius * math.cos(2.0 * math.pi * next_uniform(state))


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
def residue_frame(calpha, i, first, last, centres, along, normal, pointing, sidechain):
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
    along, normal, pointing, sidechain : (3,) float64
        Results: unit vectors along the chain, across the plane of the three Cα (the direction of
        hydrogen bonds in a strand), from Cα to the side chain; position of its centre.
    """
    before0, before1, before2 = 0.0, 0.0, 0.0
    after0, after1, after2 = 0.0, 0.0, 0.0
    x0, x1, x2 = calpha[i, 0], calpha[i, 1], calpha[i, 2]
    if last - first < 2:
        before0, before1, before2 = x0 - 2.6, x1 + 2.8, x2
        after0, after1, after2 = x0 + 2.6, x1 + 2.8, x2
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
    if span < 1e-6:
        a0, a1, a2 = 1.0, 0.0, 0.0
    else:
        a0, a1, a2 = a0 / span, a1 / span, a2 / span
    o0 = 2.0 * x0 - before0 - after0
    o1 = 2.0 * x1 - before1 - after1
    o2 = 2.0 * x2 - before2 - after2
    lengthwise = o0 * a0 + o1 * a1 + o2 * a2
    o0, o1, o2 = o0 - lengthwise * a0, o1 - lengthwise * a1, o2 - lengthwise * a2
    size = math.sqrt(o0 * o0 + o1 * o1 + o2 * o2)
    if size < 1e-6:
        # Three Cα in a line have no outward direction: take any across.
        if abs(a0) < 0.9:
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
    along[0], along[1], along[2] = a0, a1, a2
    normal[0], normal[1], normal[2] = n0, n1, n2
    sidechain[0], sidechain[1], sidechain[2] = x0 + p0, x1 + p1, x2 + p2
    size = math.sqrt(p0 * p0 + p1 * p1 + p2 * p2)
    if size < 0.3:
        pointing[0], pointing[1], pointing[2] = o0, o1, o2
    else:
        pointing[0], pointing[1], pointing[2] = p0 / size, p1 / size, p2 / size


@njit(cache=True)
def all_frames(calpha, first, last, centres, along, normal, pointing, sidechain):
    """`residue_frame` of every residue; `first`, `last` (L,) and `centres` (L, 2, 3) by residue."""
    for i in range(calpha.shape[0]):
        residue_frame(
            calpha, i, first[i], last[i], centres[i],
            along[i], normal[i], pointing[i], sidechain[i],
        )  # fmt: skip
