"""``critasser build``: build atomic models of sequences in an open map."""

from __future__ import annotations

from chimerax.atomic import AtomsArg, Structure
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
    SaveFolderNameArg,
)
from chimerax.core.errors import UserError
from chimerax.map import MapArg, MapsArg

from ..installation.environment import configured_python, engine_command
from ..jobs.contacts import read_contacts, write_contacts
from ..jobs.folder import write_placement
from ..jobs.half_maps import half_map_files, placed_halves
from ..jobs.inputs import (
    PlacedMap,
    check_grid,
    check_sequences,
    frame,
    job_name,
    new_inputs,
    nothing_left,
    residues_in,
    write_map,
    write_mask,
    write_sequences,
)
from ..jobs.library import check_library, copy_library
from ..jobs.new_job import DEVICES, QUALITIES, engine_options, new_folder
from ..jobs.predicted_error import check_pae, copy_pae
from ..jobs.request import Request
from ..jobs.starting import start, waits
from ..views.results import Results
from .arguments import BuildMapArg, BuildSequenceArg, SymmetryArg
from .asking import sure
from .region import Region
from .templates import Templates, TemplatesArg

__all__ = ["command", "description"]

_FEW = 20
"""Residues below which a sequence is a peptide, which a map hardly tells from its neighbours."""


def description():
    """How the command is typed."""
    return CmdDesc(
        required=[("volume", BuildMapArg)],
        optional=[("sequence", BuildSequenceArg)],
        keyword=[
            ("segments", ObjectsArg),
            ("mask", MapArg),
            ("half_maps", MapsArg),
            ("near", AtomsArg),
            ("range", Bounded(FloatArg, min=1.0, max=100.0)),
            ("resolution", Bounded(FloatArg, min=1.0, max=20.0)),
            ("templates", TemplatesArg),
            ("pae", ListOf(OpenFileNameArg)),
            ("library", OpenFileNameArg),
            ("contacts", OpenFileNameArg),
            ("device", EnumOf(tuple(DEVICES))),
            ("quality", EnumOf(QUALITIES)),
            ("models", Bounded(IntArg, min=1, max=20)),
            ("seed", NonNegativeIntArg),
            ("trim", BoolArg),
            ("protein", BoolArg),
            ("symmetry", SymmetryArg),
            ("folder", SaveFolderNameArg),
            ("wait", BoolArg),
        ],
        synopsis="Build atomic models into a map",
    )


def command(
    session,
    volume,
    sequence=None,
    *,
    segments=None,
    mask=None,
    half_maps=None,
    near=None,
    range=None,
    resolution=None,
    templates=None,
    pae=None,
    library=None,
    contacts=None,
    device=None,
    quality=None,
    models=None,
    seed=None,
    trim=None,
    protein=None,
    symmetry=None,
    folder=None,
    wait=None,
):
    """Start a build and return its job, or None where the person was asked and does not want it.

    Parameters
    ----------
    session : chimerax.core.session.Session
    volume : chimerax.map.Volume
        The whole of it is used, at full resolution, whatever is displayed.
    sequence : Path or list of chimerax.atomic.Sequence
        A FASTA file, or a sequence for every chain.
    segments : chimerax.core.objects.Objects, optional
        Build in these regions, in what these surfaces enclose, or near these atoms or markers.
    mask : chimerax.map.Volume, optional
        Build where it is 0.5 or more.
    half_maps : list of chimerax.map.Volume, optional
        The two half maps of the map, unfiltered and unmasked, on its grid.
    near : chimerax.atomic.Atoms, optional
        Build near these.
    range : float, optional
        How near, in Å; 8 unless given.
    resolution : float, optional
        Of the map, in Å; the engine guesses it from the voxels unless given.
    templates : str, or sequence of chimerax.atomic.AtomicStructure and Path, optional
        Structures that may be alike; where they are does not matter. Or where to look for them:
        ``auto`` (here and in public databases), ``local`` (open models and what ChimeraX has
        fetched before), ``none``, also not in the engine's library. Unless given, as the person
        has said when first asked; in scripts and without a GUI in that library alone.
    pae : list of str, optional
        Files with the predicted aligned error of each template.
    library : str, optional
        File of known folds to look among, in place of those that ship.
    contacts : str, optional
        File of predicted contacts (CASP RR format), residues counted over all chains.
    device : {'auto', 'cpu', 'gpu'}, optional
    quality : {'draft', 'standard', 'thorough'}, optional
    models : int, optional
        Most models to make.
    seed : int, optional
        Of all random numbers.
    trim : bool, optional
        Leave residues that have no density out of the models.
    protein : bool, optional
        The sequences are protein, also those of A, C, G and T alone.
    symmetry : str, optional
        Of the map: ``C4``, ``D2``, ``T``, ``O``, ``I``, ``helical:RISE,TWIST`` in Å and degrees;
        ``auto``, to look for it, unless given; ``none``.
    folder : str, optional
        The job folder to make; else one in ``~/critasser``.
    wait : bool, optional
        Come back when the build is over; by default in scripts and without a GUI.

    Raises
    ------
    UserError
        Anything that can be known to be wrong before the engine starts.
    """
    if not sequence:
        raise UserError(
            "which sequence? Give a FASTA file, letters or chains: "
            f"critasser build {volume.atomspec} sequence #2/A"
        )
    region = Region(segments, mask, near, range)
    region.check()
    check_grid(volume)
    halves = placed_halves(half_maps, volume.data.size, volume)
    check_sequences(sequence, protein=bool(protein))
    region.look_up(volume)
    if (odd := _odd(sequence, segments, near, protein)) and not sure(session, odd, "build"):
        return None
    known = None if contacts is None else read_contacts(contacts)
    python = configured_python(session)
    templates = Templates.of(session, templates)
    check_pae(pae, templates.chosen or None)
    check_library(library, refused=templates.refused)

    folder = new_folder(folder, job_name(volume.name))
    name = job_name(folder.name)
    placed = PlacedMap.of(volume)
    planes, where = region.planes(placed)
    files = _write_small(folder, name, placed, sequence, templates, pae, known, library)
    if planes is not None:
        files["mask"] = files["map"].with_name("mask.mrc")
    files["half_maps"] = half_map_files(files["map"].parent, halves)
    with nothing_left(folder):
        find = templates.looker(session, folder, files["map"].parent, name, sequence)

    def prepare() -> list[str]:
        with nothing_left(folder):
            write_map(files["map"], placed)
            for path, half in zip(files["half_maps"], halves):
                write_map(path, half)
            if planes is not None:
                write_mask(files["mask"], placed, planes, where)
            return [] if find is None else find()

    options = {"-o": (folder,), **_files_as_options(files)}
    if templates.refused:
        options["--no-template-search"] = ()
    options.update(engine_options(
        resolution, device, quality, models, seed, trim, protein, symmetry
    ))
    request = Request((files["map"], files["sequence"]), options)
    return start(
        session,
        folder,
        name,
        engine_command(python, request.command, *request.arguments()),
        view=Results(session, name, folder, volume),
        wait=waits(session, wait),
        prepare=prepare,
    )


def _files_as_options(files: dict) -> dict:
    """What the engine is told of the files that it may do without."""
    options = {}
    for role in ("mask", "half_maps", "templates", "pae", "library", "contacts"):
        if given := files.get(role):
            several = isinstance(given, (list, tuple))
            options[f"--{role.replace('_', '-')}"] = given if several else (given,)
    return options


def _odd(sequence, segments, near, protein) -> str:
    """What was hardly meant so, as a question; empty for nothing."""
    count = residues_in(sequence, protein=bool(protein))
    if count < _FEW:
        return f"The sequence has {count} residues in all, fewer than {_FEW}. Build it?"
    atoms = near if near is not None else getattr(segments, "atoms", None)
    others = () if segments is None else segments.models
    only_atoms = all(isinstance(model, Structure) for model in others)
    if atoms is not None and only_atoms and len(atoms) and len(set(atoms.residues)) == 1:
        return f"Only {next(iter(atoms.residues))} is selected: build near that one residue?"
    return ""


def _write_small(
    folder, name, placed, sequence, templates, pae, contacts, library
) -> dict:
    """Write all inputs but the maps, which take their time; removed when one of them is no good."""
    with new_inputs(folder) as inputs:
        files = {
            "sequence": write_sequences(inputs, sequence),
            "map": inputs / "map.mrc",
            "templates": templates.write(inputs),
            "pae": copy_pae(inputs, pae),
        }
        if contacts is not None:
            files["contacts"] = write_contacts(inputs, contacts)
        if library is not None:
            files["library"] = copy_library(inputs, library)
        write_placement(folder, name, frame(placed.data), getattr(placed.data, "path", None))
    return files
