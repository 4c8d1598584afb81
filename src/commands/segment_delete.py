"""``critasser segment delete``: leave regions out."""

from __future__ import annotations

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    from chimerax.core.commands import CmdDesc

    from .arguments import SegmentsArg

    return CmdDesc(optional=[("segments", SegmentsArg)], synopsis="Leave regions out")


def command(session, segments=None) -> None:
    """Leave regions out: their voxels are in none any more.

    Parameters
    ----------
    session : chimerax.core.session.Session
    segments : list of Segment, optional
        The selected ones unless given.
    """
    from ..segments.editing import delete, these_or_selected

    delete(these_or_selected(session, segments))
