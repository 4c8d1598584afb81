"""``critasser refine``: hand a model over to ISOLDE or to Phenix."""

from __future__ import annotations

from chimerax.atomic import AtomicStructureArg
from chimerax.core.commands import (
    BoolArg,
    Bounded,
    CmdDesc,
    EnumOf,
    FloatArg,
    SaveFolderNameArg,
    run,
)
from chimerax.core.errors import UserError
from chimerax.map import MapArg

from ..jobs.inputs import check_grid, job_name
from ..jobs.model_file import check_lies_in, engine_place, model_name
from ..jobs.model_inputs import write_inputs
from ..jobs.new_job import new_folder
from ..jobs.refinement import PhenixRefinement, announce_refinement, find_phenix
from ..jobs.starting import waits
from ..session.quoting import command_text
from .in_map import map_for, resolution_of

__all__ = ["command", "description"]

_ISOLDE = "ChimeraX-ISOLDE"

_BEGINS = (0.0, 0.0, 0.0)
"""Å; where a map begins for Phenix, which takes no notice of the origin in its header."""

_LACKING = {
    "isolde": "ISOLDE is not installed: install it by toolshed install ISOLDE (the network is "
    "needed), start ChimeraX anew, and give this command again",
    "phenix": "Phenix is not found: install it from phenix-online.org, and tell where it is by "
    "phenix location FOLDER",
}


def description():
    """How the command is typed."""
    return CmdDesc(
        required=[("structure", AtomicStructureArg)],
        keyword=[
            ("in_map", MapArg),
            ("with_", EnumOf(tuple(_LACKING))),
            ("resolution", Bounded(FloatArg, min=1.0, max=20.0)),
            ("folder", SaveFolderNameArg),
            ("wait", BoolArg),
        ],
        synopsis="Refine a model in ISOLDE or Phenix",
    )


def command(
    session, structure, *, in_map=None, with_="isolde", resolution=None, folder=None, wait=None
):
    """Hand a model with its map over to another program.

    Parameters
    ----------
    session : chimerax.core.session.Session
    structure : chimerax.atomic.AtomicStructure
    in_map : chimerax.map.Volume, optional
        The map in which it lies; its job's, or the only one that is displayed, unless given.
    with_ : {'isolde', 'phenix'}
        ISOLDE opens with both; Phenix refines in the background, and its model is opened then.
    resolution : float, optional
        Of the map, in Å, for Phenix; the job's own unless given.
    folder : str, optional
        Where Phenix works; else a new one in ``~/critasser``.
    wait : bool, optional
        Come back when Phenix is done; by default in scripts and without a GUI.

    Returns
    -------
    PhenixRefinement or None

    Raises
    ------
    UserError
        The program is not there, or there is no map.
    """
    volume = in_map or map_for(structure, f"critasser refine {structure.atomspec}")
    if with_ == "isolde":
        _hand_to_isolde(session, structure, volume)
        return None
    check_grid(volume)
    check_lies_in(structure, volume)
    program = find_phenix(session)
    if program is None:
        raise UserError(_LACKING["phenix"])
    resolution = resolution or resolution_of(structure)
    if resolution is None:
        raise UserError("Phenix needs the map's resolution: give it, such as resolution 3.4")
    place = new_folder(folder, f"{model_name(structure)}_phenix")
    name = job_name(place.name)
    files, prepare = write_inputs(place, name, volume, structure, at=_BEGINS)

    def show(path) -> None:
        (refined, *_), _ = session.open_command.open_data(
            str(path), format="mmcif" if path.suffix == ".cif" else "pdb", log_info=False
        )
        refined.name = f"{structure.name} refined by Phenix"
        if not volume.deleted:
            refined.position = engine_place(volume, _BEGINS)
        session.models.add([refined])

    work = PhenixRefinement(session, name, place, program, files, resolution, prepare, show)
    announce_refinement(session, work)
    work.start()
    if waits(session, wait):
        work.wait()
    return work


def _hand_to_isolde(session, structure, volume) -> None:
    """Open ISOLDE with a model and its map, ready for a simulation to be started."""
    found = session.toolshed.find_bundle(_ISOLDE, session.logger)
    if found is None or not found.installed:
        raise UserError(_LACKING["isolde"])
    if not session.ui.is_gui:
        raise UserError("ISOLDE needs a window: start ChimeraX with its GUI")
    run(session, "isolde start")
    run(session, command_text("addh", structure))
    run(session, command_text("clipper associate", volume, "toModel", structure))
    run(session, command_text("isolde select", structure))
