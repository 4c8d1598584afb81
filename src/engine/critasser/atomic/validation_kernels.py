"""Numba kernel that finds bonds through rings, triangle by triangle."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["MOST_CORNERS", "RING_REACH", "bonds_through_rings"]

MOST_CORNERS = 6
"""Of a ring."""

RING_REACH = 3.0
"""Å from a ring's centre to the middle of a bond beyond which the bond can't pass through it."""

FLAT = 1e-9
"""Å³; volume below which a bond lies in a triangle's plane and passes through nothing."""


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
    through = []
    for r in range(len(rings)):
        count = sizes[r]
        centre = np.zeros(3)
        for i in range(count):
            centre += rings[r, i]
        centre /= count
        for b in range(len(bonds)):
            if bond_residues[b, 0] == ring_residue[r] or bond_residues[b, 1] == ring_residue[r]:
                continue
            start = bonds[b, 0]
            step = bonds[b, 1] - start
            away = start + 0.5 * step - centre
            square = away[0] * away[0] + away[1] * away[1] + away[2] * away[2]
            if square > RING_REACH * RING_REACH:
                continue
            for i in range(count):
                first = rings[r, i] - centre
                second = rings[r, (i + 1) % count] - centre
                across = np.cross(step, second)
                volume = np.dot(first, across)
                if abs(volume) < FLAT:
                    continue
                offset = start - centre
                u = np.dot(offset, across) / volume
                turned = np.cross(offset, first)
                v = np.dot(step, turned) / volume
                t = np.dot(second, turned) / volume
                if u >= 0.0 and v >= 0.0 and u + v <= 1.0 and 0.0 <= t <= 1.0:
                    through.append((r, b))
                    break
    result = np.empty((len(through), 2), np.int64)
    for k in range(len(through)):
        result[k, 0], result[k, 1] = through[k]
    return result
