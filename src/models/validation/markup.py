"""Mark what is unusual in a model, in a model of marks that lies in it."""

from __future__ import annotations

import numpy as np

__all__ = ["COLORS", "mark", "marks_of", "unmark"]

_NAME = "critasser validation"

COLORS = {
    "Ramachandran outliers": (220, 30, 30, 255),
    "rotamer outliers": (240, 180, 0, 255),
    "twisted or cis peptides": (255, 120, 0, 255),
    "clashes": (255, 60, 200, 255),
}
"""By what is marked."""

_BALL, _SMALL = 0.8, 0.3
"""Å; radii of a mark and of the ends of a clash."""

_ROD = 0.12
"""Å; radius of the line between atoms that clash."""


def marks_of(structure):
    """The marks that a model has, or None."""
    return next((one for one in structure.child_models() if one.name == _NAME), None)


def unmark(structure) -> None:
    """Take the marks of a model away."""
    if (present := marks_of(structure)) is not None:
        structure.session.models.close([present])


def mark(findings):
    """Mark a model anew: balls at backbones, side chains and peptides, lines between clashes.

    Parameters
    ----------
    findings : Findings

    Returns
    -------
    chimerax.markers.MarkerSet or None
        None where nothing is to be marked. It is a part of the model, whose own look stays.
    """
    from chimerax.markers import MarkerSet, create_link

    structure = findings.structure
    unmark(structure)
    marks = MarkerSet(structure.session, _NAME)
    count = 0
    for place in findings.places:
        (residue,) = place.residues
        for told, what in (("Ramachandran", "Ramachandran outliers"),
                           ("rotamer", "rotamer outliers")):  # fmt: skip
            if told in place.what:
                marks.create_marker(_spot(residue, told), COLORS[what], _BALL)
                count += 1
    for first, second in findings.twisted:
        ends = [first.find_atom("C"), second.find_atom("N")]
        middle = np.mean([end.coord for end in ends], axis=0)
        marks.create_marker(middle, COLORS["twisted or cis peptides"], _BALL)
        count += 1
    color = COLORS["clashes"]
    for one, other, _ in findings.clashes:
        pair = [marks.create_marker(atom.coord, color, _SMALL) for atom in (one, other)]
        create_link(*pair, color, _ROD)
        count += 1
    if not count:
        marks.delete()
        return None
    structure.session.models.add([marks], parent=structure)
    return marks


def _spot(residue, what: str) -> np.ndarray:
    """Where a residue is marked: at its Cα, or in the middle of its side chain."""
    side = [atom.coord for atom in residue.atoms if atom.name not in ("N", "CA", "C", "O", "OXT")]
    if what == "Ramachandran" or not side:
        return np.asarray(residue.find_atom("CA").coord)
    return np.mean(side, axis=0)
