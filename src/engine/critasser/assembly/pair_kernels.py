"""Numba kernels of the terms between neighbours in space: Cα, side chains, sheets, burial."""

from __future__ import annotations

import math

import numpy as np

from critasser.assembly.bins import CONTACT_BIN, CONTACT_REACH, FACING, RAMP, SEPARATION
from critasser.assembly.chain_kernels import ramp
from critasser.assembly.neighbour_kernels import (
    BACKBONE_SEPARATION,
    CALPHA_REACH,
    find_near,
    find_within,
)
from critasser.assembly.terms import ALONG, CALPHA, NORMAL, POINTING, SIDECHAIN
from critasser.structure.compilation import inlined
from critasser.structure.geometry import PREFERRED_NEAREST

__all__ = ["burial_change", "burial_energy", "calpha_pairs", "sidechain_pairs"]

SHEET_REACH, SHEET_FULL = 6.5, 5.5
"""Å between Cα of neighbouring strands (4.8–5.5 Å) beyond which there is no sheet bond, and below
which it counts fully."""

SHEET_NEAREST, SHEET_NEAR = 3.8, 4.4
"""Å at and below which two Cα are too near for a sheet, and from which they are not."""

SHEET_ALIGNED, SHEET_CROSSED = 0.85, 0.5
"""Cosines (32° and 60°) at which chains, or hydrogen bonds, agree fully and not at all."""

LAST_ENTRY = 1.001
"""Entries from the end of the burial table where a count stops, so that it has an entry beyond."""

NOTED = 1e-12
"""Stands for a change of count that happens to be 0: exactly 0 means not noted yet."""


@inlined
def burial_energy(burial, code, count):
    """Energy of a residue with that many side chains around its own, between table entries."""
    count = min(max(count, 0.0), burial.shape[1] - LAST_ENTRY)
    k = int(count)
    return burial[code, k] + (count - k) * (burial[code, k + 1] - burial[code, k])


@inlined
def burial_change(model, state):
    """Energy of all changes of counts that wait in `state.change`."""
    total = 0.0
    for t in range(1, state.touched[0] + 1):
        i = state.touched[t]
        total += burial_energy(model.burial, model.codes[i], state.count[i] + state.change[i])
        total -= burial_energy(model.burial, model.codes[i], state.count[i])
    return total


@inlined
def _note(change, touched, i, amount):
    """Note that residue i gains a part of a neighbour."""
    if change[i] == 0.0:
        touched[0] += 1
        touched[touched[0]] = i
    change[i] += amount
    if change[i] == 0.0:
        change[i] = NOTED


@inlined
def _cosine(beads, turn, i, column, x, y, z):
    """Scalar product of a unit vector of residue i with (x, y, z)."""
    return beads[turn, i, column] * x + beads[turn, i, column + 1] * y + (
        beads[turn, i, column + 2] * z
    )


@inlined
def _sheet_bond(beads, turn, i, k, dx, dy, dz, distance):
    """How well two residues lie as neighbours in a sheet, 0 … 1; (dx, dy, dz) between them."""
    side = abs(_cosine(beads, turn, i, ALONG, beads[turn, k, ALONG], beads[turn, k, ALONG + 1],
                       beads[turn, k, ALONG + 2]))  # fmt: skip
    side = ramp(side, SHEET_ALIGNED, SHEET_CROSSED)
    if side <= 0.0:
        return 0.0
    first = abs(_cosine(beads, turn, i, NORMAL, dx, dy, dz)) / distance
    second = abs(_cosine(beads, turn, k, NORMAL, dx, dy, dz)) / distance
    first = ramp(first, SHEET_ALIGNED, SHEET_CROSSED)
    second = ramp(second, SHEET_ALIGNED, SHEET_CROSSED)
    reach = ramp(distance, SHEET_FULL, SHEET_REACH) * ramp(distance, SHEET_NEAR, SHEET_NEAREST)
    return side * first * second * reach


@inlined
def _too_near(beads, turn, i, k, nearest):
    """Square of how much the side chain of i is too near to the Cα of k."""
    dx = beads[turn, i, SIDECHAIN] - beads[turn, k, CALPHA]
    dy = beads[turn, i, SIDECHAIN + 1] - beads[turn, k, CALPHA + 1]
    dz = beads[turn, i, SIDECHAIN + 2] - beads[turn, k, CALPHA + 2]
    square = dx * dx + dy * dy + dz * dz
    if square >= nearest * nearest:
        return 0.0
    return (nearest - math.sqrt(square)) ** 2


@inlined
def calpha_pairs(model, beads, near, turn, i, low, high, end):
    """Excluded volume, overlap and sheet bonds of residue i, at weight 1.

    Parameters
    ----------
    model : Model
    beads : (2, L, BEAD) float32
    near : Neighbours
    turn : int
    i : int
    low, high : int
        Residues that are left out, see `find_near`.
    end : int
        Of these i + 1 … end are not left out after all.
    """
    column = np.int64(CALPHA)
    count = find_near(model.chain, beads, near, turn, i, column, CALPHA_REACH, low, high)
    count = find_within(model.chain, beads, near, turn, i, column, CALPHA_REACH, end, count)
    x, y, z = beads[turn, i, CALPHA], beads[turn, i, CALPHA + 1], beads[turn, i, CALPHA + 2]
    own = model.closest[model.codes[i]]
    inner = model.first[i] < i < model.last[i]
    excluded, overlap, sheet = 0.0, 0.0, 0.0
    for t in range(count):
        k = near.found[t]
        dx = beads[turn, k, CALPHA] - x
        dy = beads[turn, k, CALPHA + 1] - y
        dz = beads[turn, k, CALPHA + 2] - z
        square = dx * dx + dy * dy + dz * dz
        overlap += _too_near(beads, turn, i, k, own)
        overlap += _too_near(beads, turn, k, i, model.closest[model.codes[k]])
        if square >= SHEET_REACH * SHEET_REACH:
            continue
        d = math.sqrt(square)
        if d < PREFERRED_NEAREST:
            excluded += (PREFERRED_NEAREST - d) ** 2
        if d <= SHEET_NEAREST or not inner or not model.first[k] < k < model.last[k]:
            continue
        if abs(k - i) == BACKBONE_SEPARATION and model.chain[k] == model.chain[i]:
            continue
        sheet += model.strand[k] * _sheet_bond(beads, turn, i, k, dx, dy, dz, d)
    return excluded, overlap, -model.strand[i] * sheet


@inlined
def _contact(contact, a, b, facing, distance):
    """Energy between bin centres, 0 beyond the last."""
    at = max(distance / CONTACT_BIN - 0.5, 0.0)
    t = int(at)
    here = contact[a, b, facing, t]
    return here + (at - t) * (contact[a, b, facing, t + 1] - here)


@inlined
def sidechain_pairs(model, state, turn, i, low, high, end, sign):
    """Contacts of residue i's side chain, at weight 1, as `calpha_pairs`.

    Neighbours go to `state.change` with the given sign.
    """
    column = np.int64(SIDECHAIN)
    count = find_near(
        model.chain, state.beads, state.near, turn, i, column, CONTACT_REACH, low, high
    )
    count = find_within(
        model.chain, state.beads, state.near, turn, i, column, CONTACT_REACH, end, count
    )
    x = state.beads[turn, i, SIDECHAIN]
    y = state.beads[turn, i, SIDECHAIN + 1]
    z = state.beads[turn, i, SIDECHAIN + 2]
    code = model.codes[i]
    energy, own = 0.0, 0.0
    for t in range(count):
        k = state.near.found[t]
        if abs(k - i) < SEPARATION and model.chain[k] == model.chain[i]:
            continue
        dx = state.beads[turn, k, SIDECHAIN] - x
        dy = state.beads[turn, k, SIDECHAIN + 1] - y
        dz = state.beads[turn, k, SIDECHAIN + 2] - z
        d = math.sqrt(dx * dx + dy * dy + dz * dz)
        cosine = _cosine(
            state.beads, turn, i, POINTING, state.beads[turn, k, POINTING],
            state.beads[turn, k, POINTING + 1], state.beads[turn, k, POINTING + 2],
        )  # fmt: skip
        facing = 0 if cosine > FACING else (1 if cosine < -FACING else 2)
        fade = ramp(d, CONTACT_REACH - RAMP, CONTACT_REACH)
        energy += _contact(model.contact, code, model.codes[k], facing, d) * fade
        own += fade
        _note(state.change, state.touched, k, sign * fade)
    if own > 0.0:
        _note(state.change, state.touched, i, sign * own)
    return energy
