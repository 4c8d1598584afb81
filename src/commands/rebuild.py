"""``critasser rebuild``: build stretches of a model again and keep the rest."""

from __future__ import annotations

import re

from chimerax.atomic import ResiduesArg
from chimerax.core.commands import (
    BoolArg,
    Bounded,
    CmdDesc,
    EnumOf,
    FloatArg,
    IntArg,
    NonNegativeIntArg,
    SaveFolderNameArg,
)
from chimerax.core.errors import UserError
from chimerax.map import MapArg

from ..installation.environment import configured_python, engine_command
from ..jobs.folder import read_placement, write_placement
from ..jobs.inputs import check_grid, job_name, new_inputs, write_sequences
from ..jobs.model_file import check_lies_in, model_name, stretches_of
from ..jobs.model_inputs import write_inputs
from ..jobs.new_job import DEVICES, QUALITIES, engine_options, new_folder
from ..jobs.request import Request, is_model
from ..jobs.starting import start, waits
from ..models.origin import keep_origin
from ..session.files import inside
from ..views.rebuilt import RebuiltResults
from ..views.scored import source_of
from .arguments import BuildSequenceArg
from .in_map import map_for

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(
        required=[("residues", ResiduesArg)],
        keyword=[
            ("in_map", MapArg),
            ("sequence", BuildSequenceArg),
            ("resolution", Bounded(FloatArg, min=1.0, max=20.0)),
            ("device", EnumOf(tuple(DEVICES))),
            ("quality", EnumOf(QUALITIES)),
            ("models", Bounded(IntArg, min=1, max=20)),
            ("seed", NonNegativeIntArg),
            ("trim", BoolArg),
            ("protein", BoolArg),
            ("folder", SaveFolderNameArg),
            ("wait", BoolArg),
        ],
        synopsis="Build stretches of a model again",
    )


def command(
    session,
    residues,
    *,
    in_map=None,
    sequence=None,
    resolution=None,
    device=None,
    quality=None,
    models=None,
    seed=None,
    trim=None,
    protein=None,
    folder=None,
    wait=None,
):
    """Build residues of one model again and return the job.

    Parameters
    ----------
    session : chimerax.core.session.Session
    residues : chimerax.atomic.Residues
        Of one model. Those of a chain that follow each other are one stretch, also across a gap,
        which is filled as far as the whole sequence is known.
    in_map : chimerax.map.Volume, optional
        The map in which the model lies; not needed for a model of a job, which knows its own, nor
        where it is the only one that is displayed.
    sequence : Path or list of chimerax.atomic.Sequence, optional
        Whole sequences; else what the model knows of its chains.
    resolution : float, optional
        Of the map, in Å; else the job's own, or guessed.
    device, quality, models, seed, trim, protein, folder, wait : optional
        As for `critasser build`.

    Raises
    ------
    UserError
        Anything that can be known to be wrong before the engine starts.
    """
    structures = residues.unique_structures
    if not len(structures):
        raise UserError("no residues are specified: give some, such as #2.3.1/A:45-80")
    if len(structures) != 1:
        raise UserError(f"rebuild takes residues of one model, not of {len(structures)}")
    (structure,) = structures
    stretches = stretches_of(residues)
    source = source_of(structure) if in_map is None else None
    if in_map is None and source is None:
        in_map = map_for(structure, f"critasser rebuild {structure.atomspec}/A:45-56")
    # A file of a job tells by its place; of any other model its atoms do.
    if not is_model(source[1]) if source is not None else set(structure.atoms.names) == {"CA"}:
        raise UserError(
            f"{structure} is a trace of Cα, beside which no stretch can be built: rebuild a model "
            "with all its backbone"
        )
    if in_map is not None:
        check_grid(in_map)
        check_lies_in(structure, in_map)
    python = configured_python(session)
    if source is None:
        folder = new_folder(folder, f"{model_name(structure)}_rebuilt")
        name = job_name(folder.name)
        files, prepare = write_inputs(
            folder, name, in_map, structure, sequence or _whole_sequences(residues)
        )
        keep_origin(folder, structure)
        view = RebuiltResults(session, name, folder, volume=in_map)
        model, options = files["model"], {"--map": (files["map"],)}
    else:
        path = inside(*source)
        if path is None:
            raise UserError(f"{source[0] / source[1]} is gone: give the map by inMap")
        old_name, frame = read_placement(source[0])
        # The name is what a folder says of itself: it may be a path that leads elsewhere.
        first_name = job_name(re.sub(r"_rebuilt(_\d+)?$", "", old_name))
        folder = new_folder(folder, f"{first_name}_rebuilt")
        name = job_name(folder.name)
        files, prepare = _carry_placement(folder, name, frame, sequence), None
        keep_origin(folder, structure)
        view = RebuiltResults(session, name, folder, structure.scene_position)
        model, options = path, {}
    options.update({"-o": (folder,), "--stretch": (stretches,)})
    if "sequence" in files:
        options["--sequence"] = (files["sequence"],)
    options.update(engine_options(resolution, device, quality, models, seed, trim, protein))
    request = Request((model,), options, "rebuild")
    return start(
        session,
        folder,
        name,
        engine_command(python, request.command, *request.arguments()),
        view=view,
        wait=waits(session, wait),
        prepare=prepare,
    )


def _whole_sequences(residues) -> list:
    """Sequences of the residues' chains, as far as more is known of them than what is there."""
    letters = set("ACDEFGHIKLMNPQRSTVWY")
    chains = residues.unique_chains
    known = [c for c in chains if c.full_sequence_known and set(c.ungapped()) <= letters]
    return known if len(known) == len(chains) else []


def _carry_placement(folder, name, frame, sequence) -> dict:
    """Put into a new job where the old one lies, and another sequence where one is given."""
    with new_inputs(folder) as inputs:
        if frame is not None:
            write_placement(folder, name, frame)
        return {"sequence": write_sequences(inputs, sequence)} if sequence else {}
