"""``critasser segment mates``: select what is equivalent by the map's symmetry."""

from __future__ import annotations

from chimerax.core.errors import UserError

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    from chimerax.core.commands import CmdDesc

    from .arguments import SegmentsArg

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
    from chimerax.core.commands import run

    from ..segments.editing import these_or_selected, with_mates
    from ..session.quoting import command_text

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
