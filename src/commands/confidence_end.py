"""``critasser confidence end``: show all as it was before looking at places."""

from __future__ import annotations

from chimerax.core.commands import CmdDesc

from ..models.places import places_of

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(synopsis="Leave the uncertain places and restore the view")


def command(session) -> None:
    """Leave the places: map, atoms and camera are as they were before."""
    places_of(session).end()
