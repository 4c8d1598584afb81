"""``critasser resume``: go on with a job that was stopped, killed or failed."""

from __future__ import annotations

from chimerax.core.errors import UserError

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    from chimerax.core.commands import BoolArg, Bounded, CmdDesc, EnumOf, IntArg
    from chimerax.map import MapArg

    from .arguments import JobFolderArg
    from .build import DEVICES, QUALITIES

    return CmdDesc(
        required=[("folder", JobFolderArg)],
        keyword=[
            ("in_map", MapArg),
            ("device", EnumOf(tuple(DEVICES))),
            ("quality", EnumOf(QUALITIES)),
            ("models", Bounded(IntArg, min=1, max=20)),
            ("wait", BoolArg),
        ],
        synopsis="Go on with a job that was stopped",
    )


def command(session, folder, *, in_map=None, device=None, quality=None, models=None, wait=None):
    """Go on from the last finished stage.

    Parameters
    ----------
    session : chimerax.core.session.Session
    folder : Path
    in_map : chimerax.map.Volume, optional
        Lay the results in this map.
    device, quality, models : optional
        In place of what the job had; only what depends on them is made again.
    wait : bool, optional
        Come back when the build is over; by default in scripts and without a GUI.
    """
    from ..jobs.engine import configured_python, engine_command
    from ..jobs.folder import job_kind, read_placement, worker
    from .build import DEVICES
    from .running import start, waits

    if worker(folder) is not None:
        raise UserError(f"{folder}: the job runs; see it by: critasser open {folder}")
    kind = job_kind(folder)
    if kind == "score" and (quality or models):
        raise UserError("a score has neither quality nor models")
    python = configured_python(session)
    arguments = ["--resume", folder]
    for option, value in (
        ("--device", DEVICES[device] if device else None),
        ("--quality", quality),
        ("--models", models),
    ):
        if value is not None:
            arguments += [option, str(value)]
    name, _ = read_placement(folder)
    return start(
        session,
        folder,
        name,
        engine_command(python, kind, *arguments),
        view=_view(session, folder, name, in_map),
        wait=waits(session, wait),
        again=True,
    )


def _view(session, folder, name, in_map):
    """The view of the job's earlier run, if that is still open here, or a new one."""
    from ..jobs.job import jobs_of
    from ..models.results import Results

    for job in reversed(jobs_of(session)):
        if job.folder == folder and job.view.is_open:
            if in_map is not None:
                job.view.lie_in(in_map)
            return job.view
    return Results(session, name, folder, in_map)
