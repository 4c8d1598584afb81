"""Numba kernels of the terms of single beads against maps and starts, and of restraints."""

from __future__ import annotations

import math

from critasser.assembly.chain_kernels import ramp
from critasser.assembly.frame_kernels import calpha_of
from critasser.assembly.terms import SIDECHAIN
from critasser.structure.compilation import inlined

__all__ = ["look_up", "place_energies", "restraint_energy", "side_energy"]

IDENTITY_FULL, IDENTITY_NONE = 0.8, 2.5
"""Å between a Cα and a predicted one within which they are the same residue, and beyond which
they are not."""

PLACE_WIDTH_SQUARED = 2.25
"""Å²; (1.5 Å)², at which a residue has half of what it gains where the starts put it."""

OFF_UNIT = 1.0
"""Å beyond the spread at which a pair restraint has half its strength."""


@inlined
def look_up(field, origin, voxel, x, y, z):
    """Trilinear value of a field (nz, ny, nx); 0 outside."""
    fx, fy, fz = (x - origin[0]) / voxel[0], (y - origin[1]) / voxel[1], (z - origin[2]) / voxel[2]
    nz, ny, nx = field.shape
    if not (0.0 <= fx < nx - 1 and 0.0 <= fy < ny - 1 and 0.0 <= fz < nz - 1):
        return 0.0
    i, j, k = int(fx), int(fy), int(fz)
    u, v, w = fx - i, fy - j, fz - k
    low = (field[k, j, i] * (1 - u) + field[k, j, i + 1] * u) * (1 - v) + (
        field[k, j + 1, i] * (1 - u) + field[k, j + 1, i + 1] * u
    ) * v
    high = (field[k + 1, j, i] * (1 - u) + field[k + 1, j, i + 1] * u) * (1 - v) + (
        field[k + 1, j + 1, i] * (1 - u) + field[k + 1, j + 1, i + 1] * u
    ) * v
    return low * (1 - w) + high * w


@inlined
def place_energies(model, beads, i):
    """Energies at weight 1 of a Cα in the field, as a residue of its type at a predicted Cα, and
    where starts have it; beads (L, BEAD)."""
    x, y, z = calpha_of(beads, i)
    field = -look_up(model.calpha_field, model.origin, model.voxel, x, y, z)
    identity = 0.0
    nz, ny, nx = model.nearest.shape
    gx = math.floor((x - model.origin[0]) / model.voxel[0] + 0.5)
    gy = math.floor((y - model.origin[1]) / model.voxel[1] + 0.5)
    gz = math.floor((z - model.origin[2]) / model.voxel[2] + 0.5)
    if 0 <= gx < nx and 0 <= gy < ny and 0 <= gz < nz:
        n = model.nearest[gz, gy, gx]
        if n >= 0:
            dx = model.predicted[n, 0] - x
            dy = model.predicted[n, 1] - y
            dz = model.predicted[n, 2] - z
            square = dx * dx + dy * dy + dz * dz
            if square < IDENTITY_NONE * IDENTITY_NONE:
                fit = ramp(math.sqrt(square), IDENTITY_FULL, IDENTITY_NONE)
                identity = fit * model.identity[n, model.codes[i]]
    best = 0.0
    for k in range(model.places.shape[1]):
        weight = model.place_weight[i, k]
        # Places come by weight, most first; a centroid's own is put before them.
        if weight <= best:
            continue
        dx = model.places[i, k, 0] - x
        dy = model.places[i, k, 1] - y
        dz = model.places[i, k, 2] - z
        value = weight / (1.0 + (dx * dx + dy * dy + dz * dz) / PLACE_WIDTH_SQUARED)
        best = max(best, value)
    return field, identity, -best


@inlined
def side_energy(model, beads, i):
    """Energy of a side chain in the field; beads (L, BEAD)."""
    x, y, z = beads[i, SIDECHAIN], beads[i, SIDECHAIN + 1], beads[i, SIDECHAIN + 2]
    value = look_up(model.sidechain_field, model.origin, model.voxel, x, y, z)
    return -model.sidechain_weight[i] * value


@inlined
def restraint_energy(model, beads, i, row):
    """Energy at weight 1 of one restraint of residue i; beads (L, BEAD)."""
    j = model.pair_other[row]
    dx = beads[j, 0] - beads[i, 0]
    dy = beads[j, 1] - beads[i, 1]
    dz = beads[j, 2] - beads[i, 2]
    d = math.sqrt(dx * dx + dy * dy + dz * dz)
    off = max(0.0, abs(d - model.pair_distance[row]) - model.pair_spread[row])
    return -model.pair_weight[row] / (1.0 + off / OFF_UNIT)
