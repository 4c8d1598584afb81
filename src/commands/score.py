"""``critasser score``: find the confidence of each residue of an open model."""

from __future__ import annotations

from chimerax.atomic import AtomicStructureArg
from chimerax.core.commands import (
    BoolArg,
    Bounded,
    CmdDesc,
    EnumOf,
    FloatArg,
    NonNegativeIntArg,
    SaveFolderNameArg,
)
from chimerax.map import MapArg

from ..installation.environment import configured_python, engine_command
from ..jobs.inputs import check_grid, job_name
from ..jobs.model_file import check_lies_in, model_name
from ..jobs.model_inputs import write_inputs
from ..jobs.new_job import DEVICES, engine_options, new_folder
from ..jobs.request import Request
from ..jobs.starting import start, waits
from ..models.origin import keep_origin
from ..views.scored import ScoredModel
from .in_map import map_for, resolution_of

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(
        required=[("structure", AtomicStructureArg)],
        keyword=[
            ("in_map", MapArg),
            ("resolution", Bounded(FloatArg, min=1.0, max=20.0)),
            ("device", EnumOf(tuple(DEVICES))),
            ("seed", NonNegativeIntArg),
            ("trim", BoolArg),
            ("key", BoolArg),
            ("folder", SaveFolderNameArg),
            ("wait", BoolArg),
        ],
        synopsis="Estimate the confidence of a model in a map",
    )


def command(
    session,
    structure,
    *,
    in_map=None,
    resolution=None,
    device=None,
    seed=None,
    trim=None,
    key=True,
    folder=None,
    wait=None,
):
    """Score a model where it lies in a map and return the job.

    Parameters
    ----------
    session : chimerax.core.session.Session
    structure : chimerax.atomic.AtomicStructure
        Gets the residue attributes `critasser_confidence` and `critasser_local_pcc` and is
        coloured by the first; nothing else about it changes.
    in_map : chimerax.map.Volume, optional
        The map; both count as they lie in the scene. Unless given the job's of which the model is,
        or the only one that is displayed.
    resolution : float, optional
        Of the map, in Å; unless given that of the model's job, or the engine guesses it.
    device : {'auto', 'cpu', 'gpu'}, optional
    seed : int, optional
        Of the shuffled sequences that the model's is compared with.
    trim : bool, optional
        Leave residues that have no density out of the copy that is written in the job's folder.
    key : bool
        Show what the colours mean.
    folder : str, optional
        The job folder to make; else one in ``~/critasser``.
    wait : bool, optional
        Come back when it is done; by default in scripts and without a GUI.

    Raises
    ------
    UserError
        Anything that can be known to be wrong before the engine starts.
    """
    if in_map is None:
        in_map = map_for(structure, f"critasser score {structure.atomspec}")
        resolution = resolution or resolution_of(structure)
    check_grid(in_map)
    check_lies_in(structure, in_map)
    python = configured_python(session)
    folder = new_folder(folder, f"{model_name(structure)}_score")
    name = job_name(folder.name)
    files, prepare = write_inputs(folder, name, in_map, structure)
    keep_origin(folder, structure)
    options = {"-o": (folder,), **engine_options(resolution, device, seed=seed, trim=trim)}
    request = Request((files["model"], files["map"]), options, "score")
    return start(
        session,
        folder,
        name,
        engine_command(python, request.command, *request.arguments()),
        view=ScoredModel(session, name, folder, structure, volume=in_map, key=key),
        wait=waits(session, wait),
        prepare=prepare,
    )
