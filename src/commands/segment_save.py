"""``critasser segment save``: save the numbers of regions as a map."""

from __future__ import annotations

from pathlib import Path

from chimerax.core.commands import CmdDesc, SaveFileNameArg
from chimerax.core.errors import UserError

from ..models.segments.editing import save_index_map
from .arguments import SegmentationArg

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(
        required=[("segmentation", SegmentationArg), ("file", SaveFileNameArg)],
        synopsis="Save the numbers of regions as a map",
    )


def command(session, segmentation, file) -> Path:
    """Write the number of each voxel's region, 0 outside, as MRC on the map's own grid.

    Parameters
    ----------
    session : chimerax.core.session.Session
    segmentation : Segmentation
    file : str

    Returns
    -------
    Path
    """
    path = Path(file).expanduser()
    if path.suffix.lower() not in (".mrc", ".map", ".ccp4"):
        raise UserError(f"{path.name}: the numbers of regions are saved as .mrc")
    try:
        save_index_map(segmentation, path)
    except OSError as error:
        raise UserError(f"{path}: cannot write there, {error.strerror}") from None
    session.logger.info(f"{len(segmentation.segments)} regions of {segmentation} saved in {path}")
    return path
