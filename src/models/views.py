"""The view of a job: what is to show what it makes, by its kind and by what is open."""

from __future__ import annotations

from pathlib import Path

from ..jobs.folder import job_kind, read_placement
from ..jobs.job import jobs_of
from .group import JobGroup
from .origin import origin_of
from .results import Results, open_group
from .scored import RebuiltResults, ScoredModel

__all__ = ["last_view", "view_of"]


def last_view(session, folder: Path):
    """The view of the latest run of a job in this session, if another can be shown there."""
    for job in reversed(jobs_of(session)):
        if job.folder == folder and job.view.goes_on:
            return job.view
    return None


def view_of(
    session,
    folder: Path,
    kind: str | None = None,
    *,
    in_map=None,
    group: JobGroup | None = None,
    hidden: bool = False,
):
    """A view of a job that goes on with what shows the job already.

    A score comes to the model that it is of, wherever that is open; results of a rebuild lie
    where the model lies from whose file they were made.

    Parameters
    ----------
    session : chimerax.core.session.Session
    folder : Path
        Of the job.
    kind : str, optional
        ``build``, ``score`` or ``rebuild``; else as the folder says.
    in_map : chimerax.map.Volume, optional
        Lay the results in this map.
    group : JobGroup, optional
        Shows the job; else the one that is open.
    hidden : bool
        Show nothing before `reveal`; but a score comes to its model in any case.

    Returns
    -------
    Results, RebuiltResults or ScoredModel
    """
    name, _ = read_placement(folder)
    kind = kind or job_kind(folder)
    group = group or open_group(session, folder)
    if kind == "score":
        model = origin_of(session, folder)
        if model is not None or hidden:
            view = ScoredModel(session, name, folder, model, hidden=hidden)
            if group is not None:
                view.adopt(group)
            return view
    elif kind == "rebuild" and group is None and in_map is None:
        model = origin_of(session, folder)
        position = None if model is None else model.scene_position
        return RebuiltResults(session, name, folder, position, hidden=hidden)
    return Results(session, name, folder, in_map, group=group, hidden=hidden)
