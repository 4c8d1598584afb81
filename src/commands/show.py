"""``critasser show``: show one class of a job's results."""

from __future__ import annotations

from chimerax.core.commands import BoolArg, CmdDesc, EmptyArg, EnumOf, ListOf, ModelsArg, Or
from chimerax.core.errors import UserError

from ..jobs.engine_job import jobs_of
from ..jobs.record import read_record
from ..models.job_group import JobGroup, group_of
from ..views.results import CLASSES, Results

__all__ = ["command", "description", "groups_of"]


def description():
    """How the command is typed."""
    return CmdDesc(
        required=[("models", Or(ModelsArg, EmptyArg)), ("what", ListOf(EnumOf(tuple(CLASSES))))],
        keyword=[("every", BoolArg), ("only", BoolArg)],
        synopsis="Show a class of a job's results",
    )


def command(session, models=None, what=(), *, every=False, only=False) -> list:
    """Show traces, templates, models, positions or maps of probability.

    Parameters
    ----------
    session : chimerax.core.session.Session
    models : list of Model, optional
        Groups of jobs, or anything in them; all groups unless given.
    what : list of str
        Of `chimerax.critasser.views.results.CLASSES`.
    every : bool
        All traces, say; else the first, where none is displayed.
    only : bool
        Hide all else of those jobs.

    Returns
    -------
    list of Model
        All of those classes.
    """
    found, groups = [], groups_of(session, models)
    for group in groups:
        view = _view(session, group) or Results(
            session, group.job_name, group.job_folder, group=group
        )
        shown = [model for name in what for model in view.show_class(name, every=every)]
        if only:
            for model in group.parts():
                if model not in shown:
                    model.display = False
        found += shown
    if not found:
        over = all(read_record(one.job_folder).state == "finished" for one in groups)
        raise UserError(f"the job has no {', '.join(what)}" + ("" if over else " yet"))
    return found


def groups_of(session, models) -> list:
    """Groups that are given, or that hold what is given; all there are unless something is."""
    if models is None:
        found = [model for model in session.models.list() if isinstance(model, JobGroup)]
    else:
        found = []
        for model in models:
            group = group_of(model)
            if group is not None and group not in found:
                found.append(group)
    if not found:
        raise UserError("no results of a job there: open them by critasser open FOLDER")
    return found


def _view(session, group):
    """That of the job which shows the group, if it is one of this session."""
    for job in reversed(jobs_of(session)):
        if job.view.group is group:
            return job.view
    return None
