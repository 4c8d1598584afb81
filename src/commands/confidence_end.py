"""``critasser confidence end``: the whole map again, after going from place to place."""

from __future__ import annotations

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    from chimerax.core.commands import CmdDesc

    return CmdDesc(synopsis="Show the whole map again after going through places")


def command(session) -> None:
    """Leave the places of low confidence: the map is shown as it was before."""
    from ..models.places import tour_of

    tour_of(session).end()
