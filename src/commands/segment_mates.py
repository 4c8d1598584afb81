"""``critasser segment mates``: select regions with those that are equivalent by symmetry."""

from __future__ import annotations

from chimerax.core.commands import CmdDesc, run
from chimerax.core.errors import UserError

from ..models.segments.editing import these_or_selected, with_mates
from ..session.quoting import command_text
from .arguments import SegmentsArg

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(
        optional=[("segments", SegmentsArg)],
        synopsis="Select regions with their symmetry mates",
    )


def command(session, segments=None):
    """Select regions together with those that the map's symmetry leads them onto.

    Parameters
    ----------
    session : chimerax.core.session.Session
    segments : list of Segment, optional
        The selected ones unless given.

    Returns
    -------
    list of Segment
    """
    chosen = these_or_selected(session, segments)
    for segmentation in {segment.segmentation for segment in chosen}:
        segmentation.forget_symmetry()
        volume = segmentation.volume
        if volume is not None and not volume.data.symmetries:
            raise UserError(
                f"{volume} has no symmetry that is known: find it first, by measure symmetry "
                f"{volume.atomspec}, or give it, by volume {volume.atomspec} symmetry"
            )
    all_of_them = with_mates(chosen)
    run(session, command_text("select", *all_of_them), log=False)
    session.logger.info(f"{len(all_of_them)} regions selected, {len(chosen)} of them before")
    return all_of_them
