"""Learns rotamers from structures: how often by phi and psi, their chi angles, their shapes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from critasser.atomic.backbone_statistics import phi_psi
from critasser.atomic.chemistry import CHI, PLANAR_CHI, SYMMETRIC_CHI, atom_slot, side_chain_order
from critasser.atomic.internal_coordinates import angle, torsion, wrapped
from critasser.atomic.residue_atoms import ResidueAtoms, atoms_of_chain
from critasser.structure import AMINO_ACIDS, ProteinChain

__all__ = ["PHI_PSI_BINS", "chi_angles", "chi_bins", "learn", "learn_from_atoms"]

PHI_PSI_BINS = 18
"""Of full turns: 20°."""

FEWEST, COVERED = 25, 0.995
"""Residues that a rotamer is learnt from at least, and the share of a type's residues whose
rotamers are kept."""

PLANAR_BINS, TETRAHEDRAL_BINS = 12, 3
"""Bins of a full turn about a bond to a planar group (30°), and between tetrahedral atoms."""


def chi_angles(letter: str, positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Side-chain torsions (n, chis) in radians of residues (n, SLOTS, 3) of one type.

    Torsions that repeat after a half turn are given in [-pi/2, pi/2).
    """
    angles = np.full((len(positions), len(CHI[letter])), np.nan)
    for index, names in enumerate(CHI[letter]):
        a, b, c, d = (positions[:, atom_slot(letter, name)] for name in names)
        angles[:, index] = torsion(a, b, c, d)
        if (letter, index) in SYMMETRIC_CHI:
            angles[:, index] = (angles[:, index] + np.pi / 2) % np.pi - np.pi / 2
    return angles


def chi_bins(letter: str, angles: NDArray[np.float64]) -> NDArray[np.int64]:
    """Which rotamer (n,) of the type chi angles (n, chis) fall in.

    Three wells about a bond between tetrahedral atoms; 30° steps about a bond to a planar group;
    proline's ring by the sign of its first torsion.
    """
    if letter == "P":
        return (angles[:, 0] > 0).astype(np.int64)
    result = np.zeros(len(angles), dtype=np.int64)
    for index in range(angles.shape[1]):
        if (letter, index) in SYMMETRIC_CHI:
            count = PLANAR_BINS // 2
            turned = (angles[:, index] + np.pi / PLANAR_BINS) % np.pi
            bins = np.floor(turned / (np.pi / count)).astype(np.int64) % count
        elif (letter, index) in PLANAR_CHI:
            count = PLANAR_BINS
            turned = (angles[:, index] + np.pi / PLANAR_BINS) % (2 * np.pi)
            bins = np.floor(turned / (2 * np.pi / count)).astype(np.int64) % count
        else:
            count = TETRAHEDRAL_BINS
            turned = angles[:, index] % (2 * np.pi)
            bins = np.floor(turned / (2 * np.pi / count)).astype(np.int64) % count
        result = result * count + bins
    return result


def learn(chains: Iterable[ProteinChain]) -> dict[str, NDArray]:
    """Rotamer tables from protein chains; see `learn_from_atoms` for what is in them."""
    return learn_from_atoms(atoms_of_chain(chain) for chain in chains)


def learn_from_atoms(chains: Iterable[ResidueAtoms]) -> dict[str, NDArray]:
    """Rotamer tables from chains.

    Returns
    -------
    dict of ndarray
        For every residue type X that has side-chain torsions: ``X_chi`` (K, chis) radians, the
        mean of each rotamer; ``X_spread`` (K, chis) radians, standard deviations; ``X_counts``
        (K, PHI_PSI_BINS, PHI_PSI_BINS) float32. For every type but glycine ``X_shape`` (atoms, 3):
        bond length in Å, bond angle and torsion in radians of each atom of
        `chemistry.side_chain_order`; the torsions that are chi angles are zero there.
    """
    gathered: dict[str, list[tuple[NDArray, NDArray]]] = {letter: [] for letter in AMINO_ACIDS}
    for atoms in chains:
        torsions = phi_psi(atoms.positions, atoms.bonded)
        for code in np.unique(atoms.codes):
            chosen = atoms.codes == code
            gathered[AMINO_ACIDS[code]].append((atoms.positions[chosen], torsions[chosen]))
    tables: dict[str, NDArray] = {}
    for letter in AMINO_ACIDS:
        if letter == "G" or not gathered[letter]:
            continue
        positions = np.concatenate([part[0] for part in gathered[letter]])
        torsions = np.concatenate([part[1] for part in gathered[letter]])
        tables[f"{letter}_shape"] = _shape(letter, positions)
        if CHI[letter]:
            tables.update(_rotamers(letter, positions, torsions))
    return tables


def _shape(letter: str, positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median internal coordinates (atoms, 3) of a side chain."""
    chis = {names[3]: names for names in CHI[letter]}
    rows = []
    for names in side_chain_order(letter):
        a, b, c, d = (positions[:, atom_slot(letter, name)] for name in names)
        length = np.nanmedian(np.linalg.norm(a - b, axis=1))
        bend = np.nanmedian(angle(a, b, c))
        turn = 0.0
        if chis.get(names[0]) != names[::-1]:
            values = torsion(a, b, c, d)
            values = values[np.isfinite(values)]
            middle = np.angle(np.exp(1j * values).mean())
            turn = middle + np.median(wrapped(values - middle))
        rows.append((length, bend, turn))
    return np.array(rows)


def _rotamers(
    letter: str, positions: NDArray[np.float64], torsions: NDArray[np.float64]
) -> dict[str, NDArray]:
    angles = chi_angles(letter, positions)
    good = np.isfinite(angles).all(axis=1) & np.isfinite(torsions).all(axis=1)
    angles, torsions = angles[good], torsions[good]
    bins = chi_bins(letter, angles)
    kinds, counts = np.unique(bins, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    kept = np.cumsum(counts[order]) - counts[order] < COVERED * counts.sum()
    chosen = [kinds[k] for k in order[kept] if counts[k] >= FEWEST] or [kinds[order[0]]]
    at = ((wrapped(torsions) + np.pi) / (2 * np.pi) * PHI_PSI_BINS).astype(int) % PHI_PSI_BINS
    means, spreads = [], []
    table = np.zeros((len(chosen), PHI_PSI_BINS, PHI_PSI_BINS), dtype=np.float32)
    fold = np.array([2.0 if (letter, i) in SYMMETRIC_CHI else 1.0 for i in range(angles.shape[1])])
    for row, kind in enumerate(chosen):
        inside = bins == kind
        middle = np.angle(np.exp(1j * fold * angles[inside]).mean(axis=0)) / fold
        away = wrapped(fold * (angles[inside] - middle)) / fold
        means.append(middle)
        spreads.append(np.sqrt(np.mean(away**2, axis=0)))
        np.add.at(table[row], (at[inside, 0], at[inside, 1]), 1)
    return {
        f"{letter}_chi": np.array(means),
        f"{letter}_spread": np.array(spreads),
        f"{letter}_counts": table,
    }
