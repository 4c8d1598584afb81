"""Energies of rotamers and their search: soft contacts of side chains, heat bath, descent."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["contact_energy", "fixed_energies", "pack", "total_energy"]

HARDEST = 0.55
WORST = 12.0
HYDROGEN_BOND = 2.75
DISULFIDE = (1.75, 2.9)
DISULFIDE_GAIN = -4.0


@njit(cache=True)
def contact_energy(squared, first, second, radius):
    """Energy of two atoms by their squared distance; classes 0 C, 1 N, 2 O, 3 S, 4 aromatic C.

    Rises from nothing where the radii touch to `WORST` at 0.55 of that. Nitrogen and oxygen may
    come as near as a hydrogen bond. Two sulphur atoms at bonding distance are a disulfide.
    """
    touch = radius[first] + radius[second]
    if (first == 1 or first == 2) and (second == 1 or second == 2):
        touch = HYDROGEN_BOND
    if squared >= touch * touch:
        return 0.0
    distance = np.sqrt(squared)
    if first == 3 and second == 3 and DISULFIDE[0] < distance < DISULFIDE[1]:
        return DISULFIDE_GAIN
    share = (1.0 - distance / touch) / (1.0 - HARDEST)
    return WORST * min(share, 1.0)


@njit(cache=True, nogil=True)
def fixed_energies(
    atoms,
    starts,
    sizes,
    kinds,
    kind_starts,
    owner,
    fixed,
    fixed_kind,
    fixed_residue,
    near,
    near_starts,
    radius,
    bonded,
):
    """Contacts of every rotamer with atoms that do not move.

    Parameters
    ----------
    atoms : (m, 3) atoms of all rotamers; rotamer k has `sizes[k]` from `starts[k]`.
    kinds, kind_starts : classes of a residue's side-chain atoms, from `kind_starts[residue]`.
    owner : (K,) residue of each rotamer.
    fixed, fixed_kind, fixed_residue : (f, 3), (f,), (f,) the atoms that do not move.
    near, near_starts : fixed atoms to look at for each residue (compressed rows).
    radius : (classes,)
    bonded : (K,) bool, whether the rotamer's last atom closes a ring with its own N (proline).
    """
    energy = np.zeros(len(starts))
    for k in range(len(starts)):
        residue = owner[k]
        for a in range(sizes[k]):
            x, y, z = atoms[starts[k] + a]
            kind = kinds[kind_starts[residue] + a]
            for f in range(near_starts[residue], near_starts[residue + 1]):
                other = near[f]
                if fixed_residue[other] == residue:
                    continue
                if bonded[k] and fixed_residue[other] == residue - 1:
                    continue
                dx, dy, dz = fixed[other, 0] - x, fixed[other, 1] - y, fixed[other, 2] - z
                squared = dx * dx + dy * dy + dz * dz
                if squared < 16.0:
                    energy[k] += contact_energy(squared, kind, fixed_kind[other], radius)
    return energy


@njit(cache=True)
def _pair(atoms, start_a, size_a, kinds_a, start_b, size_b, kinds_b, kinds, radius):
    energy = 0.0
    for a in range(size_a):
        x, y, z = atoms[start_a + a]
        for b in range(size_b):
            dx = atoms[start_b + b, 0] - x
            dy = atoms[start_b + b, 1] - y
            dz = atoms[start_b + b, 2] - z
            squared = dx * dx + dy * dy + dz * dz
            if squared < 16.0:
                energy += contact_energy(squared, kinds[kinds_a + a], kinds[kinds_b + b], radius)
    return energy


@njit(cache=True)
def total_energy(
    choice, own, atoms, starts, sizes, kinds, kind_starts, rows, near, near_starts, radius
):
    """Energy of one choice of rotamers: each one's own and all pairs."""
    energy = 0.0
    for i in range(len(choice)):
        if choice[i] < 0:
            continue
        k = rows[i] + choice[i]
        energy += own[k]
        for f in range(near_starts[i], near_starts[i + 1]):
            j = near[f]
            if j > i and choice[j] >= 0:
                m = rows[j] + choice[j]
                energy += _pair(
                    atoms,
                    starts[k],
                    sizes[k],
                    kind_starts[i],
                    starts[m],
                    sizes[m],
                    kind_starts[j],
                    kinds,
                    radius,
                )
    return energy


@njit(cache=True)
def pack(
    choice,
    own,
    atoms,
    starts,
    sizes,
    kinds,
    kind_starts,
    rows,
    near,
    near_starts,
    radius,
    order,
    draws,
    temperatures,
):
    """Sweeps over residues, each drawing its rotamer by Boltzmann's law given its neighbours.

    Parameters
    ----------
    choice : (L,) rotamer of each residue within its own; -1 where there is none. Changed in place.
    own : (K,) energies that do not depend on other side chains.
    rows : (L + 1,) first rotamer of each residue.
    near, near_starts : neighbouring residues (compressed rows).
    order : (sweeps, L) residues in the order of visits; draws : (sweeps, L) uniform numbers.
    temperatures : (sweeps,); 0 takes the best.

    Returns
    -------
    int, how many residues changed in the last sweep.
    """
    changed = 0
    widest = 0
    for i in range(len(choice)):
        widest = max(widest, rows[i + 1] - rows[i])
    energy = np.empty(widest)
    for sweep in range(len(temperatures)):
        changed = 0
        temperature = temperatures[sweep]
        for step in range(len(choice)):
            i = order[sweep, step]
            count = rows[i + 1] - rows[i]
            if count < 2:
                continue
            for r in range(count):
                k = rows[i] + r
                energy[r] = own[k]
                for f in range(near_starts[i], near_starts[i + 1]):
                    j = near[f]
                    if choice[j] < 0:
                        continue
                    m = rows[j] + choice[j]
                    energy[r] += _pair(
                        atoms,
                        starts[k],
                        sizes[k],
                        kind_starts[i],
                        starts[m],
                        sizes[m],
                        kind_starts[j],
                        kinds,
                        radius,
                    )
            best = 0
            for r in range(1, count):
                if energy[r] < energy[best]:
                    best = r
            pick = best
            if temperature > 0.0:
                total = 0.0
                for r in range(count):
                    total += np.exp((energy[best] - energy[r]) / temperature)
                left = draws[sweep, i] * total
                for r in range(count):
                    left -= np.exp((energy[best] - energy[r]) / temperature)
                    if left <= 0.0:
                        pick = r
                        break
            if pick != choice[i]:
                choice[i] = pick
                changed += 1
    return changed
