"""``critasser stop``: stop running jobs, or take back those that wait."""

from __future__ import annotations

from chimerax.core.commands import CmdDesc
from chimerax.core.errors import UserError

from ..jobs.engine_job import jobs_of
from ..session.background import works_of
from .arguments import JobNumbersArg

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(optional=[("job", JobNumbersArg)], synopsis="Stop running jobs")


def command(session, job=None) -> list[int]:
    """Ask jobs to stop; finished stages are kept, so that they can be resumed.

    An installation goes on when its command is given again.

    Parameters
    ----------
    session : chimerax.core.session.Session
    job : int, list of int or 'all', optional
        Their numbers; not needed when only one runs or waits. Of a list or a range those are
        stopped that run or wait.

    Returns
    -------
    list of int
        Numbers of the jobs that were asked to stop.
    """
    known = [*jobs_of(session), *works_of(session)]
    alive = {one.id: one for one in known if one.outcome in ("queued", "running")}
    if not alive:
        raise UserError("no Critasser job runs")
    numbers = ", ".join(map(str, alive))
    if job is None:
        if len(alive) > 1:
            raise UserError(f"which of the jobs {numbers}? Give numbers, a range, or all")
        chosen = list(alive)
    elif job == "all":
        chosen = list(alive)
    else:
        wanted = {job} if isinstance(job, int) else set(job)
        chosen = [number for number in alive if number in wanted]
        if not chosen:
            told = ", ".join(map(str, sorted(wanted)))
            raise UserError(f"job {told} does not run; running or queued: {numbers}")
    # The last first: else one that waits would begin when its forerunner is stopped.
    for number in sorted(chosen, reverse=True):
        alive[number].terminate()
        session.logger.status(f"critasser {alive[number].name}: stopping")
    return chosen
