"""``critasser validate place``: go to a place of the list of what is unusual."""

from __future__ import annotations

from chimerax.core.commands import BoolArg, CmdDesc, PositiveIntArg

from ..models.validation.checklist import checklist_of

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(
        required=[("number", PositiveIntArg)],
        keyword=[("checked", BoolArg)],
        synopsis="Go to a place of the validation list",
    )


def command(session, number, *, checked=None):
    """Go to a place that `critasser validate` has listed, or tick it off.

    Parameters
    ----------
    session : chimerax.core.session.Session
    number : int
        From 1.
    checked : bool, optional
        Tick the place off, or untick it.

    Returns
    -------
    Place
    """
    checklist = checklist_of(session)
    place = checklist.visit(number=number)
    if checked is not None:
        checklist.tick(place, checked)
    return place
