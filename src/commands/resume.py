"""``critasser resume``: go on with a job that ended early, or run it again with changes."""

from __future__ import annotations

from pathlib import Path

from chimerax.atomic import AtomsArg
from chimerax.core.commands import (
    BoolArg,
    Bounded,
    CmdDesc,
    EnumOf,
    FloatArg,
    IntArg,
    ListOf,
    NonNegativeIntArg,
    ObjectsArg,
    OpenFileNameArg,
)
from chimerax.core.errors import UserError
from chimerax.map import MapArg, MapsArg

from ..installation.environment import configured_python, engine_command
from ..jobs.engine_job import jobs_of
from ..jobs.folder import job_kind, read_placement
from ..jobs.library import check_library
from ..jobs.new_job import DEVICES, QUALITIES, engine_options
from ..jobs.predicted_error import check_pae
from ..jobs.request import Request, read_request, waits_again, waits_elsewhere
from ..jobs.starting import start, waits
from ..session.files import read_json
from ..session.locks import worker
from ..session.quoting import quoted_path
from ..views.follow import last_view, view_of
from .arguments import BuildSequenceArg, JobFolderArg, SymmetryArg
from .inputs_anew import files_anew, maps_anew, new_place
from .region import Region
from .templates import Templates, TemplatesArg

__all__ = ["command", "description"]

_OPTIONAL = (
    "mask", "templates", "library", "contacts", "sequence", "pae", "halfMaps", "resolution",
)
"""What a job that has been given it can do without."""

_FLAGS = {"halfMaps": "half-maps"}
"""What the engine calls them, where it is another word."""

_FORMS = ("--rigid", "--domains")
"""Of the model that a fit places."""


def description():
    """How the command is typed."""
    return CmdDesc(
        required=[("folder", JobFolderArg)],
        keyword=[
            ("in_map", MapArg),
            ("sequence", BuildSequenceArg),
            ("resolution", Bounded(FloatArg, min=1.0, max=20.0)),
            ("templates", TemplatesArg),
            ("pae", ListOf(OpenFileNameArg)),
            ("library", OpenFileNameArg),
            ("contacts", OpenFileNameArg),
            ("half_maps", MapsArg),
            ("segments", ObjectsArg),
            ("mask", MapArg),
            ("near", AtomsArg),
            ("range", Bounded(FloatArg, min=1.0, max=100.0)),
            ("without", ListOf(EnumOf(_OPTIONAL))),
            ("device", EnumOf(tuple(DEVICES))),
            ("quality", EnumOf(QUALITIES)),
            ("models", Bounded(IntArg, min=1, max=20)),
            ("seed", NonNegativeIntArg),
            ("trim", BoolArg),
            ("protein", BoolArg),
            ("symmetry", SymmetryArg),
            ("rigid", BoolArg),
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
    pae=None,
    library=None,
    contacts=None,
    half_maps=None,
    segments=None,
    mask=None,
    near=None,
    range=None,
    without=None,
    device=None,
    quality=None,
    models=None,
    seed=None,
    trim=None,
    protein=None,
    symmetry=None,
    rigid=None,
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
    pae : list of str, optional
        Of the templates that are given with it, or of the model that a fit places.
    library : str, optional
        File of known folds to look among.
    contacts : str, optional
        File of predicted contacts.
    half_maps : list of chimerax.map.Volume, optional
        The two half maps of the job's map.
    segments, mask, near, range : optional
        As for `critasser build`: another part of the map, which must be open.
    without : list of str, optional
        Which of mask, templates, library, contacts, sequence, pae, halfMaps and resolution the job
        is to do without from now on.
    device, quality, models, seed, trim, protein, symmetry : optional
        As for `critasser build`.
    rigid : bool, optional
        As for `critasser fit`.
    wait : bool, optional
        Come back when the build is over; by default in scripts and without a GUI.

    Returns
    -------
    EngineJob
    """
    region = Region(segments, mask, near, range)
    region.check()
    _check_idle(session, folder)
    python = configured_python(session)
    begun = (folder / "job.json").exists()
    request = _request_of(folder, begun)
    asked = {
        "sequence": sequence, "templates": templates, "library": library, "contacts": contacts,
        "quality": quality, "models": models, "seed": seed, "trim": trim, "protein": protein,
        "symmetry": symmetry, "rigid": rigid, "pae": pae, "halfMaps": half_maps,
        "resolution": resolution, "mask": region if region.given else None,
    }  # fmt: skip
    _check_has(request.command, [word for word, value in asked.items() if value is not None])
    options = engine_options(resolution, device, quality, models, seed, trim, protein, symmetry)
    without = _taken_away(request.command, without, asked)
    inputs = request.inputs
    name, _ = read_placement(folder)
    chosen = None if templates is None else Templates.of(session, templates)
    given = None if chosen is None or not chosen.chosen else chosen
    options.update({} if chosen is None else chosen.search_again)
    fits = request.command == "fit"
    check_library(library, refused=chosen is not None and chosen.refused)
    check_pae(pae, None if fits else given and given.chosen, one=fits)
    maps, write = maps_anew(session, folder, half_maps, region)
    options.update(maps)
    if any(one is not None for one in (sequence, given, library, contacts, pae)):
        inputs, files = files_anew(folder, request, sequence, given, pae, library, contacts)
        options.update(files)
    if rigid is not None:
        options["--rigid" if rigid else "--domains"] = ()
    find = None
    if chosen is not None and given is None:
        without = [*without, "templates"]
    changed = _changed(request.options, options, without)
    if chosen is not None and chosen.where != "none":
        place, wanted = new_place(folder), _sequence_of(folder, inputs, sequence)
        look = chosen.looker(session, folder, place, name, wanted)
        find = _or_without(look, "--no-templates" in changed)
        changed.pop("--no-templates", None)
    request = Request(inputs, changed, request.command)
    return start(
        session,
        folder,
        name,
        engine_command(python, request.command, *request.arguments()),
        view=_view(session, folder, request.command, in_map),
        wait=waits(session, wait),
        again=begun,
        prepare=_together(write, find),
    )


def _check_idle(session, folder: Path) -> None:
    """Refuse a job that runs, or waits for its turn, here or elsewhere."""
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


def _together(write, find):
    """What writes maps and what looks for templates, as one; None for neither."""
    if write is None:
        return find

    def prepare() -> list[str]:
        write()
        return [] if find is None else find()

    return prepare


def _or_without(look, had: bool):
    """Looks for templates; where there are none, the job goes on without those that it had."""
    return lambda: look() or (["--no-templates"] if had else [])


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


def _request_of(folder: Path, begun: bool) -> Request:
    """What a job is to do, or to do again."""
    if begun and not waits_again(folder):
        return Request((), {"--resume": (str(folder),)}, job_kind(folder))
    request = read_request(folder)
    if request is None or not (request.inputs or "--resume" in request.options):
        raise UserError(f"{folder} has no job to go on with: start it again")
    return request


def _check_has(kind: str, words: list[str]) -> None:
    """Refuse what a job of this kind has no use for, before anything is written."""
    lacks = {
        "build": ("rigid",),
        "score": (
            "sequence", "templates", "library", "contacts", "quality", "models", "protein", "rigid",
            "pae", "symmetry", "halfMaps",
        ),
        "rebuild": (
            "templates", "library", "contacts", "rigid", "pae", "symmetry", "halfMaps",
        ),
        "fit": (
            "sequence", "templates", "library", "contacts", "quality", "models", "trim", "protein",
            "halfMaps",
        ),
    }
    wrong = [word for word in words if word in lacks.get(kind, ())]
    if wrong:
        raise UserError(f"a {kind} has no {' and no '.join(wrong)}: go on without")


def _taken_away(kind: str, without, asked: dict) -> list[str]:
    """Inputs that the job is to do without, once each.

    Raises
    ------
    UserError
        The job has none such, or it is given anew as well.
    """
    words = sorted(set(without or ()))
    has = {
        "build": ("mask", "templates", "library", "contacts", "pae", "halfMaps", "resolution"),
        "score": ("mask", "resolution"),
        "rebuild": ("mask", "sequence", "resolution"),
        "fit": ("mask", "pae", "resolution"),
    }
    if wrong := [word for word in words if word not in has[kind]]:
        raise UserError(f"a {kind} cannot do without {' and '.join(wrong)}")
    if both := [word for word in words if asked.get(word) is not None]:
        raise UserError(f"give {' and '.join(both)}, or go on without, not both")
    return words


def _changed(kept: dict, given: dict, without: list[str]) -> dict:
    """Options of a request with what is given anew, and without what is taken away."""
    back = {_opposite(name) for name in given}
    if "--templates" in given or "templates" in without:
        back.add("--pae")  # of other templates
    changed = {name: value for name, value in kept.items() if name not in back}
    for word in without:
        name = _FLAGS.get(word, word)
        changed.pop(f"--{name}", None)
        if "--resume" in changed:  # else the engine has not seen it yet
            changed[f"--no-{name}"] = ()
    return {**changed, **given}


def _opposite(name: str) -> str:
    """The option that undoes another."""
    if name in _FORMS:
        return next(one for one in _FORMS if one != name)
    return f"--{name[5:]}" if name.startswith("--no-") else f"--no-{name[2:]}"


def _view(session, folder, kind, in_map):
    """The view of the job's earlier run, if that is still open here, or a new one."""
    view = last_view(session, folder)
    if view is None:
        return view_of(session, folder, kind, in_map=in_map)
    if in_map is not None:
        view.lie_in(in_map)
    return view
