"""The list of what is to be looked at, which commands and panel share; what was seen is ticked.

Ticks are an attribute of residues, so that sessions keep them.
"""

from __future__ import annotations

from collections.abc import Sequence

from chimerax.core.errors import UserError
from chimerax.core.triggerset import TriggerSet

from ..places import Place, places_of
from .clashes import clashes_of
from .findings import Findings, find
from .markup import mark

__all__ = ["CHECKED", "CHANGED", "Checklist", "checklist_of"]

CHECKED = "critasser_checked"
"""Whether the person has ticked a residue off."""

CHANGED = "checklist changed"


def checklist_of(session) -> Checklist:
    """The list of a session."""
    found = getattr(session, "_critasser_checklist", None)
    if found is None:
        found = session._critasser_checklist = Checklist(session)
    return found


class Checklist:
    """Places of the models that were judged last, the worst first.

    Parameters
    ----------
    session : chimerax.core.session.Session
    """

    def __init__(self, session) -> None:
        self._session = session
        self._found: list[Findings] = []
        self.triggers = TriggerSet()
        self.triggers.add_trigger(CHANGED)

    @property
    def found(self) -> list[Findings]:
        """Of each model that is still there."""
        return [one for one in self._found if not one.structure.deleted]

    @property
    def places(self) -> list[Place]:
        """Of all these models; those of residues that were deleted are left out."""
        return [place for one in self.found for place in one.places if place.structure is not None]

    def judge(self, structures: Sequence, *, markup: bool) -> list[Findings]:
        """Look through models and put what is found in place of what was listed before."""
        from chimerax.atomic import Residue

        Residue.register_attr(
            self._session, CHECKED, "Critasser", attr_type=bool, can_return_none=True
        )
        self._found = [find(one, clashes_of(one)) for one in structures]
        if markup:
            for one in self._found:
                mark(one)
        self.triggers.activate_trigger(CHANGED, self)
        return self._found

    def tick(self, place: Place, done: bool = True) -> None:
        """Note that a place has been looked at, or has not."""
        for residue in place.residues:
            setattr(residue, CHECKED, done)
        self.triggers.activate_trigger(CHANGED, self)

    @staticmethod
    def ticked(place: Place) -> bool:
        """Whether it has been looked at."""
        return all(getattr(residue, CHECKED, None) for residue in place.residues)

    def visit(self, *, number: int | None = None, step: int = 1) -> Place:
        """Go to a place by its number from 1, or to the next or the previous one.

        Raises
        ------
        UserError
            There is none.
        """
        places = self.places
        if not places:
            raise UserError("nothing is listed: critasser validate looks through a model first")
        tour, command = places_of(self._session), "critasser validate"
        if number is None:
            return tour.step(places, step, zone=True, command=command)
        if not 1 <= number <= len(places):
            raise UserError(f"the list has {len(places)} places: there is no place {number}")
        return tour.visit(places, number - 1, zone=True, command=command)
