"""``critasser confidence previous``: go back to the previous residues of low confidence."""

from __future__ import annotations

from .confidence_next import command as go
from .confidence_next import description as like_next

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    found = like_next()
    found.synopsis = "Go back to the previous uncertain place"
    return found


def command(session, structures=None, *, below=None, zone=True):
    """Zoom to the stretch before; the arguments are those of ``critasser confidence next``."""
    return go(session, structures, below=below, zone=zone, step=-1)
