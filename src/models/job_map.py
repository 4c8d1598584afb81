"""Find the open map that a job was built in, or open the copy of it in the job's folder."""

from __future__ import annotations

from pathlib import Path

from chimerax.geometry import Place

from ..jobs.folder import INPUTS, read_map_source, read_placement
from ..session.files import inside

__all__ = ["copy_in_folder", "is_copy_of_job", "map_of", "open_map"]


def copy_in_folder(folder: Path, what: str = "map") -> Path | None:
    """The map, or the mask, that the job was given, as it lies in the folder; None where there is
    none."""
    return inside(folder, f"{INPUTS}/{what}.mrc")


def is_copy_of_job(volume, folder: Path) -> bool:
    """Whether a map has been opened from the job's folder: then it has the engine's coordinates."""
    path = copy_in_folder(folder)
    return path is not None and _file_of(volume) == path


def map_of(session, folder: Path):
    """The open map of a job: its copy, or the file that it was made from; None if neither is open.

    Returns
    -------
    chimerax.map.Volume or None
    """
    from chimerax.map import Volume

    known = [path for path in (copy_in_folder(folder), read_map_source(folder)) if path is not None]
    volumes = [model for model in session.models.list() if isinstance(model, Volume)]
    for path in known:
        for volume in volumes:
            if _file_of(volume) == path:
                return volume
    return None


def open_map(session, folder: Path, what: str = "map"):
    """Open the job's copy of its map, or of its mask, where it was when the job was begun.

    Returns
    -------
    chimerax.map.Volume or None
        None where the folder holds no map.
    """
    path = copy_in_folder(folder, what)
    if path is None:
        return None
    name, frame = read_placement(folder)
    (volume, *_), _ = session.open_command.open_data(str(path), format="mrc", log_info=False)
    volume.name = f"{name} {what}"
    if frame is not None:
        volume.position = Place(matrix=frame)
    session.models.add([volume])
    return volume


def _file_of(volume) -> Path | None:
    """The file that a map is read from, without links in its path."""
    path = getattr(volume.data, "path", None)
    try:
        return Path(path).resolve() if isinstance(path, str) and path else None
    except (OSError, ValueError, RuntimeError):
        return None
