"""Numba kernels of the energy: of a stretch of residues, and of whole chains.

A move changes the Cα of residues a … b and so the frames and side chains of a − 1 … b + 1. What a
move costs is the difference of `stretch_energy` before and after, in which each term that touches
the stretch counts once. `Model` holds what never changes, `State` one replica.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from critasser.assembly.geometry_kernels import residue_frame

__all__ = [
    "BOND", "BURIAL", "CONTACT", "EXCLUDED", "FIELD", "GYRATION", "HELIX", "IDENTITY", "LOCAL",
    "OVERLAP", "PLACE", "PAIR", "SHEET", "TERMS", "Model", "State", "fill_state", "stretch_energy",
    "total_energy", "total_gyration",
]  # fmt: skip

# Terms in the order of `Model.weights` and of the vectors of components.
BOND, LOCAL, HELIX, EXCLUDED, OVERLAP, CONTACT, SHEET, BURIAL, GYRATION = range(9)
FIELD, IDENTITY, PLACE, PAIR = range(9, 13)
TERMS = 13

BOND_LENGTH = 3.8
CALPHA_REACH = 6.5
SIDECHAIN_REACH = 8.0
SEPARATION = 4
NEAREST_CALPHA = 4.2
OVERLAP_REACH = 4.2


class Model(NamedTuple):
    """All that the energy knows; L residues, C chains. Lengths in Å, energies at weight 1."""

    codes: np.ndarray  # (L,) int64
    chain: np.ndarray  # (L,) int64
    first: np.ndarray  # (L,) int64, first residue of the residue's chain
    last: np.ndarray  # (L,) int64, its last
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
    found: np.ndarray  # (n, 3) predicted Cα
    nearest: np.ndarray  # (nz, ny, nx) int32, index into found, −1 where none is near
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


@njit(cache=True)
def cell_of(model, kind, x, y, z):
    """Cell of a position; what lies outside counts as in the outermost cell."""
    edge = CALPHA_REACH if kind == 0 else SIDECHAIN_REACH
    nx, ny, nz = model.cell_count[kind, 0], model.cell_count[kind, 1], model.cell_count[kind, 2]
    i = min(nx - 1, max(0, int(math.floor((x - model.cell_origin[0]) / edge))))
    j = min(ny - 1, max(0, int(math.floor((y - model.cell_origin[1]) / edge))))
    k = min(nz - 1, max(0, int(math.floor((z - model.cell_origin[2]) / edge))))
    return (k * ny + j) * nx + i


@njit(cache=True)
def link(state, kind, i, cell):
    """Put residue i into a cell's list."""
    other = state.head[kind, cell]
    state.next[kind, i] = other
    if other >= 0:
        state.previous[kind, other] = i
    state.previous[kind, i] = -1
    state.head[kind, cell] = i
    state.cell[kind, i] = cell


@njit(cache=True)
def relink(model, state, i):
    """Bring residue i's Cα and side chain into the cells where they now are."""
    for kind in range(2):
        at = state.calpha if kind == 0 else state.sidechain
        cell = cell_of(model, kind, at[i, 0], at[i, 1], at[i, 2])
        if cell == state.cell[kind, i]:
            continue
        before, after = state.previous[kind, i], state.next[kind, i]
        if before >= 0:
            state.next[kind, before] = after
        else:
            state.head[kind, state.cell[kind, i]] = after
        if after >= 0:
            state.previous[kind, after] = before
        link(state, kind, i, cell)


@njit(cache=True)
def refresh_frames(model, state, low, high):
    """Frames, side chains and cells of residues low … high from their Cα."""
    for i in range(low, high + 1):
        residue_frame(
            state.calpha, i, model.first[i], model.last[i], model.centres[i],
            state.along[i], state.normal[i], state.pointing[i], state.sidechain[i],
        )  # fmt: skip
        relink(model, state, i)


@njit(cache=True)
def fill_state(model, state):
    """All of a state from its Cα alone."""
    n = state.calpha.shape[0]
    state.head[:] = -1
    for i in range(n):
        residue_frame(
            state.calpha, i, model.first[i], model.last[i], model.centres[i],
            state.along[i], state.normal[i], state.pointing[i], state.sidechain[i],
        )  # fmt: skip
        c, s = state.calpha[i], state.sidechain[i]
        link(state, 0, i, cell_of(model, 0, c[0], c[1], c[2]))
        link(state, 1, i, cell_of(model, 1, s[0], s[1], s[2]))
    state.moments[:] = 0.0
    for i in range(n):
        add_moment(model, state, i, 1.0)
    state.change[:] = 0.0
    state.touched[0] = 0
    spare = np.zeros(TERMS)
    pair_energy(model, state, 0, n - 1, 1.0, spare)
    for i in range(n):
        state.count[i] = state.change[i]
        state.change[i] = 0.0
    state.touched[0] = 0


@njit(cache=True)
def add_moment(model, state, i, sign):
    """Add (1) or take away (−1) a Cα's share of its chain's radius of gyration."""
    x, y, z = state.calpha[i, 0], state.calpha[i, 1], state.calpha[i, 2]
    row = state.moments[model.chain[i]]
    row[0] += sign
    row[1] += sign * x
    row[2] += sign * y
    row[3] += sign * z
    row[4] += sign * (x * x + y * y + z * z)


@njit(cache=True)
def gyration_energy(model, state, chain):
    """Penalty of a chain wider than a folded chain of its length can be."""
    row = state.moments[chain]
    n = row[0]
    square = (row[4] - (row[1] ** 2 + row[2] ** 2 + row[3] ** 2) / n) / n
    excess = math.sqrt(max(0.0, square)) - model.gyration[chain]
    return 0.0 if excess <= 0.0 else n * excess * excess / (excess + 5.0)


@njit(cache=True)
def burial_energy(model, i, count):
    """Energy of a residue with that many side chains around its own, between table entries."""
    row = model.burial[model.codes[i]]
    count = min(max(count, 0.0), row.shape[0] - 1.001)
    k = int(count)
    return row[k] + (count - k) * (row[k + 1] - row[k])


@njit(cache=True)
def burial_change(model, state):
    """Energy of all changes of counts that wait in `state.change`."""
    total = 0.0
    for t in range(state.touched[0]):
        i = state.touched[t + 1]
        total += burial_energy(model, i, state.count[i] + state.change[i])
        total -= burial_energy(model, i, state.count[i])
    return total


@njit(cache=True)
def note(state, i, amount):
    """Note that residue i gains a part of a neighbour."""
    if state.change[i] == 0.0:
        # A count that came back to exactly 0 may be noted twice: let it never be exactly 0.
        amount += 1e-12
        state.touched[0] += 1
        state.touched[state.touched[0]] = i
    state.change[i] += amount
    if state.change[i] == 0.0:
        state.change[i] = 1e-12


@njit(cache=True)
def ramp(value, full, none):
    """1 at `full`, 0 at `none`, straight between."""
    return min(1.0, max(0.0, (value - none) / (full - none)))


@njit(cache=True)
def sheet_bond(model, state, i, j, dx, dy, dz, distance):
    """How well two residues lie as neighbours in a sheet, 0 … 1 by their expected structure."""
    if i == model.first[i] or i == model.last[i] or j == model.first[j] or j == model.last[j]:
        return 0.0
    share = model.strand[i] * model.strand[j]
    if share <= 0.0:
        return 0.0
    a, b = state.along[i], state.along[j]
    side = abs(a[0] * b[0] + a[1] * b[1] + a[2] * b[2])
    side = ramp(side, 0.85, 0.5)
    if side <= 0.0:
        return 0.0
    p, q = state.normal[i], state.normal[j]
    first = ramp(abs(p[0] * dx + p[1] * dy + p[2] * dz) / distance, 0.85, 0.5)
    second = ramp(abs(q[0] * dx + q[1] * dy + q[2] * dz) / distance, 0.85, 0.5)
    reach = ramp(distance, 5.5, CALPHA_REACH) * ramp(distance, 4.4, 3.8)
    return share * side * first * second * reach


@njit(cache=True)
def pair_energy(model, state, low, high, sign, parts):
    """Terms between residues low … high and all others, each pair once, added to `parts`.

    Changes of neighbour counts go to `state.change` with the given sign.
    """
    for i in range(low, high + 1):
        cx, cy, cz = state.calpha[i, 0], state.calpha[i, 1], state.calpha[i, 2]
        sx, sy, sz = state.sidechain[i, 0], state.sidechain[i, 1], state.sidechain[i, 2]
        chain = model.chain[i]
        code = model.codes[i]
        p = state.pointing[i]
        for kind in range(2):
            # kind 0: around the Cα; kind 1: around the side chain.
            home = state.cell[kind, i]
            nx, ny, nz = (
                model.cell_count[kind, 0], model.cell_count[kind, 1], model.cell_count[kind, 2]
            )  # fmt: skip
            hx = home % nx
            hy = (home // nx) % ny
            hz = home // (nx * ny)
            for kz in range(max(0, hz - 1), min(nz, hz + 2)):
                for ky in range(max(0, hy - 1), min(ny, hy + 2)):
                    for kx in range(max(0, hx - 1), min(nx, hx + 2)):
                        j = state.head[kind, (kz * ny + ky) * nx + kx]
                        while j >= 0:
                            k = j
                            j = state.next[kind, k]
                            if low <= k <= i:
                                continue
                            apart = abs(k - i) if model.chain[k] == chain else 1000
                            if apart < 3:
                                continue
                            if kind == 0:
                                dx = state.calpha[k, 0] - cx
                                dy = state.calpha[k, 1] - cy
                                dz = state.calpha[k, 2] - cz
                                square = dx * dx + dy * dy + dz * dz
                                if square >= CALPHA_REACH * CALPHA_REACH:
                                    continue
                                d = math.sqrt(square)
                                if d < NEAREST_CALPHA:
                                    parts[EXCLUDED] += sign * (NEAREST_CALPHA - d) ** 2
                                if apart > 3 and d > 1e-6:
                                    parts[SHEET] -= sign * sheet_bond(
                                        model, state, i, k, dx, dy, dz, d
                                    )
                            elif apart >= SEPARATION:
                                dx = state.sidechain[k, 0] - sx
                                dy = state.sidechain[k, 1] - sy
                                dz = state.sidechain[k, 2] - sz
                                square = dx * dx + dy * dy + dz * dz
                                if square >= SIDECHAIN_REACH * SIDECHAIN_REACH:
                                    continue
                                d = math.sqrt(square)
                                q = state.pointing[k]
                                cosine = p[0] * q[0] + p[1] * q[1] + p[2] * q[2]
                                facing = 0 if cosine > 0.5 else (1 if cosine < -0.5 else 2)
                                row = model.contact[code, model.codes[k], facing]
                                # Between bin centres; from the last one on to zero at the reach.
                                at = d * 2.0 - 0.5
                                t = int(max(at, 0.0))
                                part = max(at, 0.0) - t
                                after = row[t + 1] if t + 1 < 16 else 0.0
                                fade = ramp(d, 7.0, SIDECHAIN_REACH)
                                value = (row[t] + part * (after - row[t])) * fade
                                parts[CONTACT] += sign * value
                                note(state, i, sign * fade)
                                note(state, k, sign * fade)
        overlap_energy(model, state, i, low, high, sign, parts)


@njit(cache=True)
def overlap_energy(model, state, i, low, high, sign, parts):
    """Side chain of i against Cα of others, and Cα of i against side chains of residues outside
    low … high (those within count when their own turn comes)."""
    for kind in range(2):
        own = state.sidechain if kind == 0 else state.calpha
        others = state.calpha if kind == 0 else state.sidechain
        x, y, z = own[i, 0], own[i, 1], own[i, 2]
        nx, ny, nz = (
            model.cell_count[kind, 0], model.cell_count[kind, 1], model.cell_count[kind, 2]
        )  # fmt: skip
        # Cells are wider than the reach: a corner of the cube around it finds them all.
        lowest = cell_of(model, kind, x - OVERLAP_REACH, y - OVERLAP_REACH, z - OVERLAP_REACH)
        highest = cell_of(model, kind, x + OVERLAP_REACH, y + OVERLAP_REACH, z + OVERLAP_REACH)
        for kz in range(lowest // (nx * ny), highest // (nx * ny) + 1):
            for ky in range((lowest // nx) % ny, (highest // nx) % ny + 1):
                for kx in range(lowest % nx, highest % nx + 1):
                    j = state.head[kind, (kz * ny + ky) * nx + kx]
                    while j >= 0:
                        k = j
                        j = state.next[kind, k]
                        if kind == 1 and low <= k <= high:
                            continue
                        if abs(k - i) < 3 and model.chain[k] == model.chain[i]:
                            continue
                        dx, dy, dz = others[k, 0] - x, others[k, 1] - y, others[k, 2] - z
                        square = dx * dx + dy * dy + dz * dz
                        closest = model.closest[model.codes[i if kind == 0 else k]]
                        if square < closest * closest:
                            parts[OVERLAP] += sign * (closest - math.sqrt(square)) ** 2


@njit(cache=True)
def distance_between(x, i, j):
    dx, dy, dz = x[j, 0] - x[i, 0], x[j, 1] - x[i, 1], x[j, 2] - x[i, 2]
    return math.sqrt(dx * dx + dy * dy + dz * dz)


@njit(cache=True)
def chain_energy(model, state, low, high, sign, parts):
    """Terms along the chain that a Cα of low … high takes part in, added to `parts`."""
    x = state.calpha
    first, last = model.first[low], model.last[high]
    for i in range(max(first, low - 1), min(last, high + 1)):
        if model.chain[i] != model.chain[i + 1]:
            continue
        strain = distance_between(x, i, i + 1) - BOND_LENGTH
        parts[BOND] += sign * strain * strain
    for i in range(max(first, low - 4), high + 1):
        end = model.last[i]
        if i + 2 > end:
            continue
        d13 = distance_between(x, i, i + 2)
        if i + 2 >= low:
            parts[LOCAL] += sign * between(model.distance13[i], (d13 - 4.0) / 0.2)
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
            t = min(47, max(0, int(math.floor((signed + 12.0) * 2.0))))
            parts[LOCAL] += sign * model.distance14[i, t]
        if i + 4 > end:
            continue
        d15 = distance_between(x, i, i + 4)
        parts[LOCAL] += sign * between(model.distance15[i], (d15 - 3.0) / 0.5)
        if model.helix[i] > 0.0 and signed > 0.0:
            fit = (
                ramp(abs(d13 - 5.45), 0.3, 1.0)
                * ramp(abs(d14 - 5.05), 0.4, 1.5)
                * ramp(abs(d15 - 6.2), 0.4, 1.5)
            )
            parts[HELIX] -= sign * model.helix[i] * fit


@njit(cache=True)
def between(row, at):
    """Table value between bin centres; beyond the ends a slope that leads back."""
    at -= 0.5
    top = row.shape[0] - 1
    if at < 0.0:
        return row[0] - at
    if at >= top:
        return row[top] + (at - top)
    k = int(at)
    return row[k] + (at - k) * (row[k + 1] - row[k])


@njit(cache=True)
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


@njit(cache=True)
def place_energy(model, state, low, high, sign, parts):
    """Terms of single Cα against maps and starts, and of pairs against distances of starts."""
    for i in range(low, high + 1):
        x, y, z = state.calpha[i, 0], state.calpha[i, 1], state.calpha[i, 2]
        parts[FIELD] -= sign * look_up(model.calpha_field, model.origin, model.voxel, x, y, z)
        nz, ny, nx = model.nearest.shape
        gx = int(math.floor((x - model.origin[0]) / model.voxel[0] + 0.5))
        gy = int(math.floor((y - model.origin[1]) / model.voxel[1] + 0.5))
        gz = int(math.floor((z - model.origin[2]) / model.voxel[2] + 0.5))
        if 0 <= gx < nx and 0 <= gy < ny and 0 <= gz < nz:
            n = model.nearest[gz, gy, gx]
            if n >= 0:
                dx, dy, dz = (
                    model.found[n, 0] - x, model.found[n, 1] - y, model.found[n, 2] - z
                )  # fmt: skip
                fit = ramp(math.sqrt(dx * dx + dy * dy + dz * dz), 0.8, 2.5)
                parts[IDENTITY] += sign * fit * model.identity[n, model.codes[i]]
        best = 0.0
        for k in range(model.places.shape[1]):
            weight = model.place_weight[i, k]
            if weight <= best:
                continue
            dx = model.places[i, k, 0] - x
            dy = model.places[i, k, 1] - y
            dz = model.places[i, k, 2] - z
            value = weight / (1.0 + (dx * dx + dy * dy + dz * dz) / 2.25)
            best = max(best, value)
        parts[PLACE] -= sign * best
        for row in range(model.pair_start[i], model.pair_start[i + 1]):
            j = model.pair_other[row]
            if low <= j < i:
                continue
            d = distance_between(state.calpha, i, j)
            off = max(0.0, abs(d - model.pair_distance[row]) - model.pair_spread[row])
            parts[PAIR] -= sign * model.pair_weight[row] / (1.0 + off)


@njit(cache=True)
def stretch_energy(model, state, low, high, sign, parts):
    """All terms but gyration that a Cα of low … high changes, added to `parts` times `sign`.

    Parameters
    ----------
    model : Model
    state : State
        Burial is not in `parts`: counts wait in `state.change`, see `burial_change`.
    low, high : int
        Residues of one chain, or all residues.
    sign : float
        −1 before a move, 1 after it.
    parts : (TERMS,) float64
        Unweighted components.
    """
    place_energy(model, state, low, high, sign, parts)
    chain_energy(model, state, low, high, sign, parts)
    wide_low = max(model.first[low], low - 1)
    wide_high = min(model.last[high], high + 1)
    # At a chain's end the frame looks two residues inwards.
    if low - 2 == model.first[low]:
        wide_low = low - 2
    if high + 2 == model.last[high]:
        wide_high = high + 2
    pair_energy(model, state, wide_low, wide_high, sign, parts)
    for i in range(wide_low, wide_high + 1):
        s = state.sidechain[i]
        parts[FIELD] -= sign * model.sidechain_weight[i] * look_up(
            model.sidechain_field, model.origin, model.voxel, s[0], s[1], s[2]
        )


@njit(cache=True)
def total_gyration(model, state):
    """Gyration energy of all chains."""
    total = 0.0
    for chain in range(state.moments.shape[0]):
        total += gyration_energy(model, state, chain)
    return total


@njit(cache=True)
def total_energy(model, state, parts):
    """Energy of a filled state; unweighted components into `parts` (TERMS,)."""
    n = state.calpha.shape[0]
    parts[:] = 0.0
    stretch_energy(model, state, 0, n - 1, 1.0, parts)
    for t in range(state.touched[0]):
        state.change[state.touched[t + 1]] = 0.0
    state.touched[0] = 0
    for i in range(n):
        parts[BURIAL] += burial_energy(model, i, state.count[i])
    parts[GYRATION] = total_gyration(model, state)
    total = 0.0
    for k in range(TERMS):
        total += model.weights[k] * parts[k]
    return total
