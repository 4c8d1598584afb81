"""Find the open model that a score or a rebuild was started from."""

from __future__ import annotations

import contextlib
from pathlib import Path

from ..jobs.folder import read_origin, write_origin
from .job_group import file_of

__all__ = ["keep_origin", "origin_of"]

_JOB = "critasser_job"


def keep_origin(folder: Path, structure) -> None:
    """Remember from which model a job is begun: in the model for sessions, in the folder for the
    next ChimeraX.

    Parameters
    ----------
    folder : Path
        Of the job.
    structure : chimerax.atomic.Structure
    """
    from chimerax.atomic import Structure

    Structure.register_attr(
        structure.session, _JOB, "Critasser", attr_type=str, can_return_none=True
    )
    setattr(structure, _JOB, str(folder))
    with contextlib.suppress(OSError):  # the job can do without
        write_origin(folder, structure.name, structure.id, file_of(structure))


def origin_of(session, folder: Path):
    """The open model that a job was begun from, or None.

    That is the one that remembers the job; else the one of the same file, else of the same number
    and name. None where several are alike.
    """
    from chimerax.atomic import Structure

    models = [model for model in session.models.list() if isinstance(model, Structure)]
    tests = [lambda model: getattr(model, _JOB, None) == str(folder)]
    if (known := read_origin(folder)) is not None:
        name, number, path = known
        if path is not None:
            tests.append(lambda model: file_of(model) == path)
        tests.append(lambda model: (model.name, model.id) == (name, number))
    for fits in tests:
        found = [model for model in models if fits(model)]
        if len(found) == 1:
            return found[0]
    return None
