"""Write the input files of a build: map, mask, sequences, templates.

The engine is given the whole map at full resolution, whatever part or step is displayed, in the
map's own coordinates but for a rotation of its grid, which an MRC file cannot hold: `frame` leads
from the engine's coordinates back to the map's.

Maps and masks are large, and are written while ChimeraX is being worked with: all that is written
is taken as it was and where it was when it was asked for (`PlacedMap`).
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from chimerax.core.errors import UserError

from ..engine.critasser.fasta_text import decoded
from ..session.files import read_regular
from ..session.quoting import one_line
from .folder import INPUTS
from .known_files import numbered_name
from .map_file import write_mrc
from .sequences import Entry, complaints, fasta_text, not_built, read_sequences, residue_count

__all__ = [
    "PlacedMap",
    "check_grid",
    "check_sequences",
    "frame",
    "grid_positions",
    "job_name",
    "mask_planes",
    "nearest_planes",
    "new_inputs",
    "nothing_left",
    "residues_in",
    "write_map",
    "write_mask",
    "write_sequences",
    "write_templates",
    "zone_planes",
]

_LARGEST = 2 << 30
"""Bytes of the largest map that the engine reads."""

_INSIDE = 0.5
"""Value from which on a voxel of a mask is inside, as the engine has it."""


_LARGEST_FASTA, _HEAD = 1 << 20, 1 << 10
"""Bytes of a file of sequences, and of its beginning, which tells its format."""


@dataclass(frozen=True)
class PlacedMap:
    """A map as it is now and where it lies now, whatever becomes of its model.

    Attributes
    ----------
    name : str
        For people.
    data : chimerax.map_data.GridData
    to_scene : chimerax.geometry.Place
    """

    name: str
    data: Any
    to_scene: Any

    @classmethod
    def of(cls, volume) -> PlacedMap:
        """Of a chimerax.map.Volume."""
        return cls(str(volume), volume.data, volume.scene_position)


@contextlib.contextmanager
def new_inputs(folder: Path) -> Iterator[Path]:
    """The place for the inputs of a new job; what is written there is removed after an error.

    Raises
    ------
    UserError
        It cannot be written to.
    """
    with nothing_left(folder):
        inputs = folder / INPUTS
        inputs.mkdir()
        yield inputs


@contextlib.contextmanager
def nothing_left(folder: Path) -> Iterator[None]:
    """Remove the inputs of a job that has not begun, and its folder, after an error.

    Raises
    ------
    UserError
        In the place of an OSError.
    """
    try:
        yield
    except BaseException as error:
        shutil.rmtree(folder / INPUTS, ignore_errors=True)
        with contextlib.suppress(OSError):  # the person's, if there is something in it
            folder.rmdir()
        if isinstance(error, OSError):
            raise UserError(f"{folder}: cannot write there, {error.strerror}") from error
        raise


def job_name(text: str) -> str:
    """A name for folder and models from that of a map: letters, digits, dot, dash, underscore."""
    stem = re.sub(r"\.(gz|bz2)$", "", text, flags=re.IGNORECASE)
    stem = re.sub(r"\.(mrc|map|ccp4|mrcs|rec)$", "", stem, flags=re.IGNORECASE)
    return re.sub(r"[^\w.-]+", "_", stem).strip("._") or "map"


def check_grid(volume) -> None:
    """Refuse what the engine cannot read, before anything is written.

    Raises
    ------
    UserError
        Skewed axes, or too large.
    """
    data = volume.data
    if any(abs(angle - 90.0) > 1e-3 for angle in data.cell_angles):
        angles = ", ".join(f"{angle:g}" for angle in data.cell_angles)
        raise UserError(
            f"{volume} has skewed axes ({angles} degrees): resample it on a right-angled grid "
            "first, with: volume resample"
        )
    size = 4 * int(np.prod([int(n) for n in data.size], dtype=np.int64))
    if size > _LARGEST:
        raise UserError(
            f"{volume} has {size / 2**30:.1f} GiB of density, {_LARGEST / 2**30:.0f} GiB is most: "
            "crop it to the molecule first, with: volume #N region … and volume copy"
        )


def check_sequences(sequence: Path | Sequence, *, protein: bool = False) -> None:
    """Refuse what is no protein, before a job is made or waits for its turn.

    Parameters
    ----------
    sequence : Path or sequence of chimerax.atomic.Sequence
    protein : bool
        Take sequences of A, C, G and T for protein.

    Raises
    ------
    UserError
        Which sequence, what is wrong, and the remedy.
    """
    found = _entries(sequence)
    for one, wrong in zip(found, complaints(found, protein=protein)):
        if wrong:
            raise UserError(f"{one.name or 'sequence'}: {wrong}")


def residues_in(sequence: Path | Sequence, *, protein: bool = False) -> int:
    """Residues that are built, of all chains of sequences that `check_sequences` has passed."""
    entries = _entries(sequence)
    left_out = not_built(entries, protein=protein)
    return residue_count(one for one, left in zip(entries, left_out) if not left)


def _entries(sequence: Path | Sequence) -> list[Entry]:
    """A file's sequences, or those of ChimeraX.

    Raises
    ------
    UserError
        The file cannot be read, or holds none.
    """
    if not isinstance(sequence, Path):
        return [Entry(one.name, _letters(one)) for one in sequence]
    try:
        return read_sequences(sequence)
    except ValueError as error:
        raise UserError(str(error)) from None


def _letters(sequence) -> str:
    return sequence.ungapped() if hasattr(sequence, "ungapped") else sequence.characters


def frame(data, at: Sequence[float] | None = None) -> list[list[float]]:
    """From the written map's coordinates to those of the map: the rotation of its grid.

    Parameters
    ----------
    data : chimerax.map_data.GridData
    at : three floats, optional
        Where the written map begins, in Å; unless given where the map does.

    Returns
    -------
    list of 3 lists of 4 floats
    """
    rotation = np.array(data.rotation, dtype=np.float64)
    origin = np.array(data.origin, dtype=np.float64)
    begins = origin if at is None else np.asarray(at, dtype=np.float64)
    return np.column_stack([rotation, origin - rotation @ begins]).tolist()


def write_map(path: Path, placed: PlacedMap, at: Sequence[float] | None = None) -> None:
    """Write a whole map, its first voxel where it is or at a place of its own.

    Raises
    ------
    UserError
        Its values are all the same, or not all numbers.
    """
    data = placed.data
    origin = data.origin if at is None else at
    lowest, highest = write_mrc(path, _sections(data), data.size, origin, data.step)
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise UserError(f"{placed.name} has values that are not numbers")
    if lowest == highest:
        raise UserError(
            f"{placed.name} has the same value everywhere, {lowest:g}: there is no density"
        )


def _sections(data) -> Iterator[np.ndarray]:
    """One by one, since reading a whole file holds up all that others do."""
    nx, ny, nz = data.size
    return (data.matrix((0, 0, z), (nx, ny, 1))[0] for z in range(nz))


def write_mask(path: Path, placed: PlacedMap, planes: Iterator[np.ndarray], what: str) -> None:
    """Write where to build, 1 inside and 0 outside, on the map's own grid.

    Parameters
    ----------
    path : Path
    placed : PlacedMap
        The map.
    planes : iterator of ndarray (ny, nx) of bool
    what : str
        Said in the error.

    Raises
    ------
    UserError
        No voxel is inside.
    """
    data = placed.data
    _, highest = write_mrc(
        path, (plane.astype(np.float32) for plane in planes), data.size, data.origin, data.step
    )
    if not highest:
        raise UserError(f"no voxel of {placed.name} is inside {what}")


def mask_planes(placed: PlacedMap, mask: PlacedMap) -> Iterator[np.ndarray]:
    """Sections of a map's grid that lie where another map is 0.5 or more.

    Works for masks of 0 and 1 and for maps of regions' numbers, on any grid and wherever both
    have been moved to: the nearest voxel counts.
    """
    grid = mask.to_scene * mask.data.ijk_to_xyz_transform
    values = np.stack(list(_sections(mask.data)))
    for nearest in nearest_planes(placed, values, grid.inverse() * placed.to_scene):
        yield nearest >= _INSIDE


def nearest_planes(placed: PlacedMap, values: np.ndarray, into) -> Iterator[np.ndarray]:
    """Sections of a map's grid with the values of the nearest voxels of another one; 0 outside.

    Parameters
    ----------
    placed : PlacedMap
    values : ndarray (nz, ny, nx)
    into : chimerax.geometry.Place
        From the map's coordinates to the other's voxels (x, y, z).
    """
    size = np.array(values.shape[::-1])
    for points, shape in grid_positions(placed.data):
        ijk = np.rint(into * points).astype(np.int64)
        within = ((ijk >= 0) & (ijk < size)).all(axis=1)
        i, j, k = np.where(within[:, None], ijk, 0).T
        yield np.where(within, values[k, j, i], 0).reshape(shape)


def zone_planes(placed: PlacedMap, scene_points: np.ndarray, distance: float):
    """Sections of a map's grid within a distance of points.

    Parameters
    ----------
    placed : PlacedMap
    scene_points : ndarray (n, 3)
        Å, scene coordinates.
    distance : float
        Å.

    Yields
    ------
    ndarray (ny, nx) of bool
    """
    from scipy.spatial import cKDTree

    data = placed.data
    points = placed.to_scene.inverse() * np.asarray(scene_points, dtype=np.float64)
    near = cKDTree(points)
    # Only the box that can hold such voxels is looked through.
    reach = distance / np.array(data.step)
    index = data.xyz_to_ijk(points)
    size = np.array(data.size)
    low = np.clip(np.floor(index.min(axis=0) - reach), 0, size).astype(int)
    high = np.clip(np.ceil(index.max(axis=0) + reach) + 1, low, size).astype(int)
    columns = np.mgrid[low[1] : high[1], low[0] : high[0]].reshape(2, -1)[::-1].T
    for z in range(data.size[2]):
        plane = np.zeros((data.size[1], data.size[0]), dtype=bool)
        if low[2] <= z < high[2]:
            voxels = np.column_stack([columns, np.full(len(columns), z)]).astype(np.float32)
            found, _ = near.query(data.ijk_to_xyz(voxels), distance_upper_bound=distance)
            inside = (found <= distance).reshape(high[1] - low[1], high[0] - low[0])
            plane[low[1] : high[1], low[0] : high[0]] = inside
        yield plane


def grid_positions(data) -> Iterator[tuple[np.ndarray, tuple[int, int]]]:
    """Positions (ny nx, 3) of a grid's voxels in the map's coordinates, section by section, and the
    section's shape."""
    nx, ny, nz = data.size
    y, x = np.mgrid[0:ny, 0:nx]
    index = np.stack([x.ravel(), y.ravel(), np.zeros(nx * ny)], axis=1).astype(np.float32)
    for z in range(nz):
        index[:, 2] = z
        yield data.ijk_to_xyz(index), (ny, nx)


def write_sequences(folder: Path, sequence: Path | Sequence) -> Path:
    """Copy a FASTA file, or write sequences to one.

    Parameters
    ----------
    folder : Path
    sequence : Path or sequence of chimerax.atomic.Sequence
        Chains of models are sequences too.

    Returns
    -------
    Path
    """
    path = folder / "sequence.fasta"
    if isinstance(sequence, Path):
        head = read_regular(sequence, _LARGEST_FASTA)[:_HEAD]
        if (decoded(head[: len(head) // 2 * 2]) or "").lstrip().startswith((">", ";")):
            shutil.copyfile(sequence, path)
        else:  # letters alone, or GenPept, which the engine does not read
            path.write_text(fasta_text(read_sequences(sequence)), encoding="utf-8")
        return path
    records = []
    for number, one in enumerate(sequence, start=1):
        letters = _letters(one)
        structure = getattr(one, "structure", None)
        name = f"{structure.name} chain {one.chain_id}" if structure is not None else one.name
        records.append(f">{one_line(name or f'sequence {number}')}\n{letters}\n")
    path.write_text("".join(records), encoding="utf-8")
    return path


def write_templates(folder: Path, structures: Sequence, *, first: int = 1) -> list[Path]:
    """Write models as mmCIF, where the engine may read them, numbered from `first` and named."""
    from chimerax.core.logger import StringPlainTextLog
    from chimerax.mmcif.mmcif_write import write_mmcif

    paths = []
    for number, structure in enumerate(structures, start=first):
        path = folder / numbered_name("template", number, structure.name or "", ".cif")
        # Not by the command, which would put each into the menu of recent files; and what is said
        # of tables that the file lacks means nothing to the engine, nor to the person.
        with StringPlainTextLog(structure.session.logger):
            write_mmcif(structure.session, str(path), models=[structure])
        paths.append(path)
    return paths
