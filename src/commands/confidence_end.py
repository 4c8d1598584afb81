"""``critasser confidence end``: show the whole map again after looking at uncertain regions."""

from __future__ import annotations

from chimerax.core.commands import CmdDesc

from ..models.uncertain_regions import uncertain_regions_of

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(synopsis="Show the whole map again after going through places")


def command(session) -> None:
    """Leave the places of low confidence: the map is shown as it was before."""
    uncertain_regions_of(session).end()
