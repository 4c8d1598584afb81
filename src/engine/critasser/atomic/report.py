"""Tells what building atoms did and what it could not mend."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AtomicReport"]


@dataclass(frozen=True)
class AtomicReport:
    """Facts about one built model.

    Attributes
    ----------
    schedule : str
    energy_before, energy_after : float
        Of the force field in kJ/mol, before its first minimisation and in the end.
    density_before, density_after : float
        Mean normalised density at heavy atoms, weighted by atomic number; NaN without a map.
    calpha_moved : float
        RMSD in Å of the final Cα from those given.
    clashes_before, clashes_after : int
        Pairs of atoms of different residues nearer than 2 Å that share no bond: as first placed,
        and in the end.
    inverted : int
        Chiral centres that had to be mended.
    flipped : int
        Peptides that had become cis without evidence and were turned back.
    threaded : int
        Bonds through rings that had to be mended.
    cis : tuple of int
        Residues i whose peptide to i + 1 is cis in the model.
    disulfides : tuple of (int, int)
    rounds : int
        Rounds of repair after the first relaxation.
    warnings : tuple of str
        What remains wrong and which steps had to be repeated more gently; empty when all is well.
    """

    schedule: str
    energy_before: float
    energy_after: float
    density_before: float
    density_after: float
    calpha_moved: float
    clashes_before: int
    clashes_after: int
    inverted: int
    flipped: int
    threaded: int
    cis: tuple[int, ...]
    disulfides: tuple[tuple[int, int], ...]
    rounds: int
    warnings: tuple[str, ...]
