"""What a rebuild has moved: the model before and after, residue by residue."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ..jobs.residue_names import ResidueName, names_of

__all__ = ["Moved", "in_stretches", "what_moved"]

STILL = 0.2
"""Å that the Cα of a residue may be away without having moved."""

_STRETCH = re.compile(r"([^\s:;,]+):(-?\d+)([A-Za-z]?)-(-?\d+)([A-Za-z]?)")

_MOST_STRETCHES = 1000


@dataclass(frozen=True)
class Moved:
    """Distances of Cα atoms before and after.

    Attributes
    ----------
    built, added : int
        Residues of the stretches, and those among them that were not there before.
    mean, most : float
        Å, within the stretches; NaN where all are new.
    where : str
        The residue that moved most; empty where all are new.
    beyond : float
        Å that a residue of the rest moved at most.
    """

    built: int
    added: int
    mean: float
    most: float
    where: str
    beyond: float

    def __str__(self) -> str:
        text = f"{self.built} residues rebuilt"
        if self.added:
            text += f", {self.added} of them new"
        if np.isfinite(self.mean):
            text += f": their Cα moved by {self.mean:.1f} Å on average"
            text += f" and {self.most:.1f} Å at most ({self.where})"
        if self.beyond <= STILL:
            return f"{text}; nothing else moved"
        return f"{text}; elsewhere residues moved by up to {self.beyond:.1f} Å"


def in_stretches(text: str) -> list[tuple[ResidueName, ResidueName]]:
    """First and last residue of each stretch of a job's option, such as ``A:45-80,B:10-20A``."""
    found = [_STRETCH.fullmatch(part.strip()) for part in text.split(",")[:_MOST_STRETCHES]]
    return [
        ((one[1], int(one[2]), one[3]), (one[1], int(one[4]), one[5]))
        for one in found
        if one is not None
    ]


def what_moved(before, after, stretches: list[tuple[ResidueName, ResidueName]]) -> Moved | None:
    """Compare a model with its rebuilt one as both lie in the scene.

    Parameters
    ----------
    before, after : chimerax.atomic.AtomicStructure
    stretches : list of pair of ResidueName
        What was built again.

    Returns
    -------
    Moved or None
        None where the rebuilt model has none of those residues.
    """
    old, new = _calphas(before), _calphas(after)
    built = {name for name in new if any(_within(name, *one) for one in stretches)}
    if not built:
        return None
    away = {name: float(np.linalg.norm(new[name] - old[name])) for name in new if name in old}
    inside = {name: far for name, far in away.items() if name in built}
    beyond = max((far for name, far in away.items() if name not in built), default=0.0)
    if not inside:
        return Moved(len(built), len(built), np.nan, np.nan, "", beyond)
    farthest = max(inside, key=inside.__getitem__)
    return Moved(
        len(built), len(built) - len(inside), float(np.mean(list(inside.values()))),
        inside[farthest], f"{farthest[0]} {farthest[1]}{farthest[2]}", beyond,
    )  # fmt: skip


def _within(name: ResidueName, first: ResidueName, last: ResidueName) -> bool:
    return name[0] == first[0] and first[1:] <= name[1:] <= last[1:]


def _calphas(structure) -> dict[ResidueName, np.ndarray]:
    """Scene position of each residue's Cα, by its name."""
    names = names_of(structure.residues)
    found = {}
    for residue, name in names.items():
        atom = residue.find_atom("CA") if residue.polymer_type else None
        if atom is not None:
            found[name] = np.asarray(atom.scene_coord)
    return found
