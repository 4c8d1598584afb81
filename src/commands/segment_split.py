"""``critasser segment split``: take regions apart."""

from __future__ import annotations

from chimerax.core.commands import CmdDesc

from ..models.segments.editing import split, these_or_selected
from .arguments import SegmentsArg

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(optional=[("segments", SegmentsArg)], synopsis="Split regions")


def command(session, segments=None):
    """Take regions apart into those of the next finer scale at which they are several.

    Parameters
    ----------
    session : chimerax.core.session.Session
    segments : list of Segment, optional
        The selected ones unless given.

    Returns
    -------
    list of Segment
        The parts; the largest keeps number, name and colour.
    """
    parts = []
    for segment in these_or_selected(session, segments):
        parts += split(segment)
    return parts
