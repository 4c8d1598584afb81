"""``critasser segment merge``: make several regions one."""

from __future__ import annotations

from chimerax.core.commands import CmdDesc
from chimerax.core.errors import UserError

from ..models.segments.editing import merge, these_or_selected
from .arguments import SegmentsArg

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(optional=[("segments", SegmentsArg)], synopsis="Merge regions")


def command(session, segments=None):
    """Make regions one, which keeps number, name and colour of the largest.

    Parameters
    ----------
    session : chimerax.core.session.Session
    segments : list of Segment, optional
        The selected ones unless given.

    Returns
    -------
    Segment
    """
    chosen = these_or_selected(session, segments)
    owners = {segment.segmentation for segment in chosen}
    if len(owners) > 1:
        raise UserError("those regions are of several segmentations: choose those of one")
    if len(chosen) < 2:
        raise UserError("one region alone cannot be merged: choose several")
    return merge(chosen)
