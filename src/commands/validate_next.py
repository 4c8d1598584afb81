"""``critasser validate next``: go to the next place of the list of what is unusual."""

from __future__ import annotations

from chimerax.core.commands import CmdDesc

from ..models.validation.checklist import checklist_of

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(synopsis="Go to the next place of the validation list")


def command(session):
    """Go to the next place that `critasser validate` has listed.

    Returns
    -------
    Place
    """
    return checklist_of(session).visit(step=1)
