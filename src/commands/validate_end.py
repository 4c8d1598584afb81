"""``critasser validate end``: show all as it was before looking at places."""

from __future__ import annotations

from chimerax.core.commands import CmdDesc

from .confidence_end import command

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(synopsis="Leave the validation list and restore the view")
