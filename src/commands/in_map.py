"""In which map a model lies, or is to lie, where a command is not told."""

from __future__ import annotations

from chimerax.core.errors import UserError

from ..models.job_group import group_of
from ..models.places import map_around
from ..session.files import as_number, read_json

__all__ = ["map_for", "resolution_of"]


def map_for(structure, command: str):
    """The map of a model: its job's, that of the last place looked at, or the only one displayed.

    Parameters
    ----------
    structure : chimerax.atomic.Structure
    command : str
        As it was typed, to be told what to add.

    Returns
    -------
    chimerax.map.Volume

    Raises
    ------
    UserError
        There is none such.
    """
    volume = map_around(structure)
    if volume is None:
        raise UserError(f"{structure} in which map? Give it: {command} inMap #1")
    structure.session.logger.info(f"{structure} in {volume}, since no other map was given")
    return volume


def resolution_of(structure) -> float | None:
    """Of the map of the job whose model it is, in Å; None for any other model."""
    group = group_of(structure)
    results = None if group is None else read_json(group.job_folder / "results.json")
    return as_number((results or {}).get("resolution"))
