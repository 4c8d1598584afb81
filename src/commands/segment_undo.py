"""``critasser segment undo``: take back the last change of regions."""

from __future__ import annotations

from chimerax.core.commands import CmdDesc
from chimerax.core.errors import UserError

from ..models.segments.editing import last_changed
from .arguments import SegmentationArg

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(
        optional=[("segmentation", SegmentationArg)],
        synopsis="Undo the last change of regions",
    )


def command(session, segmentation=None) -> None:
    """Undo the last change of regions, again and again back to the first.

    Parameters
    ----------
    session : chimerax.core.session.Session
    segmentation : Segmentation, optional
        The only one, or that which was changed last, unless given.
    """
    segmentation = segmentation or last_changed(session)
    if segmentation is None:
        raise UserError("nothing to undo: no regions have been changed")
    session.logger.status(f"{segmentation}: undone: {segmentation.undo_last()}", log=True)
