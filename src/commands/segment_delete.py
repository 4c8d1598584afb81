"""``critasser segment delete``: leave regions out."""

from __future__ import annotations

from chimerax.core.commands import CmdDesc

from ..models.segments.editing import delete, these_or_selected
from .arguments import SegmentsArg

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(optional=[("segments", SegmentsArg)], synopsis="Delete regions")


def command(session, segments=None) -> None:
    """Leave regions out: their voxels are in none any more.

    Parameters
    ----------
    session : chimerax.core.session.Session
    segments : list of Segment, optional
        The selected ones unless given.
    """
    delete(these_or_selected(session, segments))
