"""Follow a job that is at work, and choose what shows it: by its kind and by what is open."""

from __future__ import annotations

from pathlib import Path

from ..jobs.engine_job import EngineJob, jobs_of
from ..jobs.folder import job_kind, read_placement
from ..jobs.queue import runs_on
from ..jobs.starting import announce, watch
from ..jobs.view import JobView
from ..models.job_group import JobGroup
from ..models.job_map import copy_in_folder, map_of
from ..models.origin import origin_of
from ..session.settings import remember_job
from .fitted import FittedResults
from .rebuilt import RebuiltResults
from .results import Results, open_group
from .scored import ScoredModel

__all__ = ["follow", "last_view", "view_of"]


def last_view(session, folder: Path) -> JobView | None:
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
) -> JobView:
    """A view of a job that goes on with what shows the job already.

    A score comes to the model that it is of, wherever that is open; results of a rebuild lie
    where the model lies from whose file they were made.

    Parameters
    ----------
    session : chimerax.core.session.Session
    folder : Path
        Of the job.
    kind : str, optional
        ``build``, ``score``, ``rebuild`` or ``fit``; else as the folder says.
    in_map : chimerax.map.Volume, optional
        Lay the results in this map; else in the job's own one, if that is open.
    group : JobGroup, optional
        Shows the job; else the one that is open.
    hidden : bool
        Show nothing before `reveal`; but a score comes to its model in any case.

    Returns
    -------
    Results, RebuiltResults, FittedResults or ScoredModel
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
    volume = in_map if in_map is not None else map_of(session, folder)
    if kind == "rebuild":
        position = None
        if group is None and in_map is None and copy_in_folder(folder) is None:
            model = origin_of(session, folder)
            position, volume = None if model is None else model.scene_position, None
        return RebuiltResults(
            session, name, folder, position, volume=volume, group=group, hidden=hidden
        )
    if kind == "fit":
        return FittedResults(session, name, folder, volume, group=group, hidden=hidden)
    return Results(session, name, folder, volume, group=group, hidden=hidden)


def follow(session, folder: Path, name: str, view: JobView, *, wait: bool) -> EngineJob:
    """Watch an engine that works in a folder already."""
    job = EngineJob(session, folder, name, view, device=runs_on(folder))
    remember_job(session, str(folder))
    announce(session, job)
    return watch(job, wait)
