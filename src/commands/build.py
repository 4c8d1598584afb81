"""``critasser build``: build atomic models of sequences in an open map."""

from __future__ import annotations

from chimerax.atomic import AtomicStructuresArg, AtomsArg
from chimerax.core.commands import (
    BoolArg,
    Bounded,
    CmdDesc,
    EnumOf,
    FloatArg,
    IntArg,
    NonNegativeIntArg,
    ObjectsArg,
    SaveFolderNameArg,
)
from chimerax.core.errors import UserError
from chimerax.map import MapArg, MapsArg

from ..installation.environment import configured_python, engine_command
from ..jobs.folder import write_placement
from ..jobs.inputs import (
    PlacedMap,
    check_grid,
    check_sequences,
    frame,
    job_name,
    mask_planes,
    new_inputs,
    nothing_left,
    write_map,
    write_mask,
    write_sequences,
    write_templates,
    zone_planes,
)
from ..jobs.new_job import DEVICES, QUALITIES, engine_options, new_folder
from ..jobs.request import Request
from ..jobs.starting import start, waits
from ..models.segments.choosing import chosen_planes, sort_out
from ..views.results import Results
from .arguments import BuildMapArg, BuildSequenceArg

__all__ = ["command", "description"]

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
            ("templates", AtomicStructuresArg),
            ("device", EnumOf(tuple(DEVICES))),
            ("quality", EnumOf(QUALITIES)),
            ("models", Bounded(IntArg, min=1, max=20)),
            ("seed", NonNegativeIntArg),
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
    device=None,
    quality=None,
    models=None,
    seed=None,
    folder=None,
    wait=None,
):
    """Start a build and return its job.

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
    templates : chimerax.atomic.AtomicStructures, optional
        Structures that may be alike; where they are does not matter.
    device : {'auto', 'cpu', 'gpu'}, optional
    quality : {'draft', 'standard', 'thorough'}, optional
    models : int, optional
        Most models to make.
    seed : int, optional
        Of all random numbers.
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
    if sum(place is not None for place in (segments, mask, near)) > 1:
        raise UserError("give one of segments, mask and near, not several of them")
    if near is not None and not len(near):
        raise UserError("near: no atoms specified")
    if near is None and segments is None and range is not None:
        raise UserError("range says how near; give near too")
    if templates is not None and not len(templates):
        raise UserError("templates: no atomic models specified")
    check_grid(volume)
    halves = _half_maps(volume, half_maps)
    check_sequences(sequence)
    chosen = None
    if segments is not None:

        chosen = sort_out(segments, volume)
    python = configured_python(session)

    folder = new_folder(folder, job_name(volume.name))
    name = job_name(folder.name)
    placed = PlacedMap.of(volume)
    planes, where = _inside(placed, chosen, mask, near, range or 8.0)
    files = _write_small(folder, name, placed, sequence, templates)
    if planes is not None:
        files["mask"] = files["map"].with_name("mask.mrc")

    halves_written = [
        (files["map"].with_name(f"half_map_{k}.mrc"), half) for k, half in enumerate(halves, 1)
    ]

    def prepare() -> None:
        with nothing_left(folder):
            write_map(files["map"], placed)
            for path, half in halves_written:
                write_map(path, half)
            if planes is not None:
                write_mask(files["mask"], placed, planes, where)

    options = {"-o": (folder,)}
    if "mask" in files:
        options["--mask"] = (files["mask"],)
    if halves_written:
        options["--half-maps"] = tuple(path for path, _ in halves_written)
    if files["templates"]:
        options["--templates"] = files["templates"]
    options.update(engine_options(resolution, device, quality, models, seed))
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


def _half_maps(volume, half_maps) -> list[PlacedMap]:
    """The two half maps of a map, which lie on its grid.

    Raises
    ------
    UserError
        They are not two, one of them is the map, or lies on another grid.
    """
    if half_maps is None:
        return []
    if len(half_maps) != 2:
        raise UserError(f"halfMaps: give two maps, not {len(half_maps)}")
    for half in half_maps:
        if half is volume:
            raise UserError(f"halfMaps: {half} is the map itself; give the maps of its two halves")
        if tuple(half.data.size) != tuple(volume.data.size):
            here, there = (" × ".join(map(str, one.data.size)) for one in (half, volume))
            raise UserError(
                f"halfMaps: {half} has {here} voxels, the map {there}; give the half maps that "
                "the map was made of"
            )
    return [PlacedMap.of(half) for half in half_maps]


def _inside(placed, chosen, mask, near, distance):
    """Sections of the map's grid where to build, and what is said when no voxel is; else None."""
    if chosen is not None:

        return chosen_planes(placed, chosen, distance), chosen.summary
    if mask is not None:
        return mask_planes(placed, PlacedMap.of(mask)), f"the mask {mask}"
    if near is not None:
        planes = zone_planes(placed, near.scene_coords, distance)
        return planes, f"{distance:g} Å of those atoms"
    return None, ""


def _write_small(folder, name, placed, sequence, templates) -> dict:
    """Write all inputs but the maps, which take their time; removed when one of them is no good."""
    with new_inputs(folder) as inputs:
        files = {
            "sequence": write_sequences(inputs, sequence),
            "map": inputs / "map.mrc",
            "templates": write_templates(inputs, templates if templates is not None else ()),
        }
        write_placement(folder, name, frame(placed.data), getattr(placed.data, "path", None))
    return files
