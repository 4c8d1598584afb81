"""Atoms of a model that are too near, as ChimeraX's command `clashes` finds them."""

from __future__ import annotations

__all__ = ["clashes_of"]


def clashes_of(structure) -> list[tuple]:
    """Pairs of atoms of different residues that overlap by 0.6 Å or more, hydrogen bonds aside.

    Returns
    -------
    list of (Atom, Atom, float)
        Each pair once, the atom of the earlier residue first, and the overlap in Å.
    """
    from chimerax.clashes.clashes import find_clashes

    found = find_clashes(structure.session, structure.atoms, inter_model=False)
    order = {atom: number for number, atom in enumerate(structure.atoms)}
    pairs = []
    for atom, others in found.items():
        for other, overlap in others.items():
            if order[atom] < order[other] and atom.residue is not other.residue:
                pairs.append((atom, other, float(overlap)))
    return pairs
