"""Numba kernels of the energy: of a stretch of residues, and of whole chains.

A move changes the Cα of residues a … b and so the frames and side chains of a − 1 … b + 1. What a
move costs is the difference of `bead_energy` and `neighbour_energy` before and after, in which each
term that touches the stretch counts once. `Model` holds what never changes, `State` one replica.

Both are tuples of many arrays, and passing them costs more than an inner loop: hence the inlining,
and inner functions that take the arrays they need.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from critasser.assembly.bins import (
    BINS13,
    BINS14,
    BINS15,
    CONTACT_BIN,
    CONTACT_REACH,
    FACING,
    RAMP,
    SEPARATION,
)
from critasser.assembly.frame_kernels import Frames, residue_frame
from critasser.structure.geometry import CALPHA_BOND, CIS_BOND, PREFERRED_NEAREST

__all__ = [
    "BOND", "BURIAL", "CALPHA_CELLS", "CALPHA_REACH", "CONTACT", "EXCLUDED", "FIELD", "GYRATION",
    "HELIX", "IDENTITY", "LOCAL", "OVERLAP", "PLACE", "PAIR", "SHEET", "SIDECHAIN_CELLS", "TERMS",
    "Model", "State", "bead_energy", "distance_between", "fill_state", "look_up",
    "neighbour_energy", "ramp", "total_energy", "total_gyration",
]  # fmt: skip

# Terms in the order of `Model.weights` and of the vectors of components.
BOND, LOCAL, HELIX, EXCLUDED, OVERLAP, CONTACT, SHEET, BURIAL, GYRATION = range(9)
FIELD, IDENTITY, PLACE, PAIR = range(9, 13)
TERMS = 13

# Kinds of neighbour cells.
CALPHA_CELLS, SIDECHAIN_CELLS = 0, 1

# Ranges of the terms: the geometry that each describes. What was tuned are the terms' weights, see
# `energy.Weights`.
CALPHA_REACH = 7.0
"""Å; edge of the cells of Cα, and beyond which no term looks for Cα neighbours."""

BACKBONE_SEPARATION = 3
"""Cα nearer than this along the chain do not repel; nearer or equal, they are no sheet."""

OTHER_CHAIN = 1000
"""Separation along the chain of residues of different chains: more than any threshold."""

SHEET_REACH, SHEET_FULL = 6.5, 5.5
"""Å between Cα of neighbouring strands (4.8–5.5 Å) beyond which there is no sheet bond, and below
which it counts fully."""

SHEET_NEAREST, SHEET_NEAR = 3.8, 4.4
"""Å at and below which two Cα are too near for a sheet, and from which they are not."""

SHEET_ALIGNED, SHEET_CROSSED = 0.85, 0.5
"""Cosines (32° and 60°) at which chains, or hydrogen bonds, agree fully and not at all."""

COINCIDENT = 1e-6
"""Å; two Cα nearer than this have no direction between them."""

GYRATION_SOFTNESS = 5.0
"""Å of excess radius from which the penalty goes on linearly, so that long tails can fold back."""

HELIX_13, HELIX_14, HELIX_15 = 5.45, 5.05, 6.2
"""Å from Cα(i) to i+2, i+3, i+4 in an α-helix (rise 1.5 Å, radius 2.3 Å, 100° a residue)."""

HELIX_13_FULL, HELIX_13_NONE = 0.3, 1.0
"""Å off at which a distance to i+2 is as in a helix, and no more."""

HELIX_FULL, HELIX_NONE = 0.4, 1.5
"""The same in Å for distances to i+3 and i+4."""

IDENTITY_FULL, IDENTITY_NONE = 0.8, 2.5
"""Å between a Cα and a predicted one within which they are the same residue, and beyond which
they are not."""

PLACE_WIDTH_SQUARED = 2.25
"""Å²; (1.5 Å)², at which a residue has half of what it gains where the starts put it."""

OFF_UNIT = 1.0
"""Å beyond the spread at which a pair restraint has half its strength."""

LAST_ENTRY = 1.001
"""Entries from the end of the burial table where a count stops, so that it has an entry beyond."""

NOTED = 1e-12
"""Stands for a change of count that happens to be 0: exactly 0 means not noted yet."""


class Model(NamedTuple):
    """All that the energy knows; L residues, C chains. Lengths in Å, energies at weight 1."""

    codes: np.ndarray  # (L,) int64
    chain: np.ndarray  # (L,) int64
    first: np.ndarray  # (L,) int64, first residue of the residue's chain
    last: np.ndarray  # (L,) int64, its last
    runs: np.ndarray  # (L, 2) int64, first and last residue around it that may move with it
    moving: np.ndarray  # (m,) int64, residues at which moves begin
    cis_cost: np.ndarray  # (L,) Å² that a cis peptide to the next residue costs; inf: never cis
    centres: np.ndarray  # (L, 2, 3) side-chain centres in the residue's frame
    distance13: np.ndarray  # (L, 20) float32, by first residue of the window
    distance14: np.ndarray  # (L, 48) float32
    distance15: np.ndarray  # (L, 24) float32
    contact: np.ndarray  # (20, 20, 3, 16) float32
    burial: np.ndarray  # (20, 32) float32
    closest: np.ndarray  # (20,)
    helix: np.ndarray  # (L,) how much a helical window from here counts
    strand: np.ndarray  # (L,) how much a residue counts in a sheet
    calpha_field: np.ndarray  # (nz, ny, nx) float32
    sidechain_field: np.ndarray  # (nz, ny, nx) float32
    sidechain_weight: np.ndarray  # (L,)
    origin: np.ndarray  # (3,) x, y, z
    voxel: np.ndarray  # (3,)
    predicted: np.ndarray  # (n, 3) predicted Cα
    nearest: np.ndarray  # (nz, ny, nx) int32, index into predicted, −1 where none is near
    identity: np.ndarray  # (n, 20) float32 energy of a residue type at a predicted Cα
    places: np.ndarray  # (L, K, 3) where starts have put the residue
    place_weight: np.ndarray  # (L, K)
    pair_start: np.ndarray  # (L + 1,) int64, rows of the restraints of each residue
    pair_other: np.ndarray  # (m,) int64
    pair_distance: np.ndarray  # (m,)
    pair_spread: np.ndarray  # (m,)
    pair_weight: np.ndarray  # (m,)
    gyration: np.ndarray  # (C,) largest radius without penalty
    cell_origin: np.ndarray  # (3,)
    cell_count: np.ndarray  # (2, 3) int64: of Cα cells, of side-chain cells
    weights: np.ndarray  # (TERMS,)


class State(NamedTuple):
    """One replica's chain and its neighbour lists."""

    calpha: np.ndarray  # (L, 3)
    sidechain: np.ndarray  # (L, 3)
    along: np.ndarray  # (L, 3)
    normal: np.ndarray  # (L, 3)
    pointing: np.ndarray  # (L, 3)
    count: np.ndarray  # (L,) side chains around each side chain
    change: np.ndarray  # (L,) scratch: change of count
    touched: np.ndarray  # (L + 1,) int64 scratch: number of changed counts, then which
    moments: np.ndarray  # (C, 5) number, sum of x, y, z, of squares
    head: np.ndarray  # (2, cells) int32, first residue in a cell
    next: np.ndarray  # (2, L) int32
    previous: np.ndarray  # (2, L) int32, −1 − cell for the first in a cell
    cell: np.ndarray  # (2, L) int32


@njit(cache=True, forceinline=True, error_model="numpy")
def cell_of(origin, count, kind, x, y, z):
    """Cell of a position; what lies outside counts as in the outermost cell."""
    edge = CALPHA_REACH if kind == CALPHA_CELLS else CONTACT_REACH
    nx, ny, nz = count[kind, 0], count[kind, 1], count[kind, 2]
    i = min(nx - 1, max(0, math.floor((x - origin[0]) / edge)))
    j = min(ny - 1, max(0, math.floor((y - origin[1]) / edge)))
    k = min(nz - 1, max(0, math.floor((z - origin[2]) / edge)))
    return (k * ny + j) * nx + i


@njit(cache=True, forceinline=True, error_model="numpy")
def link(state, kind, i, cell):
    """Put residue i into a cell's list."""
    head, after, before, home = state.head, state.next, state.previous, state.cell
    other = head[kind, cell]
    after[kind, i] = other
    if other >= 0:
        before[kind, other] = i
    before[kind, i] = -1
    head[kind, cell] = i
    home[kind, i] = cell


@njit(cache=True, forceinline=True, error_model="numpy")
def relink(model, state, positions, kind, i):
    """Bring residue i into the cell where its bead now is."""
    cell = cell_of(
        model.cell_origin, model.cell_count, kind,
        positions[i, 0], positions[i, 1], positions[i, 2],
    )  # fmt: skip
    head, after, before, home = state.head, state.next, state.previous, state.cell
    if cell == home[kind, i]:
        return
    left, right = before[kind, i], after[kind, i]
    if left >= 0:
        after[kind, left] = right
    else:
        head[kind, home[kind, i]] = right
    if right >= 0:
        before[kind, right] = left
    link(state, kind, i, cell)


@njit(cache=True, error_model="numpy")
def refresh_frames(model, state, low, high):
    """Frames, side chains and cells of residues low … high from their Cα."""
    frames = Frames(state.along, state.normal, state.pointing, state.sidechain)
    for i in range(low, high + 1):
        residue_frame(state.calpha, i, model.first[i], model.last[i], model.centres[i], frames)
        relink(model, state, state.calpha, CALPHA_CELLS, i)
        relink(model, state, state.sidechain, SIDECHAIN_CELLS, i)


@njit(cache=True, error_model="numpy")
def fill_state(model, state):
    """All of a state from its Cα alone."""
    n = state.calpha.shape[0]
    state.head[:] = -1
    frames = Frames(state.along, state.normal, state.pointing, state.sidechain)
    for i in range(n):
        residue_frame(state.calpha, i, model.first[i], model.last[i], model.centres[i], frames)
        for kind in range(2):
            at = state.calpha[i] if kind == CALPHA_CELLS else state.sidechain[i]
            cell = cell_of(model.cell_origin, model.cell_count, kind, at[0], at[1], at[2])
            link(state, kind, i, cell)
    state.moments[:] = 0.0
    for i in range(n):
        add_moment(state.calpha, state.moments, model.chain[i], i, 1.0)
    state.change[:] = 0.0
    state.touched[0] = 0
    spare = np.zeros(TERMS)
    pair_energy(model, state, 0, n - 1, 1.0, spare)
    for i in range(n):
        state.count[i] = state.change[i]
        state.change[i] = 0.0
    state.touched[0] = 0


@njit(cache=True, forceinline=True, error_model="numpy")
def add_moment(calpha, moments, chain, i, sign):
    """Add (1) or take away (−1) a Cα's share of its chain's radius of gyration."""
    x, y, z = calpha[i, 0], calpha[i, 1], calpha[i, 2]
    moments[chain, 0] += sign
    moments[chain, 1] += sign * x
    moments[chain, 2] += sign * y
    moments[chain, 3] += sign * z
    moments[chain, 4] += sign * (x * x + y * y + z * z)


@njit(cache=True, forceinline=True, error_model="numpy")
def gyration_energy(moments, largest, chain):
    """Penalty of a chain wider than a folded chain of its length can be."""
    n = moments[chain, 0]
    square = moments[chain, 1] ** 2 + moments[chain, 2] ** 2 + moments[chain, 3] ** 2
    square = (moments[chain, 4] - square / n) / n
    excess = math.sqrt(max(0.0, square)) - largest[chain]
    return 0.0 if excess <= 0.0 else n * excess * excess / (excess + GYRATION_SOFTNESS)


@njit(cache=True, forceinline=True, error_model="numpy")
def burial_energy(burial, code, count):
    """Energy of a residue with that many side chains around its own, between table entries."""
    count = min(max(count, 0.0), burial.shape[1] - LAST_ENTRY)
    k = int(count)
    return burial[code, k] + (count - k) * (burial[code, k + 1] - burial[code, k])


@njit(cache=True, forceinline=True, error_model="numpy")
def burial_change(model, state):
    """Energy of all changes of counts that wait in `state.change`."""
    total = 0.0
    for t in range(state.touched[0]):
        i = state.touched[t + 1]
        code = model.codes[i]
        total += burial_energy(model.burial, code, state.count[i] + state.change[i])
        total -= burial_energy(model.burial, code, state.count[i])
    return total


@njit(cache=True, forceinline=True, error_model="numpy")
def note(change, touched, i, amount):
    """Note that residue i gains a part of a neighbour."""
    if change[i] == 0.0:
        touched[0] += 1
        touched[touched[0]] = i
    change[i] += amount
    if change[i] == 0.0:
        change[i] = NOTED


@njit(cache=True, forceinline=True, error_model="numpy")
def ramp(value, full, none):
    """1 at `full`, 0 at `none`, straight between."""
    return min(1.0, max(0.0, (value - none) / (full - none)))


@njit(cache=True, forceinline=True, error_model="numpy")
def sheet_bond(along, normal, i, j, dx, dy, dz, distance):
    """How well two residues lie as neighbours in a sheet, 0 … 1; (dx, dy, dz) between them."""
    side = abs(along[i, 0] * along[j, 0] + along[i, 1] * along[j, 1] + along[i, 2] * along[j, 2])
    side = ramp(side, SHEET_ALIGNED, SHEET_CROSSED)
    if side <= 0.0:
        return 0.0
    first = abs(normal[i, 0] * dx + normal[i, 1] * dy + normal[i, 2] * dz) / distance
    second = abs(normal[j, 0] * dx + normal[j, 1] * dy + normal[j, 2] * dz) / distance
    first = ramp(first, SHEET_ALIGNED, SHEET_CROSSED)
    second = ramp(second, SHEET_ALIGNED, SHEET_CROSSED)
    reach = ramp(distance, SHEET_FULL, SHEET_REACH) * ramp(distance, SHEET_NEAR, SHEET_NEAREST)
    return side * first * second * reach


@njit(cache=True, forceinline=True, error_model="numpy")
def contact_value(contact, a, b, facing, distance):
    """Energy between bin centres, 0 beyond the last."""
    at = max(distance / CONTACT_BIN - 0.5, 0.0)
    t = int(at)
    here = contact[a, b, facing, t]
    after = contact[a, b, facing, t + 1] if t + 1 < contact.shape[3] else 0.0
    return here + (at - t) * (after - here)


@njit(cache=True, error_model="numpy")
def pair_energy(model, state, low, high, sign, parts):
    """Terms between residues low … high and all others, each pair once, added to `parts`.

    Changes of neighbour counts go to `state.change` with the given sign.
    """
    for i in range(low, high + 1):
        calpha_pairs(model, state, i, low, sign, parts)
        sidechain_pairs(model, state, i, low, sign, parts)


@njit(cache=True, forceinline=True, error_model="numpy")
def too_near(sidechain, calpha, i, k, nearest):
    """Square of how much the side chain of i is too near to the Cα of k."""
    dx = sidechain[i, 0] - calpha[k, 0]
    dy = sidechain[i, 1] - calpha[k, 1]
    dz = sidechain[i, 2] - calpha[k, 2]
    square = dx * dx + dy * dy + dz * dz
    if square >= nearest * nearest:
        return 0.0
    return (nearest - math.sqrt(square)) ** 2


@njit(cache=True, forceinline=True, error_model="numpy")
def calpha_pairs(model, state, i, low, sign, parts):
    """Excluded volume, overlap and sheet bonds of residue i with all but low … i."""
    calpha, sidechain, along, normal = state.calpha, state.sidechain, state.along, state.normal
    head, after, home = state.head, state.next, state.cell
    codes, closest, strand = model.codes, model.closest, model.strand
    chains, firsts, lasts = model.chain, model.first, model.last
    count = model.cell_count
    x, y, z = calpha[i, 0], calpha[i, 1], calpha[i, 2]
    chain = chains[i]
    inner = firsts[i] < i < lasts[i]
    kind = CALPHA_CELLS
    nx, ny, nz = count[kind, 0], count[kind, 1], count[kind, 2]
    hx = home[kind, i] % nx
    hy = (home[kind, i] // nx) % ny
    hz = home[kind, i] // (nx * ny)
    excluded, overlap, sheet = 0.0, 0.0, 0.0
    for kz in range(max(0, hz - 1), min(nz, hz + 2)):
        for ky in range(max(0, hy - 1), min(ny, hy + 2)):
            for kx in range(max(0, hx - 1), min(nx, hx + 2)):
                j = head[kind, (kz * ny + ky) * nx + kx]
                while j >= 0:
                    k = j
                    j = after[kind, k]
                    dx, dy, dz = calpha[k, 0] - x, calpha[k, 1] - y, calpha[k, 2] - z
                    square = dx * dx + dy * dy + dz * dz
                    if square >= CALPHA_REACH * CALPHA_REACH or low <= k <= i:
                        continue
                    apart = abs(k - i) if chains[k] == chain else OTHER_CHAIN
                    if apart < BACKBONE_SEPARATION:
                        continue
                    d = math.sqrt(square)
                    if d < PREFERRED_NEAREST:
                        excluded += (PREFERRED_NEAREST - d) ** 2
                    overlap += too_near(sidechain, calpha, i, k, closest[codes[i]])
                    overlap += too_near(sidechain, calpha, k, i, closest[codes[k]])
                    within = inner and firsts[k] < k < lasts[k]
                    far = apart > BACKBONE_SEPARATION
                    if within and far and COINCIDENT < d < SHEET_REACH:
                        bond = sheet_bond(along, normal, i, k, dx, dy, dz, d)
                        sheet += strand[i] * strand[k] * bond
    parts[EXCLUDED] += sign * excluded
    parts[OVERLAP] += sign * overlap
    parts[SHEET] -= sign * sheet


@njit(cache=True, forceinline=True, error_model="numpy")
def sidechain_pairs(model, state, i, low, sign, parts):
    """Contacts of residue i's side chain with all but low … i; notes the neighbours."""
    sidechain, pointing = state.sidechain, state.pointing
    head, after, home = state.head, state.next, state.cell
    change, touched = state.change, state.touched
    chains, codes, contact, count = model.chain, model.codes, model.contact, model.cell_count
    x, y, z = sidechain[i, 0], sidechain[i, 1], sidechain[i, 2]
    px, py, pz = pointing[i, 0], pointing[i, 1], pointing[i, 2]
    chain, code = chains[i], codes[i]
    kind = SIDECHAIN_CELLS
    nx, ny, nz = count[kind, 0], count[kind, 1], count[kind, 2]
    hx = home[kind, i] % nx
    hy = (home[kind, i] // nx) % ny
    hz = home[kind, i] // (nx * ny)
    energy = 0.0
    for kz in range(max(0, hz - 1), min(nz, hz + 2)):
        for ky in range(max(0, hy - 1), min(ny, hy + 2)):
            for kx in range(max(0, hx - 1), min(nx, hx + 2)):
                j = head[kind, (kz * ny + ky) * nx + kx]
                while j >= 0:
                    k = j
                    j = after[kind, k]
                    dx, dy, dz = sidechain[k, 0] - x, sidechain[k, 1] - y, sidechain[k, 2] - z
                    square = dx * dx + dy * dy + dz * dz
                    if square >= CONTACT_REACH * CONTACT_REACH or low <= k <= i:
                        continue
                    if abs(k - i) < SEPARATION and chains[k] == chain:
                        continue
                    d = math.sqrt(square)
                    cosine = px * pointing[k, 0] + py * pointing[k, 1] + pz * pointing[k, 2]
                    facing = 0 if cosine > FACING else (1 if cosine < -FACING else 2)
                    fade = ramp(d, CONTACT_REACH - RAMP, CONTACT_REACH)
                    energy += contact_value(contact, code, codes[k], facing, d) * fade
                    note(change, touched, i, sign * fade)
                    note(change, touched, k, sign * fade)
    parts[CONTACT] += sign * energy


@njit(cache=True, forceinline=True, error_model="numpy")
def distance_between(x, i, j):
    """Distance of rows i and j of an array (L, 3)."""
    dx, dy, dz = x[j, 0] - x[i, 0], x[j, 1] - x[i, 1], x[j, 2] - x[i, 2]
    return math.sqrt(dx * dx + dy * dy + dz * dz)


@njit(cache=True, forceinline=True, error_model="numpy")
def bond_strain(distance, cis_cost):
    """Squared strain of a bond in Å²: of a trans peptide, or of a cis one where that costs less."""
    trans, cis = distance - CALPHA_BOND, distance - CIS_BOND
    return min(trans * trans, cis * cis + cis_cost)


@njit(cache=True, forceinline=True, error_model="numpy")
def chain_energy(model, state, low, high, sign, parts):
    """Terms along the chain that a Cα of low … high takes part in, added to `parts`."""
    x = state.calpha
    first, last = model.first[low], model.last[high]
    for i in range(max(first, low - 1), min(last, high + 1)):
        if model.chain[i] != model.chain[i + 1]:
            continue
        parts[BOND] += sign * bond_strain(distance_between(x, i, i + 1), model.cis_cost[i])
    for i in range(max(first, low - 4), high + 1):
        end = model.last[i]
        if i + 2 > end:
            continue
        d13 = distance_between(x, i, i + 2)
        if i + 2 >= low:
            parts[LOCAL] += sign * between(model.distance13, i, (d13 - BINS13[0]) / BINS13[1])
        if i + 3 > end:
            continue
        d14 = distance_between(x, i, i + 3)
        ax, ay, az = x[i + 1, 0] - x[i, 0], x[i + 1, 1] - x[i, 1], x[i + 1, 2] - x[i, 2]
        bx, by, bz = (
            x[i + 2, 0] - x[i + 1, 0], x[i + 2, 1] - x[i + 1, 1], x[i + 2, 2] - x[i + 1, 2]
        )  # fmt: skip
        tx, ty, tz = (
            x[i + 3, 0] - x[i + 2, 0], x[i + 3, 1] - x[i + 2, 1], x[i + 3, 2] - x[i + 2, 2]
        )  # fmt: skip
        turn = (ay * bz - az * by) * tx + (az * bx - ax * bz) * ty + (ax * by - ay * bx) * tz
        signed = -d14 if turn < 0.0 else d14
        if i + 3 >= low:
            t = min(BINS14[2] - 1, max(0, math.floor((signed - BINS14[0]) / BINS14[1])))
            parts[LOCAL] += sign * model.distance14[i, t]
        if i + 4 > end:
            continue
        d15 = distance_between(x, i, i + 4)
        parts[LOCAL] += sign * between(model.distance15, i, (d15 - BINS15[0]) / BINS15[1])
        if model.helix[i] > 0.0 and signed > 0.0:
            fit = (
                ramp(abs(d13 - HELIX_13), HELIX_13_FULL, HELIX_13_NONE)
                * ramp(abs(d14 - HELIX_14), HELIX_FULL, HELIX_NONE)
                * ramp(abs(d15 - HELIX_15), HELIX_FULL, HELIX_NONE)
            )
            parts[HELIX] -= sign * model.helix[i] * fit


@njit(cache=True, forceinline=True, error_model="numpy")
def between(table, i, at):
    """Value in row i between bin centres; beyond the ends a slope that leads back."""
    at -= 0.5
    top = table.shape[1] - 1
    if at < 0.0:
        return table[i, 0] - at
    if at >= top:
        return table[i, top] + (at - top)
    k = int(at)
    return table[i, k] + (at - k) * (table[i, k + 1] - table[i, k])


@njit(cache=True, forceinline=True, error_model="numpy")
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


@njit(cache=True, forceinline=True, error_model="numpy")
def place_energy(model, state, low, high, sign, parts):
    """Terms of single Cα against maps and starts, and of pairs against distances of starts."""
    for i in range(low, high + 1):
        x, y, z = state.calpha[i, 0], state.calpha[i, 1], state.calpha[i, 2]
        parts[FIELD] -= sign * look_up(model.calpha_field, model.origin, model.voxel, x, y, z)
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
                apart = math.sqrt(dx * dx + dy * dy + dz * dz)
                fit = ramp(apart, IDENTITY_FULL, IDENTITY_NONE)
                parts[IDENTITY] += sign * fit * model.identity[n, model.codes[i]]
        best = 0.0
        for k in range(model.places.shape[1]):
            weight = model.place_weight[i, k]
            if weight <= best:
                continue
            dx = model.places[i, k, 0] - x
            dy = model.places[i, k, 1] - y
            dz = model.places[i, k, 2] - z
            value = weight / (1.0 + (dx * dx + dy * dy + dz * dz) / PLACE_WIDTH_SQUARED)
            best = max(best, value)
        parts[PLACE] -= sign * best
        for row in range(model.pair_start[i], model.pair_start[i + 1]):
            j = model.pair_other[row]
            if low <= j < i:
                continue
            d = distance_between(state.calpha, i, j)
            off = max(0.0, abs(d - model.pair_distance[row]) - model.pair_spread[row])
            parts[PAIR] -= sign * model.pair_weight[row] / (1.0 + off / OFF_UNIT)


@njit(cache=True, forceinline=True, error_model="numpy")
def bead_energy(model, state, low, high, sign, parts):
    """Terms that need the Cα of low … high and no search for neighbours; gyration apart.

    Parameters
    ----------
    model : Model
    state : State
    low, high : int
        Residues of one chain, or all residues.
    sign : float
        −1 before a move, 1 after it.
    parts : (TERMS,) float64
        Unweighted components, added to.
    """
    place_energy(model, state, low, high, sign, parts)
    chain_energy(model, state, low, high, sign, parts)


@njit(cache=True, forceinline=True, error_model="numpy")
def neighbour_energy(model, state, low, high, sign, parts):
    """All other terms that a Cα of low … high changes, as `bead_energy`.

    Burial is not in `parts`: counts wait in `state.change`, see `burial_change`.
    """
    # The frame at a chain's end looks two residues inwards.
    wide_low = max(model.first[low], low - 1)
    wide_high = min(model.last[high], high + 1)
    if low - 2 == model.first[low]:
        wide_low = low - 2
    if high + 2 == model.last[high]:
        wide_high = high + 2
    pair_energy(model, state, wide_low, wide_high, sign, parts)
    for i in range(wide_low, wide_high + 1):
        parts[FIELD] -= sign * model.sidechain_weight[i] * look_up(
            model.sidechain_field, model.origin, model.voxel,
            state.sidechain[i, 0], state.sidechain[i, 1], state.sidechain[i, 2],
        )  # fmt: skip


@njit(cache=True, error_model="numpy")
def total_gyration(model, state):
    """Gyration energy of all chains."""
    total = 0.0
    for chain in range(state.moments.shape[0]):
        total += gyration_energy(state.moments, model.gyration, chain)
    return total


@njit(cache=True, error_model="numpy")
def total_energy(model, state, parts):
    """Energy of a filled state; unweighted components into `parts` (TERMS,)."""
    n = state.calpha.shape[0]
    parts[:] = 0.0
    bead_energy(model, state, 0, n - 1, 1.0, parts)
    neighbour_energy(model, state, 0, n - 1, 1.0, parts)
    for t in range(state.touched[0]):
        state.change[state.touched[t + 1]] = 0.0
    state.touched[0] = 0
    for i in range(n):
        parts[BURIAL] += burial_energy(model.burial, model.codes[i], state.count[i])
    parts[GYRATION] = total_gyration(model, state)
    total = 0.0
    for k in range(TERMS):
        total += model.weights[k] * parts[k]
    return total
