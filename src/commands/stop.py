"""``critasser stop``: stop running jobs, or take back those that wait."""

from __future__ import annotations

from chimerax.core.commands import CmdDesc, PositiveIntArg
from chimerax.core.errors import UserError

from ..jobs.engine_job import jobs_of
from ..session.background import works_of

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(optional=[("job", PositiveIntArg)], synopsis="Stop a running job")


def command(session, job=None) -> None:
    """Ask a job to stop; finished stages are kept, so that it can be resumed.

    An installation goes on when its command is given again.

    Parameters
    ----------
    session : chimerax.core.session.Session
    job : int, optional
        Its number; not needed when only one runs or waits.
    """
    known = [*jobs_of(session), *works_of(session)]
    alive = {one.id: one for one in known if one.outcome in ("queued", "running")}
    if not alive:
        raise UserError("no Critasser job runs")
    numbers = ", ".join(str(number) for number in alive)
    if job is None:
        if len(alive) > 1:
            raise UserError(f"which of the jobs {numbers}?")
        job = next(iter(alive))
    if job not in alive:
        raise UserError(f"job {job} does not run; running or queued: {numbers}")
    alive[job].terminate()
    session.logger.status(f"critasser {alive[job].name}: stopping")
