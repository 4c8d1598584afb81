"""Find the jobs of groups that a session has brought back."""

from __future__ import annotations

from ..jobs.engine_job import jobs_of
from ..jobs.record import is_job, read_record
from ..models.job_group import ON_RESTORE, JobGroup, mark_file
from ..session.locks import worker
from ..session.messages import open_words, state_word, tell
from .follow import follow, view_of

__all__ = ["JobGroup", "welcome_back"]


def welcome_back(session, group, was_running: bool, maps) -> None:
    """Once the session is whole, find the group's job: follow it, or tell how it ended.

    Parameters
    ----------
    session : chimerax.core.session.Session
    group : chimerax.critasser.models.group.JobGroup
    was_running : bool
        When the session was saved.
    maps : list of (id, relative path, time)
        Maps of the job that were shown: unlike structures they do not keep that themselves.
    """
    from chimerax.core.triggerset import DEREGISTER

    def ready(*_):
        if not group.deleted:
            _find_maps(group, maps)
            _find_job(session, group, was_running)
        return DEREGISTER

    session.triggers.add_handler("end restore session", ready)


def _find_maps(group, maps) -> None:
    by_id = {model.id: model for model in group.all_models()}
    for number, relative, made in maps:
        if (model := by_id.get(tuple(number))) is not None:
            mark_file(model, str(relative), "map", int(made))


def _find_job(session, group, was_running: bool) -> None:
    folder, name = group.job_folder, group.job_name
    for job in jobs_of(session):
        if job.folder == folder and job.outcome in ("queued", "running"):
            job.view.adopt(group)
            return
    if not is_job(folder):
        session.logger.warning(
            f"critasser {name}: its folder {folder} is not there any more; what the session has "
            "kept of it is shown. If it was moved: critasser open FOLDER"
        )
        return
    if worker(folder) is not None:
        follow(session, folder, name, view_of(session, folder, group=group), wait=False)
    elif was_running:
        state = read_record(folder).state
        links = [(open_words(folder), "show what it has made")]
        if state in ("queued", "cancelled", "failed"):
            links.append((("critasser resume", folder), "go on"))
        text = f"critasser {name}, which ran when the session was saved: {state_word(state)}"
        tell(session, text, *links)


ON_RESTORE.append(welcome_back)
