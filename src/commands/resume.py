"""``critasser resume``: go on with a job that ended early, or run it again with changes."""

from __future__ import annotations

from pathlib import Path

from chimerax.atomic import AtomicStructuresArg
from chimerax.core.commands import (
    BoolArg,
    Bounded,
    CmdDesc,
    EnumOf,
    FloatArg,
    IntArg,
    NonNegativeIntArg,
)
from chimerax.core.errors import UserError
from chimerax.map import MapArg

from ..installation.environment import configured_python, engine_command
from ..jobs.engine_job import jobs_of
from ..jobs.folder import INPUTS, job_kind, read_placement
from ..jobs.inputs import write_sequences, write_templates
from ..jobs.new_job import DEVICES, QUALITIES, engine_options
from ..jobs.request import Request, map_of_job, read_request, waits_again, waits_elsewhere
from ..jobs.starting import start, waits
from ..session.locks import worker
from ..session.quoting import quoted_path
from ..views.follow import last_view, view_of
from .arguments import BuildSequenceArg, JobFolderArg

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(
        required=[("folder", JobFolderArg)],
        keyword=[
            ("in_map", MapArg),
            ("sequence", BuildSequenceArg),
            ("resolution", Bounded(FloatArg, min=1.0, max=20.0)),
            ("templates", AtomicStructuresArg),
            ("device", EnumOf(tuple(DEVICES))),
            ("quality", EnumOf(QUALITIES)),
            ("models", Bounded(IntArg, min=1, max=20)),
            ("seed", NonNegativeIntArg),
            ("trim", BoolArg),
            ("protein", BoolArg),
            ("wait", BoolArg),
        ],
        synopsis="Go on with a job, or run it again with changes",
    )


def command(
    session,
    folder,
    *,
    in_map=None,
    sequence=None,
    resolution=None,
    templates=None,
    device=None,
    quality=None,
    models=None,
    seed=None,
    trim=None,
    protein=None,
    wait=None,
):
    """Go on from the last finished stage; what is changed makes only what depends on it again.

    Parameters
    ----------
    session : chimerax.core.session.Session
    folder : Path
    in_map : chimerax.map.Volume, optional
        Lay the results in this map.
    sequence : Path or list of chimerax.atomic.Sequence, optional
        In place of what the job had, as all that follows.
    resolution : float, optional
        Å.
    templates : chimerax.atomic.AtomicStructures, optional
    device, quality, models, seed, trim, protein : optional
        As for `critasser build`.
    wait : bool, optional
        Come back when the build is over; by default in scripts and without a GUI.

    Returns
    -------
    EngineJob
    """
    if worker(folder) is not None:
        shown = quoted_path(folder)
        raise UserError(f"{folder}: the job runs; see it by: critasser open {shown}")
    for job in jobs_of(session):
        if job.folder == folder and job.outcome == "queued":
            raise UserError(f"{folder}: waits for its turn already, as job {job.id}")
        # Its engine may not have come so far yet that the folder tells of it.
        if job.folder == folder and job.outcome == "running":
            raise UserError(f"{folder}: the job runs already, as job {job.id}")
    if waits_elsewhere(folder) is not None:
        raise UserError(
            f"{folder}: the job waits for its turn in another ChimeraX, which will start it; take "
            "it back there first, by critasser stop"
        )
    if templates is not None and not len(templates):
        raise UserError("templates: no atomic models specified")
    python = configured_python(session)
    begun = (folder / "job.json").exists()
    if begun and not waits_again(folder):
        request = Request((), {"--resume": (str(folder),)}, job_kind(folder))
    else:
        request = _waiting_request(folder)
    asked = {
        "sequence": sequence,
        "templates": templates,
        "quality": quality,
        "models": models,
        "seed": seed,
        "protein": protein,
    }
    _check_has(request.command, [word for word, value in asked.items() if value is not None])
    options = engine_options(resolution, device, quality, models, seed, trim, protein)
    inputs = request.inputs
    if sequence is not None or templates is not None:
        inputs, files = _new_inputs(folder, request, sequence, templates)
        options.update(files)
    # What is taken back is not given as well.
    other = {_other(word) for word in options}
    before = {word: values for word, values in request.options.items() if word not in other}
    request = Request(inputs, {**before, **options}, request.command)
    name, _ = read_placement(folder)
    return start(
        session,
        folder,
        name,
        engine_command(python, request.command, *request.arguments()),
        view=_view(session, folder, request.command, in_map),
        wait=waits(session, wait),
        again=begun,
    )


def _other(option: str) -> str:
    """The opposite of an option without values."""
    name = option.removeprefix("--")
    return f"--{name.removeprefix('no-')}" if name.startswith("no-") else f"--no-{name}"


def _waiting_request(folder: Path):
    """What a job is to do, or to do again, that no engine has taken up yet."""
    request = read_request(folder)
    if request is None or not (request.inputs or "--resume" in request.options):
        raise UserError(f"{folder} has no job to go on with: start it again")
    return request


def _check_has(kind: str, words: list[str]) -> None:
    """Refuse what a job of this kind has no use for, before anything is written."""
    lacks = {
        "score": ("sequence", "templates", "quality", "models", "seed", "protein"),
        "rebuild": ("templates",),
    }
    wrong = [word for word in words if word in lacks.get(kind, ())]
    if wrong:
        raise UserError(f"a {kind} has no {' and no '.join(wrong)}: go on without")


def _new_inputs(folder: Path, request, sequence, templates) -> tuple:
    """Files for a changed sequence or templates, beside those of the runs before.

    Returns
    -------
    tuple of str
        What comes first on the command line: of a build map and sequence, where the sequence is
        another one.
    dict of str to tuple of str
        Options that name the files.
    """
    inputs, options = request.inputs, {}
    built = request.command == "build"
    density = None
    if built and sequence is not None:
        density = inputs[0] if inputs else map_of_job(folder)
    number = 2
    while (folder / INPUTS / f"run_{number}").exists():
        number += 1
    place = folder / INPUTS / f"run_{number}"
    try:
        place.mkdir(parents=True)
        if sequence is not None:
            path = str(write_sequences(place, sequence))
            if built:
                inputs = (density, path)
            else:
                options["--sequence"] = (path,)
        if templates is not None:
            options["--templates"] = tuple(map(str, write_templates(place, templates)))
    except OSError as error:
        raise UserError(f"{place}: cannot write there, {error.strerror}") from error
    return inputs, options


def _view(session, folder, kind, in_map):
    """The view of the job's earlier run, if that is still open here, or a new one."""
    view = last_view(session, folder)
    if view is None:
        return view_of(session, folder, kind, in_map=in_map)
    if in_map is not None:
        view.lie_in(in_map)
    return view
