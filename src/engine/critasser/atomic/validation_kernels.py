"""Numba kernel that finds bonds through rings, triangle by triangle."""

from __future__ import annotations

import numpy as np
from numba import njit

from critasser.structure.compilation import within_kernels

__all__ = ["MOST_CORNERS", "RING_REACH", "bonds_through_rings"]

MOST_CORNERS = 6
"""Of a ring."""

RING_REACH = 3.0
"""Å from a ring's centre to the middle of a bond beyond which the bond can't pass through it."""

FLAT = 1e-9
"""Å³; volume below which a bond lies in a triangle's plane and passes through nothing."""


@within_kernels
def _cross(a, b):
    """Cross product of two vectors, each as a tuple (x, y, z)."""
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@within_kernels
def _dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@within_kernels
def _from(a, b):
    """The way from one point to another, as a tuple."""
    return b[0] - a[0], b[1] - a[1], b[2] - a[2]


@within_kernels
def _passes(start, step, centre, first, second):
    """Whether a bond passes through the triangle of a ring's centre and two neighbouring corners.

    Möller T, Trumbore B (1997) J Graph Tools 2, 21.
    """
    side, other, offset = _from(centre, first), _from(centre, second), _from(centre, start)
    across = _cross(step, other)
    volume = _dot(side, across)
    if abs(volume) < FLAT:
        return False
    u = _dot(offset, across) / volume
    turned = _cross(offset, side)
    v = _dot(step, turned) / volume
    t = _dot(other, turned) / volume
    return u >= 0.0 and v >= 0.0 and u + v <= 1.0 and 0.0 <= t <= 1.0


@njit(cache=True)
def bonds_through_rings(rings, sizes, ring_residue, bonds, bond_residues):
    """Pairs (ring, bond) where a bond of other atoms passes through a ring.

    Parameters
    ----------
    rings : (r, 6, 3) corners of the rings, the first `sizes[i]` count.
    ring_residue : (r,) residue of each ring.
    bonds : (b, 2, 3) ends of the bonds.
    bond_residues : (b, 2) residues of the ends; bonds that touch the ring's residue are left out.

    Returns
    -------
    (k, 2) int64
    """
    through = np.empty((len(bonds), 2), np.int64)
    found = 0
    centre = np.empty(3)
    for r in range(len(rings)):
        count = sizes[r]
        for k in range(3):
            centre[k] = 0.0
            for i in range(count):
                centre[k] += rings[r, i, k] / count
        for b in range(len(bonds)):
            if bond_residues[b, 0] == ring_residue[r] or bond_residues[b, 1] == ring_residue[r]:
                continue
            start, step = bonds[b, 0], _from(bonds[b, 0], bonds[b, 1])
            x, y, z = _from(centre, start)
            x, y, z = x + 0.5 * step[0], y + 0.5 * step[1], z + 0.5 * step[2]
            if x * x + y * y + z * z > RING_REACH * RING_REACH:
                continue
            for i in range(count):
                if _passes(start, step, centre, rings[r, i], rings[r, (i + 1) % count]):
                    if found == len(through):
                        longer = np.empty((2 * found, 2), np.int64)
                        for k in range(found):
                            longer[k, 0], longer[k, 1] = through[k, 0], through[k, 1]
                        through = longer
                    through[found, 0], through[found, 1] = r, b
                    found += 1
                    break
    return through[:found].copy()
