"""Symmetries by name, as a person gives them and as they are told.

ChimeraX reads them with this module too. It needs the standard library only, and imports nothing of
the engine.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

__all__ = ["AUTO", "NONE", "Helix", "PointGroup", "is_looked_for", "read_symmetry"]

AUTO, NONE = "auto", "none"
"""Words for a symmetry that is looked for, and for none."""
MOST_FOLD = 60
"""Order of an axis; the largest known, of secretion systems and vaults, are below."""
RISES = (0.5, 500.0)
"""Å; least and largest rise of a helix that is taken for one."""
GROUP_PATTERN = re.compile(r"([CD])([1-9][0-9]?)|([TO])|I[1-4]?", re.IGNORECASE)
"""RELION's names; I1 to I4 differ by how the axes lie, which is found in the map."""
HELIX_PATTERN = re.compile(r"helical:([^,]+),([^,]+)", re.IGNORECASE)
KINDS = "C4, D2, T, O, I, helical:RISE,TWIST (Å and degrees, such as helical:27.6,-166.5)"
"""How a symmetry is given."""
FULL_TURN = 360.0
"""Degrees."""


@dataclass(frozen=True)
class PointGroup:
    """A point group, wherever its axes lie.

    Attributes
    ----------
    name : str
        Schoenflies name: ``C4``, ``D2``, ``T``, ``O`` or ``I``.
    """

    name: str

    def __str__(self) -> str:
        return self.name

    @property
    def fold(self) -> int:
        """Order of the axis along which the group is looked for."""
        return {"T": 3, "O": 4, "I": 5}.get(self.name) or int(self.name[1:])


@dataclass(frozen=True)
class Helix:
    """The symmetry of a filament with one start.

    Attributes
    ----------
    rise : float
        Å along the axis from one subunit to the next, above 0.
    twist : float
        Degrees about the axis from one subunit to the next, by the right hand as seen along the
        rise; −180 to 180. That of F-actin is −166.5.

    References
    ----------
    The signs are RELION's: He & Scheres (2017) J Struct Biol 198:163.
    """

    rise: float
    twist: float

    def __str__(self) -> str:
        return f"helical, rise {self.rise:.3g} Å, twist {self.twist:.1f}°".replace("-", "−")


def is_looked_for(text: str) -> bool:
    """Whether this leaves it to the map."""
    return text.strip().lower() == AUTO


def read_symmetry(text: str) -> PointGroup | Helix | None:
    """A symmetry by its name, such as ``C4`` or ``helical:27.6,-166.5``.

    Parameters
    ----------
    text : str
        Also ``auto`` and ``none``; capitals do not matter.

    Returns
    -------
    PointGroup, Helix or None
        None for ``auto``, ``none`` and ``C1``, which name no symmetry.

    Raises
    ------
    ValueError
        It names nothing; says what does.
    """
    word = text.strip()
    if word.lower() in (AUTO, NONE):
        return None
    if found := GROUP_PATTERN.fullmatch(word):
        axes, fold, _ = found.groups()
        if axes is None:
            return PointGroup(word[0].upper())
        if int(fold) <= MOST_FOLD:
            name = f"{axes.upper()}{fold}"
            return {"C1": None, "D1": PointGroup("C2")}.get(name, PointGroup(name))
    if found := HELIX_PATTERN.fullmatch(word):
        try:
            rise, twist = map(float, found.groups())
        except ValueError:
            rise = twist = math.nan
        if RISES[0] <= rise <= RISES[1] and abs(twist) <= FULL_TURN:
            return Helix(rise, (twist + FULL_TURN / 2) % FULL_TURN - FULL_TURN / 2)
    raise ValueError(
        f"symmetry {text!r}: give {AUTO}, {NONE} or one such as {KINDS}; axes of order {MOST_FOLD} "
        f"at most, a rise of {RISES[0]:g} to {RISES[1]:g} Å"
    )
