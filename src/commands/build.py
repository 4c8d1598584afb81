"""``critasser build``: atomic models of sequences in an open map."""

from __future__ import annotations

from pathlib import Path

from chimerax.core.errors import UserError

__all__ = ["command", "description", "engine_options", "new_folder"]

DEVICES = {"auto": "auto", "cpu": "cpu", "gpu": "cuda"}
QUALITIES = ("draft", "standard", "thorough")


def description():
    """How the command is typed."""
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
    from chimerax.map import MapArg

    from .arguments import BuildMapArg, BuildSequenceArg

    return CmdDesc(
        required=[("volume", BuildMapArg)],
        optional=[("sequence", BuildSequenceArg)],
        keyword=[
            ("segments", ObjectsArg),
            ("mask", MapArg),
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
    from ..jobs.engine import configured_python, engine_command
    from ..jobs.inputs import (
        PlacedMap,
        check_grid,
        check_sequences,
        job_name,
        nothing_left,
        write_map,
        write_mask,
    )
    from ..jobs.request import Request
    from ..models.results import Results
    from .running import start, waits

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
    check_sequences(sequence)
    chosen = None
    if segments is not None:
        from ..segments.choosing import sort_out

        chosen = sort_out(segments, volume)
    python = configured_python(session)

    folder = new_folder(folder, job_name(volume.name))
    name = job_name(folder.name)
    placed = PlacedMap.of(volume)
    planes, where = _inside(placed, chosen, mask, near, range or 8.0)
    files = _write_small(folder, name, placed, sequence, templates)
    if planes is not None:
        files["mask"] = files["map"].with_name("mask.mrc")

    def prepare() -> None:
        with nothing_left(folder):
            write_map(files["map"], placed)
            if planes is not None:
                write_mask(files["mask"], placed, planes, where)

    options = {"-o": (folder,)}
    if "mask" in files:
        options["--mask"] = (files["mask"],)
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


def engine_options(
    resolution=None, device=None, quality=None, models=None, seed=None
) -> dict[str, tuple[str, ...]]:
    """Those of these that are given, as the engine's options."""
    given = {
        "--resolution": resolution,
        "--device": DEVICES[device] if device else None,
        "--quality": quality,
        "--models": models,
        "--seed": seed,
    }
    return {option: (str(value),) for option, value in given.items() if value is not None}


def new_folder(given: str | None, name: str) -> Path:
    """Make the folder of a job, the one given or a new one in the person's home.

    Links are followed, for folders of jobs are compared everywhere.

    Raises
    ------
    UserError
        It cannot be made, or is not empty.
    """
    from ..jobs.folder import free_folder
    from ..session.quoting import quoted_path

    if given is None:
        folder = free_folder((Path.home() / "critasser").resolve(), name)
    else:
        folder = Path(given).expanduser().resolve()
        if folder.is_dir() and any(folder.iterdir()):
            raise UserError(
                f"{folder} is not empty: give another folder, or go on with a job that is in it "
                f"by: critasser resume {quoted_path(folder)}"
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: cannot make the job folder, {error.strerror}") from None
    return folder


def _inside(placed, chosen, mask, near, distance):
    """Sections of the map's grid where to build, and what is said when no voxel is; else None."""
    from ..jobs.inputs import PlacedMap, mask_planes, zone_planes

    if chosen is not None:
        from ..segments.choosing import chosen_planes

        return chosen_planes(placed, chosen, distance), chosen.summary
    if mask is not None:
        return mask_planes(placed, PlacedMap.of(mask)), f"the mask {mask}"
    if near is not None:
        planes = zone_planes(placed, near.scene_coords, distance)
        return planes, f"{distance:g} Å of those atoms"
    return None, ""


def _write_small(folder, name, placed, sequence, templates) -> dict:
    """Write all inputs but the maps, which take their time; removed when one of them is no good."""
    from ..jobs.folder import write_placement
    from ..jobs.inputs import frame, new_inputs, write_sequences, write_templates

    with new_inputs(folder) as inputs:
        files = {
            "sequence": write_sequences(inputs, sequence),
            "map": inputs / "map.mrc",
            "templates": write_templates(inputs, templates if templates is not None else ()),
        }
        write_placement(folder, name, frame(placed.data))
    return files
