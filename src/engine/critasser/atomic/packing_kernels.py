"""Numba kernels that choose rotamers: soft contacts of side chains, heat bath, descent."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from critasser.structure.compilation import within_kernels

__all__ = [
    "AROMATIC",
    "CARBON",
    "NITROGEN",
    "OXYGEN",
    "SULPHUR",
    "TOUCH",
    "FixedAtoms",
    "Rotamers",
    "contact_energy",
    "fixed_energies",
    "pack",
    "total_energy",
]

CARBON, NITROGEN, OXYGEN, SULPHUR, AROMATIC = range(5)
"""Classes of atoms; aromatic are all planar carbons, whose hydrogens do not stand out."""

HARDEST, WORST = 0.55, 12.0
"""Share of the radii at which a contact costs most, and what it costs (−log probability)."""

HYDROGEN_BOND = 2.75
"""Å to which nitrogen and oxygen may come near each other."""

DISULFIDE, DISULFIDE_GAIN = (1.75, 2.9), -4.0
"""Å between two sulphur atoms that may be a disulfide, and its energy."""

TOUCH = 4.0
"""Å beyond which no two atoms touch: more than twice the largest radius."""


class Rotamers(NamedTuple):
    """All rotamers of L residues, flat: K of them, m atoms."""

    own: np.ndarray  # (K,) energies that do not depend on other side chains
    atoms: np.ndarray  # (m, 3) atoms of all rotamers
    starts: np.ndarray  # (K,) int64, first atom of each rotamer
    sizes: np.ndarray  # (K,) int64, its atoms
    kinds: np.ndarray  # classes of a residue's side-chain atoms
    kind_starts: np.ndarray  # (L + 1,) int64, first of them for each residue
    rows: np.ndarray  # (L + 1,) int64, first rotamer of each residue
    near: np.ndarray  # residues whose side chains could touch, compressed rows
    near_starts: np.ndarray  # (L + 1,) int64
    radius: np.ndarray  # (5,) Å, of each class


class FixedAtoms(NamedTuple):
    """Atoms that do not move; f of them."""

    positions: np.ndarray  # (f, 3)
    kind: np.ndarray  # (f,) int64, class
    residue: np.ndarray  # (f,) int64
    near: np.ndarray  # which of them to look at for each residue, compressed rows
    near_starts: np.ndarray  # (L + 1,) int64


@njit(cache=True)
def contact_energy(squared, first, second, radius):
    """Energy of two atoms by their squared distance and classes.

    Rises from nothing where the radii touch to `WORST` at 0.55 of that. Nitrogen and oxygen may
    come as near as a hydrogen bond. Two sulphur atoms at bonding distance are a disulfide.
    """
    touch = radius[first] + radius[second]
    if first in (NITROGEN, OXYGEN) and second in (NITROGEN, OXYGEN):
        touch = HYDROGEN_BOND
    if squared >= touch * touch:
        return 0.0
    distance = np.sqrt(squared)
    if first == SULPHUR and second == SULPHUR and DISULFIDE[0] < distance < DISULFIDE[1]:
        return DISULFIDE_GAIN
    share = (1.0 - distance / touch) / (1.0 - HARDEST)
    return WORST * min(share, 1.0)


@njit(cache=True, nogil=True)
def fixed_energies(rotamers, owner, fixed, closes_ring):
    """Contacts (K,) of every rotamer with atoms that do not move.

    Parameters
    ----------
    rotamers : Rotamers
        Their own energies are not looked at.
    owner : (K,) int64
        Residue of each rotamer.
    fixed : FixedAtoms
    closes_ring : (K,) bool
        Whether the rotamer's last atom is bonded to its residue's N (proline), and so near to the
        residue before.
    """
    atoms, starts, sizes = rotamers.atoms, rotamers.starts, rotamers.sizes
    kinds, kind_starts, radius = rotamers.kinds, rotamers.kind_starts, rotamers.radius
    positions, residues, near = fixed.positions, fixed.residue, fixed.near
    energy = np.zeros(len(starts))
    for k in range(len(starts)):
        residue = owner[k]
        for a in range(sizes[k]):
            x, y, z = atoms[starts[k] + a]
            kind = kinds[kind_starts[residue] + a]
            for f in range(fixed.near_starts[residue], fixed.near_starts[residue + 1]):
                other = near[f]
                if residues[other] == residue:
                    continue
                if closes_ring[k] and residues[other] == residue - 1:
                    continue
                dx = positions[other, 0] - x
                dy = positions[other, 1] - y
                dz = positions[other, 2] - z
                squared = dx * dx + dy * dy + dz * dz
                if squared < TOUCH * TOUCH:
                    energy[k] += contact_energy(squared, kind, fixed.kind[other], radius)
    return energy


@within_kernels
def _pair_energy(rotamers, i, k, j, m):
    """Contacts of rotamer k of residue i with rotamer m of residue j."""
    atoms, kinds, radius = rotamers.atoms, rotamers.kinds, rotamers.radius
    start_a, start_b = rotamers.starts[k], rotamers.starts[m]
    kinds_a, kinds_b = rotamers.kind_starts[i], rotamers.kind_starts[j]
    energy = 0.0
    for a in range(rotamers.sizes[k]):
        x, y, z = atoms[start_a + a]
        for b in range(rotamers.sizes[m]):
            dx = atoms[start_b + b, 0] - x
            dy = atoms[start_b + b, 1] - y
            dz = atoms[start_b + b, 2] - z
            squared = dx * dx + dy * dy + dz * dz
            if squared < TOUCH * TOUCH:
                energy += contact_energy(squared, kinds[kinds_a + a], kinds[kinds_b + b], radius)
    return energy


@njit(cache=True)
def total_energy(choice, rotamers):
    """Energy of one choice (L,) of rotamers: each one's own and all pairs."""
    energy = 0.0
    for i in range(len(choice)):
        if choice[i] < 0:
            continue
        k = rotamers.rows[i] + choice[i]
        energy += rotamers.own[k]
        for f in range(rotamers.near_starts[i], rotamers.near_starts[i + 1]):
            j = rotamers.near[f]
            if j > i and choice[j] >= 0:
                energy += _pair_energy(rotamers, i, k, j, rotamers.rows[j] + choice[j])
    return energy


@within_kernels
def _drawn(energy, count, temperature, draw):
    """One of `count` rotamers by Boltzmann's law; the best at temperature 0."""
    best = 0
    for r in range(1, count):
        if energy[r] < energy[best]:
            best = r
    if temperature <= 0.0:
        return best
    total = 0.0
    for r in range(count):
        total += np.exp((energy[best] - energy[r]) / temperature)
    left = draw * total
    for r in range(count):
        left -= np.exp((energy[best] - energy[r]) / temperature)
        if left <= 0.0:
            return r
    return best


@njit(cache=True)
def pack(choice, rotamers, order, draws, temperatures):
    """Sweeps over residues, each drawing its rotamer by Boltzmann's law given its neighbours.

    Parameters
    ----------
    choice : (L,) int64
        Rotamer of each residue within its own; −1 where there is none. Changed in place.
    rotamers : Rotamers
    order : (sweeps, L) int64
        Residues in the order of visits.
    draws : (sweeps, L) float64
        Uniform numbers.
    temperatures : (sweeps,) float64
        0 takes the best.

    Returns
    -------
    int
        How many residues changed in the last sweep.
    """
    rows, near, near_starts = rotamers.rows, rotamers.near, rotamers.near_starts
    changed = 0
    widest = 0
    for i in range(len(choice)):
        widest = max(widest, rows[i + 1] - rows[i])
    energy = np.empty(widest)
    for sweep in range(len(temperatures)):
        changed = 0
        for step in range(len(choice)):
            i = order[sweep, step]
            count = rows[i + 1] - rows[i]
            if count < 2:
                continue
            for r in range(count):
                k = rows[i] + r
                energy[r] = rotamers.own[k]
                for f in range(near_starts[i], near_starts[i + 1]):
                    j = near[f]
                    if choice[j] >= 0:
                        energy[r] += _pair_energy(rotamers, i, k, j, rows[j] + choice[j])
            pick = _drawn(energy, count, temperatures[sweep], draws[sweep, i])
            if pick != choice[i]:
                choice[i] = pick
                changed += 1
    return changed
