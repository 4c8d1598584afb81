"""Checks whether a model is chemically whole: clashes, handedness, peptides, rings, disulfides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.atomic.chemistry import (
    BEYOND_CB,
    CA,
    CB,
    RINGS,
    SG,
    SIDE_CHIRALITY,
    C,
    N,
    atom_slot,
    bonds_of,
)
from critasser.atomic.internal_coordinates import torsion
from critasser.atomic.residue_atoms import atom_list
from critasser.atomic.validation_kernels import MOST_CORNERS, RING_REACH, bonds_through_rings
from critasser.structure import Target

__all__ = [
    "CLASH",
    "clashing_atoms",
    "find_disulfides",
    "inverted_centres",
    "omega",
    "stretched_bonds",
    "threaded_rings",
]

CLASH = 2.0
"""Atoms of different residues that share no bond are never nearer than this, Å."""

TORN, TORN_SULPHUR = 1.85, 2.15
"""Å beyond which a bond is torn: the longest, C–C, is 1.54 Å, and C–S is 1.82 Å."""

DISULFIDE_REACH = 2.9
"""Å between the SG of two cysteines that can still be drawn into a disulfide (2.05 Å)."""

DISULFIDE_CBETA = (2.9, 4.8)
"""Å between their CB, which in disulfides are 3.4 to 4.5 Å apart."""


def clashing_atoms(
    target: Target,
    positions: NDArray[np.float64],
    disulfides: tuple[tuple[int, int], ...] = (),
    cutoff: float = CLASH,
) -> NDArray[np.int64]:
    """Pairs (k, 4) of atoms of different residues too near: residue, slot, residue, slot.

    Parameters
    ----------
    target : Target
    positions : (L, SLOTS, 3) Å
    disulfides : pairs of residues whose SG are bonded
    cutoff : float
        Å.
    """
    residue, slot, _ = atom_list(target)
    atoms = positions[residue, slot]
    pairs = cKDTree(atoms).query_pairs(cutoff, output_type="ndarray").reshape(-1, 2)
    pairs.sort(axis=1)
    a, b = pairs.T
    apart = residue[a] != residue[b]
    peptide = (residue[b] == residue[a] + 1) & (slot[a] == C) & (slot[b] == N)
    peptide &= np.append(target.bonded, False)[residue[a]]
    bridged = {tuple(sorted(pair)) for pair in disulfides}
    sulphur = np.array(
        [s == SG and t == SG and (int(i), int(j)) in bridged
         for i, s, j, t in zip(residue[a], slot[a], residue[b], slot[b])],
        dtype=bool,
    )  # fmt: skip
    kept = apart & ~peptide & ~sulphur
    clashes = np.stack([residue[a], slot[a], residue[b], slot[b]], axis=1)[kept]
    return clashes[np.lexsort(clashes.T[::-1])]


@dataclass(frozen=True, eq=False)
class InvertedCentres:
    """Residues (k,) whose CA, or whose side-chain centre, has the wrong hand."""

    calpha: NDArray[np.int64]
    side_chain: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.calpha) + len(self.side_chain)


def inverted_centres(target: Target, positions: NDArray[np.float64]) -> InvertedCentres:
    """D-amino acids, and Ile, Thr (and, by name, Val, Leu) inverted in the side chain."""
    hand = torsion(positions[:, CA], positions[:, N], positions[:, C], positions[:, CB])
    letters = np.array(list(target.letters))
    calpha = np.flatnonzero((hand < 0) & (letters != "G"))
    side = []
    for letter, names in SIDE_CHIRALITY.items():
        rows = np.flatnonzero(letters == letter)
        centre = torsion(*(positions[rows, atom_slot(letter, name)] for name in names))
        side += rows[centre < 0].tolist()
    return InvertedCentres(calpha, np.array(sorted(side), dtype=np.int64))


def omega(target: Target, positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Peptide torsions (L - 1,) in radians; NaN between chains."""
    result = torsion(positions[:-1, CA], positions[:-1, C], positions[1:, N], positions[1:, CA])
    result[~target.bonded] = np.nan
    return result


def stretched_bonds(target: Target, positions: NDArray[np.float64]) -> NDArray[np.int64]:
    """Bonds (k, 4) that are torn, far longer than any bond of their kind: residue, slot, twice."""
    table = _bond_table(target)
    length = np.linalg.norm(
        positions[table[:, 0], table[:, 1]] - positions[table[:, 2], table[:, 3]], axis=1
    )
    letters = np.array(list(target.letters))
    sulphur = np.isin(letters[table[:, 0]], ["C", "M"]) & (
        table[:, [1, 3]].max(axis=1) >= BEYOND_CB
    )
    return table[length > np.where(sulphur, TORN_SULPHUR, TORN)]


def _bond_table(target: Target, disulfides: tuple[tuple[int, int], ...] = ()) -> NDArray[np.int64]:
    """Bonds (b, 4) between heavy atoms: residue and slot of either end."""
    ends = []
    for i, letter in enumerate(target.letters):
        ends += [(i, atom_slot(letter, a), i, atom_slot(letter, b)) for a, b in bonds_of(letter)]
        if i + 1 < len(target) and target.bonded[i]:
            ends.append((i, C, i + 1, N))
    ends += [(a, SG, b, SG) for a, b in disulfides]
    return np.array(ends, dtype=np.int64)


def threaded_rings(
    target: Target,
    positions: NDArray[np.float64],
    disulfides: tuple[tuple[int, int], ...] = (),
) -> NDArray[np.int64]:
    """Bonds that pass through rings, (k, 5): ring's residue, then residue and slot of both ends."""
    letters = target.letters
    rings, sizes, owners = [], [], []
    for i, letter in enumerate(letters):
        for names in RINGS.get(letter, ()):
            corner = np.zeros((MOST_CORNERS, 3))
            corner[: len(names)] = positions[i, [atom_slot(letter, name) for name in names]]
            rings.append(corner)
            sizes.append(len(names))
            owners.append(i)
    if not rings:
        return np.empty((0, 5), dtype=np.int64)
    table = _bond_table(target, disulfides)
    bonds = np.stack(
        [positions[table[:, 0], table[:, 1]], positions[table[:, 2], table[:, 3]]], axis=1
    )
    corners, owner = np.array(rings), np.array(owners, dtype=np.int64)
    # Only bonds near some ring are worth the exact test.
    centre = np.array([ring[:size].mean(axis=0) for ring, size in zip(corners, sizes, strict=True)])
    near, _ = cKDTree(centre).query(bonds.mean(axis=1))
    table, bonds = table[near < RING_REACH], bonds[near < RING_REACH]
    through = bonds_through_rings(
        corners, np.array(sizes, dtype=np.int64), owner, bonds, table[:, [0, 2]]
    )
    return np.column_stack([owner[through[:, 0]], table[through[:, 1]]]).astype(np.int64)


def find_disulfides(
    target: Target, positions: NDArray[np.float64], reach: float = DISULFIDE_REACH
) -> tuple[tuple[int, int], ...]:
    """Pairs of cysteines whose SG and CB lie as in a disulfide; each once, nearest first."""
    cysteines = np.array(
        [i for i, letter in enumerate(target.letters) if letter == "C"], dtype=np.int64
    )
    candidates = []
    for k, a in enumerate(cysteines):
        for b in cysteines[k + 1 :]:
            sulphur = np.linalg.norm(positions[a, SG] - positions[b, SG])
            cbeta = np.linalg.norm(positions[a, CB] - positions[b, CB])
            if sulphur <= reach and DISULFIDE_CBETA[0] <= cbeta <= DISULFIDE_CBETA[1]:
                candidates.append((float(sulphur), int(a), int(b)))
    used: set[int] = set()
    chosen = []
    for _, a, b in sorted(candidates):
        if a not in used and b not in used:
            used |= {a, b}
            chosen.append((a, b))
    return tuple(sorted(chosen))
