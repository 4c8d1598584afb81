"""``critasser fit``: place a known or predicted model in an open map, domain by domain."""

from __future__ import annotations

import shutil
from pathlib import Path

from chimerax.atomic import AtomicStructureArg, AtomsArg
from chimerax.core.commands import (
    BoolArg,
    Bounded,
    CmdDesc,
    EnumOf,
    FloatArg,
    NonNegativeIntArg,
    ObjectsArg,
    OpenFileNameArg,
    SaveFolderNameArg,
)
from chimerax.core.errors import UserError
from chimerax.map import MapArg

from ..installation.environment import configured_python, engine_command
from ..jobs.inputs import PlacedMap, check_grid, job_name, nothing_left, write_mask
from ..jobs.model_file import model_name
from ..jobs.model_inputs import write_inputs
from ..jobs.new_job import DEVICES, engine_options, new_folder
from ..jobs.predicted_error import error_beside, error_file_name
from ..jobs.request import Request
from ..jobs.starting import start, waits
from ..models.origin import keep_origin
from ..views.fitted import FittedResults
from .arguments import SymmetryArg, check_given
from .in_map import map_for
from .region import Region

__all__ = ["command", "description"]

_FEWEST = 20
"""Residues of protein that can be found in a map."""


def description():
    """How the command is typed."""
    return CmdDesc(
        required=[("structure", AtomicStructureArg)],
        keyword=[
            ("in_map", MapArg),
            ("segments", ObjectsArg),
            ("mask", MapArg),
            ("near", AtomsArg),
            ("range", Bounded(FloatArg, min=1.0, max=100.0)),
            ("pae", OpenFileNameArg),
            ("rigid", BoolArg),
            ("symmetry", SymmetryArg),
            ("resolution", Bounded(FloatArg, min=1.0, max=20.0)),
            ("device", EnumOf(tuple(DEVICES))),
            ("seed", NonNegativeIntArg),
            ("folder", SaveFolderNameArg),
            ("wait", BoolArg),
        ],
        synopsis="Place a known or predicted model in a map",
    )


def command(
    session,
    structure,
    *,
    in_map=None,
    segments=None,
    mask=None,
    near=None,
    range=None,
    pae=None,
    rigid=False,
    symmetry=None,
    resolution=None,
    device=None,
    seed=None,
    folder=None,
    wait=None,
):
    """Place a model in a map, wherever it belongs, and return the job.

    Parameters
    ----------
    session : chimerax.core.session.Session
    structure : chimerax.atomic.AtomicStructure
        Where it is does not matter. It stays as it is; the placed model is a new one.
    in_map : chimerax.map.Volume, optional
    segments, mask, near, range : optional
        Part of the map in which to look, as for `critasser build`.
    pae : str, optional
        File of the predicted aligned error, which cuts the model into domains; one of the AlphaFold
        Database that lies beside the model's file is found by itself.
    rigid : bool
        Keep the model as it is: one body.
    symmetry : str, optional
        Of the map, such as ``C4``, of which the model is one unit; none unless given.
    resolution : float, optional
        Of the map, in Å; the engine guesses it unless given.
    device : {'auto', 'cpu', 'gpu'}, optional
    seed : int, optional
        Of all random numbers.
    folder : str, optional
        The job folder to make; else one in ``~/critasser``.
    wait : bool, optional
        Come back when it is done; by default in scripts and without a GUI.

    Raises
    ------
    UserError
        Anything that can be known to be wrong before the engine starts.
    """
    region = Region(segments, mask, near, range)
    region.check()
    check_given(symmetry)
    in_map = in_map or map_for(structure, f"critasser fit {structure.atomspec}")
    check_grid(in_map)
    residues = sum(len(chain.existing_residues) for chain in structure.chains)
    if residues < _FEWEST:
        raise UserError(f"{structure} has {residues} residues of protein: fewer than {_FEWEST} "
                        "fit anywhere")  # fmt: skip
    region.look_up(in_map)
    error = Path(pae) if pae is not None else error_beside(structure)
    python = configured_python(session)
    folder = new_folder(folder, f"{model_name(structure)}_fit")
    name = job_name(folder.name)
    placed = PlacedMap.of(in_map)
    planes, where = region.planes(placed)
    files, write_rest = write_inputs(folder, name, in_map, structure)
    keep_origin(folder, structure)
    options = {"-o": (folder,), **engine_options(resolution, device, seed=seed, symmetry=symmetry)}
    if planes is not None:
        options["--mask"] = (files["map"].with_name("mask.mrc"),)
    if error is not None:
        options["--pae"] = (_copied(error, folder, files["map"].parent),)
    if rigid:
        options["--rigid"] = ()

    def prepare() -> None:
        write_rest()
        if planes is not None:
            with nothing_left(folder):
                write_mask(options["--mask"][0], placed, planes, where)

    request = Request((files["model"], files["map"]), options, "fit")
    return start(
        session,
        folder,
        name,
        engine_command(python, request.command, *request.arguments()),
        view=FittedResults(session, name, folder, in_map),
        wait=waits(session, wait),
        prepare=prepare,
    )


def _copied(error: Path, folder: Path, inputs: Path) -> Path:
    """The file of the predicted aligned error, where the engine may read it."""
    with nothing_left(folder):
        try:
            return Path(shutil.copyfile(error, inputs / error_file_name(error)))
        except OSError as failure:
            raise UserError(f"{error}: cannot be read, {failure.strerror}") from None
