"""Inputs that a job is given anew, when it is gone on with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from chimerax.core.errors import UserError

from ..jobs.contacts import read_contacts, write_contacts
from ..jobs.folder import INPUTS
from ..jobs.half_maps import half_map_files, placed_halves, size_of_map
from ..jobs.inputs import PlacedMap, write_map, write_mask, write_sequences
from ..jobs.library import copy_library
from ..jobs.predicted_error import copy_pae
from ..jobs.request import map_of_job
from ..models.job_map import copy_in_folder, map_of
from ..session.messages import open_words
from ..session.quoting import command_text
from .region import Region

__all__ = ["files_anew", "maps_anew", "new_place"]


def new_place(folder: Path) -> Path:
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


def files_anew(folder: Path, request, sequence, templates, pae, library, contacts) -> tuple:
    """Files for changed sequences, templates, folds or contacts, beside those of the runs before.

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
    known = None if contacts is None else read_contacts(contacts)
    place = new_place(folder)
    try:
        if sequence is not None:
            path = str(write_sequences(place, sequence))
            if built:
                inputs = (density, path)
            else:
                options["--sequence"] = (path,)
        if templates is not None:
            options["--templates"] = tuple(map(str, templates.write(place)))
        if pae is not None:
            options["--pae"] = tuple(map(str, copy_pae(place, pae)))
        if library is not None:
            options["--library"] = (str(copy_library(place, library)),)
        if known is not None:
            options["--contacts"] = (str(write_contacts(place, known)),)
    except OSError as error:
        raise UserError(f"{place}: cannot write there, {error.strerror}") from error
    return inputs, options


def maps_anew(
    session, folder: Path, half_maps, region: Region
) -> tuple[dict[str, tuple[str, ...]], Callable[[], None] | None]:
    """Half maps and a region that are given anew.

    Returns
    -------
    dict of str to tuple of str
        Options that name their files.
    function or None
        Writes them, which takes its time, in any thread; None where neither is given.

    Raises
    ------
    UserError
        They are no half maps, or no region, of the job's map.
    """
    options, writes = {}, []
    for given, made in (
        (half_maps is not None, lambda: _halves_anew(session, folder, half_maps)),
        (region.given, lambda: _region_anew(session, folder, region)),
    ):
        if given:
            option, write = made()
            options.update(option)
            writes.append(write)

    def write_all() -> None:
        for write in writes:
            write()

    return options, write_all if writes else None


def _region_anew(
    session, folder: Path, region: Region
) -> tuple[dict[str, tuple[str, ...]], Callable[[], None]]:
    """The option that names another mask, and what writes it."""
    volume = map_of(session, folder)
    if volume is None:
        shown = command_text(*open_words(folder))
        raise UserError(f"the map of the job is not open, to choose a part of it: {shown}")
    path = copy_in_folder(folder)
    size = None if path is None else size_of_map(path)
    if size is not None and tuple(volume.data.size) != size:
        raise UserError(f"{volume} has other voxels than the map that the job was given")
    region.look_up(volume)
    placed = PlacedMap.of(volume)
    planes, where = region.planes(placed)
    file = new_place(folder) / "mask.mrc"

    def write() -> None:
        try:
            write_mask(file, placed, planes, where)
        except OSError as error:
            raise UserError(f"{file}: cannot write there, {error.strerror}") from error

    return {"--mask": (str(file),)}, write


def _halves_anew(
    session, folder: Path, half_maps
) -> tuple[dict[str, tuple[str, ...]], Callable[[], None]]:
    """Half maps that are given anew.

    Returns
    -------
    dict of str to tuple of str
        The option that names their files.
    function
        Writes them, which takes its time, in any thread.

    Raises
    ------
    UserError
        They are no half maps of the job's map.
    """
    path = copy_in_folder(folder)  # a map that we have not written may have other axes
    size = None if path is None else size_of_map(path)
    halves = placed_halves(half_maps, size, map_of(session, folder))
    files = half_map_files(new_place(folder), halves)

    def write() -> None:
        for file, half in zip(files, halves):
            try:
                write_map(file, half)
            except OSError as error:
                raise UserError(f"{file}: cannot write there, {error.strerror}") from error

    return {"--half-maps": tuple(map(str, files))}, write
