"""Holds heavy atoms of residues in one array with an atom axis; to and from chains and models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.atomic.chemistry import ATOMS, OXT, SLOTS, C, N
from critasser.structure import AtomicModel, ProteinChain, Target

__all__ = [
    "PEPTIDE_BOND_LIMIT",
    "ResidueAtoms",
    "atoms_of_chain",
    "atoms_of_model",
    "model_of_atoms",
    "written_atoms",
]

PEPTIDE_BOND_LIMIT = 1.6
"""C and N of neighbours nearer than this (Å) are taken as bonded in a coordinate file."""


@dataclass(frozen=True, eq=False)
class ResidueAtoms:
    """Atoms of n residues on a fixed atom axis.

    Attributes
    ----------
    codes : ndarray (n,) int8
        Indices into `AMINO_ACIDS`.
    positions : ndarray (n, SLOTS, 3) float64
        Å, in the order of `chemistry.ATOMS`, OXT last; NaN where there is none.
    bonded : ndarray (n - 1,) bool
        Whether residues i and i + 1 share a peptide bond.
    """

    codes: NDArray[np.int8]
    positions: NDArray[np.float64]
    bonded: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.codes)


def atoms_of_chain(chain: ProteinChain) -> ResidueAtoms:
    """Atoms of the standard residues of a chain read from a file."""
    standard = np.flatnonzero(chain.codes >= 0)
    row = np.full(len(chain), -1)
    row[standard] = np.arange(len(standard))
    positions = np.full((len(standard), SLOTS, 3), np.nan)
    for name, residue, position in zip(
        chain.atom_names, chain.residue, chain.positions, strict=True
    ):
        names = ATOMS.get(chain.letters[residue], ())
        if name == "OXT" and row[residue] >= 0:
            positions[row[residue], OXT] = position
        elif name in names:
            positions[row[residue], names.index(name)] = position
    gap = np.linalg.norm(positions[:-1, C] - positions[1:, N], axis=1)
    return ResidueAtoms(
        chain.codes[standard],
        positions,
        (np.diff(standard) == 1) & (np.nan_to_num(gap, nan=np.inf) < PEPTIDE_BOND_LIMIT),
    )


def atoms_of_model(model: AtomicModel) -> NDArray[np.float64]:
    """Positions (L, SLOTS, 3) of a model's heavy atoms; NaN where it has none.

    Atoms that the amino acid does not have, such as those of a modified one, are left out.
    """
    positions = np.full((len(model.target), SLOTS, 3), np.nan)
    letters = model.target.letters
    for name, residue, position in zip(
        model.atom_names, model.residue, model.positions, strict=True
    ):
        names = ATOMS[letters[residue]]
        if name == "OXT" or name in names:
            positions[residue, OXT if name == "OXT" else names.index(name)] = position
    return positions


def written_atoms(
    letter: str, positions: NDArray[np.float64], *, end: bool
) -> list[tuple[str, NDArray[np.float64]]]:
    """Names and positions of the atoms (SLOTS, 3) of one residue; OXT only at an end."""
    names = [*enumerate(ATOMS[letter]), *([(OXT, "OXT")] if end else [])]
    return [(name, positions[slot]) for slot, name in names if np.isfinite(positions[slot]).all()]


def model_of_atoms(target: Target, positions: NDArray[np.float64]) -> AtomicModel:
    """A model of every heavy atom of the target, OXT on each chain's end.

    Parameters
    ----------
    target : Target
    positions : (L, SLOTS, 3) Å

    Raises
    ------
    ValueError
        An atom that the sequence calls for has no position.
    """
    residue, slot, names = atom_list(target)
    chosen = positions[residue, slot]
    if not np.isfinite(chosen).all():
        lost = int(np.flatnonzero(~np.isfinite(chosen).all(axis=1))[0])
        raise ValueError(f"atom {names[lost]} of residue {residue[lost] + 1} has no position")
    return AtomicModel(target, names, tuple(name[0] for name in names), residue, chosen)


def atom_list(target: Target) -> tuple[NDArray[np.int64], NDArray[np.int64], tuple[str, ...]]:
    """Residue index, slot and name of every heavy atom of a target, in writing order."""
    last = np.append(~target.bonded, True)
    residue, slot, names = [], [], []
    for index, letter in enumerate(target.letters):
        atoms = ATOMS[letter] + (("OXT",) if last[index] else ())
        residue += [index] * len(atoms)
        slot += [OXT if name == "OXT" else place for place, name in enumerate(atoms)]
        names += atoms
    return np.array(residue, dtype=np.int64), np.array(slot, dtype=np.int64), tuple(names)
