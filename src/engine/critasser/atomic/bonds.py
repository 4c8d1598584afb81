"""Which peptides of a model are cis, and which cysteines are bridged."""

from __future__ import annotations

import numpy as np

from critasser.atomic.residue_atoms import atoms_of_model
from critasser.atomic.validation import find_disulfides, omega
from critasser.structure import AtomicModel, Bonds

__all__ = ["bonds_of_model"]

BRIDGED = 2.5
"""Å between two SG that are bonded (2.05 Å)."""


def bonds_of_model(model: AtomicModel) -> Bonds:
    """Cis peptides and disulfides by a model's atoms; where some are missing there are none."""
    atoms = atoms_of_model(model)
    angle = omega(model.target, atoms)
    cis = np.flatnonzero(np.abs(angle) < np.pi / 2)
    return Bonds(
        {int(i): float(np.degrees(angle[i])) for i in cis},
        find_disulfides(model.target, atoms, BRIDGED),
    )
