"""``critasser resume``: go on with a job that ended early, or run it again with changes."""

from __future__ import annotations

from pathlib import Path

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
from ..jobs.inputs import write_sequences
from ..jobs.new_job import DEVICES, QUALITIES, engine_options
from ..jobs.request import Request, map_of_job, read_request, waits_again, waits_elsewhere
from ..jobs.starting import start, waits
from ..session.files import read_json
from ..session.locks import worker
from ..session.quoting import quoted_path
from ..views.follow import last_view, view_of
from .arguments import BuildSequenceArg, JobFolderArg
from .templates import Templates, TemplatesArg

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(
        required=[("folder", JobFolderArg)],
        keyword=[
            ("in_map", MapArg),
            ("sequence", BuildSequenceArg),
            ("resolution", Bounded(FloatArg, min=1.0, max=20.0)),
            ("templates", TemplatesArg),
            ("device", EnumOf(tuple(DEVICES))),
            ("quality", EnumOf(QUALITIES)),
            ("models", Bounded(IntArg, min=1, max=20)),
            ("seed", NonNegativeIntArg),
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
    templates : str, or sequence of chimerax.atomic.AtomicStructure and Path, optional
        As for `critasser build`; ``none`` goes on without the templates that the job had.
    device, quality, models, seed : optional
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
    }
    _check_has(request.command, [word for word, value in asked.items() if value is not None])
    options = engine_options(resolution, device, quality, models, seed)
    inputs = request.inputs
    name, _ = read_placement(folder)
    chosen = None if templates is None else Templates.of(session, templates)
    if sequence is not None or (chosen is not None and chosen.chosen):
        inputs, files = _new_inputs(folder, request, sequence, chosen)
        options.update(files)
    find = None
    if chosen is not None and not chosen.chosen:
        request = _without_templates(request)
        if chosen.where != "none":
            place = _new_place(folder)
            find = chosen.looker(
                session, folder, place, name, _sequence_of(folder, inputs, sequence)
            )
    request = Request(inputs, {**request.options, **options}, request.command)
    return start(
        session,
        folder,
        name,
        engine_command(python, request.command, *request.arguments()),
        view=_view(session, folder, request.command, in_map),
        wait=waits(session, wait),
        again=begun,
        prepare=find,
    )


def _without_templates(request: Request) -> Request:
    """A request of a job that is to do without the templates that it had."""
    options = {name: value for name, value in request.options.items() if name != "--templates"}
    if "--resume" in options:  # else the engine has not seen them yet
        options["--no-templates"] = ()
    return Request(request.inputs, options, request.command)


def _sequence_of(folder: Path, inputs, sequence):
    """The sequences of the job: those given now, of its request, or those that it had."""
    if sequence is not None:
        return sequence
    if len(inputs) > 1:
        return Path(inputs[1])
    described = (read_json(folder / "job.json") or {}).get("inputs")
    entry = described.get("sequence") if isinstance(described, dict) else None
    path = entry.get("path") if isinstance(entry, dict) else None
    if not isinstance(path, str) or not Path(path).is_file():
        raise UserError(f"{folder}: the job's sequences are not there any more; give sequence too")
    return Path(path)


def _new_place(folder: Path) -> Path:
    """A folder for inputs that are given anew, beside those of the runs before.

    Raises
    ------
    UserError
        It cannot be made.
    """
    number = 2
    while (folder / INPUTS / f"run_{number}").exists():
        number += 1
    place = folder / INPUTS / f"run_{number}"
    try:
        place.mkdir(parents=True)
    except OSError as error:
        raise UserError(f"{place}: cannot write there, {error.strerror}") from error
    return place


def _waiting_request(folder: Path):
    """What a job is to do, or to do again, that no engine has taken up yet."""
    request = read_request(folder)
    if request is None or not (request.inputs or "--resume" in request.options):
        raise UserError(f"{folder} has no job to go on with: start it again")
    return request


def _check_has(kind: str, words: list[str]) -> None:
    """Refuse what a job of this kind has no use for, before anything is written."""
    lacks = {
        "score": ("sequence", "templates", "quality", "models", "seed"),
        "rebuild": ("templates",),
        "fit": ("sequence", "templates", "quality", "models"),
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
    place = _new_place(folder)
    try:
        if sequence is not None:
            path = str(write_sequences(place, sequence))
            if built:
                inputs = (density, path)
            else:
                options["--sequence"] = (path,)
        if templates is not None:
            options["--templates"] = tuple(map(str, templates.write(place)))
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
