"""``critasser validate previous``: go back to the previous place of the list of what is unusual."""

from __future__ import annotations

from chimerax.core.commands import CmdDesc

from ..models.validation.checklist import checklist_of

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(synopsis="Go back to the previous place of the validation list")


def command(session):
    """Go back to the place before.

    Returns
    -------
    Place
    """
    return checklist_of(session).visit(step=-1)
