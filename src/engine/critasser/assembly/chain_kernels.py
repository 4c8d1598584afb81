"""Numba kernels of the terms along a chain: bonds, distances of near residues, helices, radius."""

from __future__ import annotations

import math

from critasser.assembly.bins import BINS13, BINS14, BINS15
from critasser.assembly.frame_kernels import calpha_of
from critasser.structure.compilation import inlined
from critasser.structure.geometry import CALPHA_BOND, CIS_BOND

__all__ = ["WINDOW", "add_moment", "gyration_energy", "ramp", "window_energies"]

WINDOW = 5
"""Residues of the widest window along the chain."""

HELIX_13, HELIX_14, HELIX_15 = 5.45, 5.05, 6.2
"""Å from Cα(i) to i+2, i+3, i+4 in an α-helix (rise 1.5 Å, radius 2.3 Å, 100° a residue)."""

HELIX_13_FULL, HELIX_13_NONE = 0.3, 1.0
"""Å off at which a distance to i+2 is as in a helix, and no more."""

HELIX_FULL, HELIX_NONE = 0.4, 1.5
"""The same in Å for distances to i+3 and i+4."""

GYRATION_SOFTNESS = 5.0
"""Å of excess radius from which the penalty goes on linearly, so that long tails can fold back."""


@inlined
def ramp(value, full, none):
    """1 at `full`, 0 at `none`, straight between."""
    return min(1.0, max(0.0, (value - none) / (full - none)))


@inlined
def _between(table, i, at):
    """Value in row i between bin centres; beyond the ends a slope that leads back."""
    at -= 0.5
    top = table.shape[1] - 1
    if at < 0.0:
        return table[i, 0] - at
    if at >= top:
        return table[i, top] + (at - top)
    k = int(at)
    return table[i, k] + (at - k) * (table[i, k + 1] - table[i, k])


@inlined
def _bond_strain(distance, cis_cost):
    """Squared strain of a bond in Å²: of a trans peptide, or of a cis one where that costs less."""
    trans, cis = distance - CALPHA_BOND, distance - CIS_BOND
    return min(trans * trans, cis * cis + cis_cost)


@inlined
def window_energies(model, beads, i):
    """Energies at weight 1 of the bond from residue i, of the distances to the three beyond, and of
    a helix that begins with it; beads (L, BEAD)."""
    end = model.last[i]
    bond, local, helix = 0.0, 0.0, 0.0
    if i == end:
        return bond, local, helix
    x0, y0, z0 = calpha_of(beads, i)
    x1, y1, z1 = calpha_of(beads, i + 1)
    ax, ay, az = x1 - x0, y1 - y0, z1 - z0
    bond = _bond_strain(math.sqrt(ax * ax + ay * ay + az * az), model.cis_cost[i])
    if i + 2 > end:
        return bond, local, helix
    x2, y2, z2 = calpha_of(beads, i + 2)
    d13 = math.sqrt((x2 - x0) ** 2 + (y2 - y0) ** 2 + (z2 - z0) ** 2)
    local = _between(model.distance13, i, (d13 - BINS13[0]) / BINS13[1])
    if i + 3 > end:
        return bond, local, helix
    x3, y3, z3 = calpha_of(beads, i + 3)
    d14 = math.sqrt((x3 - x0) ** 2 + (y3 - y0) ** 2 + (z3 - z0) ** 2)
    bx, by, bz = x2 - x1, y2 - y1, z2 - z1
    turn = (ay * bz - az * by) * (x3 - x2) + (az * bx - ax * bz) * (y3 - y2)
    turn += (ax * by - ay * bx) * (z3 - z2)
    signed = -d14 if turn < 0.0 else d14
    t = min(BINS14[2] - 1, max(0, math.floor((signed - BINS14[0]) / BINS14[1])))
    local += model.distance14[i, t]
    if i + 4 > end:
        return bond, local, helix
    x4, y4, z4 = calpha_of(beads, i + 4)
    d15 = math.sqrt((x4 - x0) ** 2 + (y4 - y0) ** 2 + (z4 - z0) ** 2)
    local += _between(model.distance15, i, (d15 - BINS15[0]) / BINS15[1])
    if model.helix[i] > 0.0 and signed > 0.0:
        fit = (
            ramp(abs(d13 - HELIX_13), HELIX_13_FULL, HELIX_13_NONE)
            * ramp(abs(d14 - HELIX_14), HELIX_FULL, HELIX_NONE)
            * ramp(abs(d15 - HELIX_15), HELIX_FULL, HELIX_NONE)
        )
        helix = -model.helix[i] * fit
    return bond, local, helix


@inlined
def add_moment(moments, turn, chain, beads, i, sign):
    """Add (1) or take away (−1) the share of a Cα of beads (L, BEAD) in its chain's moments."""
    x, y, z = calpha_of(beads, i)
    moments[turn, chain, 0] += sign
    moments[turn, chain, 1] += sign * x
    moments[turn, chain, 2] += sign * y
    moments[turn, chain, 3] += sign * z
    moments[turn, chain, 4] += sign * (x * x + y * y + z * z)


@inlined
def gyration_energy(moments, turn, chain, largest):
    """Penalty of a chain wider than `largest`, the radius of a folded chain of its length."""
    n = moments[turn, chain, 0]
    x, y, z = moments[turn, chain, 1], moments[turn, chain, 2], moments[turn, chain, 3]
    square = (moments[turn, chain, 4] - (x * x + y * y + z * z) / n) / n
    excess = math.sqrt(max(0.0, square)) - largest
    return 0.0 if excess <= 0.0 else n * excess * excess / (excess + GYRATION_SOFTNESS)
