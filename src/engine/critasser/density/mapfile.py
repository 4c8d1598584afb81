"""Maps from and to MRC/CCP4 files."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import BinaryIO

import mrcfile
import numpy as np
from numpy.typing import NDArray

from critasser.density.grid import Grid
from critasser.density.mapheader import HEADER_BYTES, MapHeader, parse_header
from critasser.density.turning import resampled_upright
from critasser.errors import InputError
from critasser.input_files import opened
from critasser.writing import appearing

__all__ = ["MAP_SUFFIXES", "frame_text", "read_map", "read_map_header", "read_values", "write_map"]

CHUNK_BYTES = 16 << 20
MAX_EXTENDED_BYTES = 64 << 20
LABEL = "Critasser"
MAP_SUFFIXES = (".mrc", ".mrc.gz")
"""Of maps that are written."""


MOST_DENSITY = 1e30
"""In any unit that maps have; beyond are marks for voxels without a value, and what float32 cannot
square."""


def read_map(path: str | os.PathLike, max_bytes: int = 2 << 30) -> Grid:
    """Read a map: MRC or CCP4, gzipped or not, any axis order, byte order and mode of density.

    Parameters
    ----------
    path : path
    max_bytes : int
        Largest size of the values, unpacked. Larger maps are refused on the strength of their
        header, and a gzipped file is never unpacked further than its header says.

    Returns
    -------
    Grid
        In the frame in which ChimeraX shows the map; see `mapheader`.

    Raises
    ------
    InputError
        There is no such file; it is no map, cut off or damaged, too large, an image or a stack;
        its voxel size is missing or its cell not orthogonal; its values are not all finite, or
        all equal.
    """
    path = Path(path)
    values, header = read_values(path, max_bytes)
    low, high = values.min(), values.max()
    if low == high:
        what = "are 0" if low == 0 else f"have the same value, {low:g}"
        raise InputError(
            f"{path} is empty: all its voxels {what}. Give the map before it was masked or lost."
        )
    return Grid(values, header.origin, header.voxel_size)


def read_values(
    path: Path, max_bytes: int = 2 << 30
) -> tuple[NDArray[np.generic], MapHeader]:
    """Read a map's values, whatever they are of; parameters and errors as `read_map`.

    Returns
    -------
    values : ndarray (nz, ny, nx)
        Of the file's type.
    header : MapHeader
    """
    with opened(path) as stream:
        header = _read_header(stream, path)
        values = _stored_values(stream, header, path, max_bytes)
    _check_values(values, path)
    values = values.transpose(header.to_zyx)
    if header.turn is not None:
        _check_size(header.shape, 4 * int(np.prod(header.shape)), path, max_bytes)
        values = resampled_upright(values, header.turn)
    return values, header


def read_map_header(path: str | os.PathLike) -> MapHeader:
    """Read only where a map is and how large; checks and errors as `read_map`, values aside."""
    path = Path(path)
    with opened(path) as stream:
        return _read_header(stream, path)


def write_map(
    path: str | os.PathLike, grid: Grid, dtype: type[np.floating] = np.float32
) -> None:
    """Write a grid as MRC2014: x fastest, its place in the origin field.

    Parameters
    ----------
    path : path
        Ends in ``.mrc``, or ``.mrc.gz`` for a packed file; appears whole, by atomic rename.
        (Readers of ``.map`` and ``.ccp4`` files do not look at the origin field.)
    grid : Grid
    dtype : numpy.float32 or numpy.float16
        Of the values; half the bytes hold values of up to 65,504 with a relative error of 2⁻¹¹.
    """
    path = Path(path)
    if not path.name.endswith(MAP_SUFFIXES):
        raise ValueError(f"maps are written as {' or '.join(MAP_SUFFIXES)}, not {path.name}")
    packing = "gzip" if path.suffix == ".gz" else None
    with (
        appearing(path) as temporary,
        mrcfile.new(temporary, overwrite=True, compression=packing) as mrc,
    ):
        mrc.set_data(grid.values.astype(dtype))
        mrc.set_volume()
        # mrcfile puts the time here, and equal maps would be unequal files.
        mrc.header.label[0] = LABEL
        mrc.header.nlabl = 1
        mrc.voxel_size = tuple(grid.voxel_size)
        mrc.header.origin = tuple(grid.origin)


def _read_header(stream: BinaryIO, path: Path) -> MapHeader:
    block = stream.read(HEADER_BYTES)
    if len(block) < HEADER_BYTES:
        raise InputError(
            f"{path} is not a map: its {len(block)} bytes are less than a map's header. Save the "
            "map as .mrc, for example with ChimeraX."
        )
    return parse_header(block, path)


def _check_size(shape: tuple[int, ...], size: int, path: Path, max_bytes: int) -> None:
    if size > max_bytes:
        told = " × ".join(str(length) for length in shape[::-1])
        raise InputError(
            f"{path} is too large: {told} voxels are {size / 2**30:.3g} GB, more than the "
            f"{max_bytes / 2**30:.3g} GB allowed. Cut out the molecule (ChimeraX: volume #1 "
            "subregion …) or bin the map."
        )


def _stored_values(
    stream: BinaryIO, header: MapHeader, path: Path, max_bytes: int
) -> NDArray[np.generic]:
    """Values as stored: sections, rows, columns."""
    _check_size(header.stored_shape, header.data_bytes, path, max_bytes)
    skipped = _skip_extended_header(stream, header, path)
    # Memory that is never written to costs nothing, so a header that lies does no harm.
    values = np.empty(header.stored_shape, dtype=header.dtype)
    target = memoryview(values.reshape(-1).view(np.uint8))
    done = 0
    while done < len(target):
        count = stream.readinto(target[done : done + CHUNK_BYTES])
        if not count:
            break
        done += count
    if done == len(target):
        return values
    if skipped and done + len(skipped) == len(target):
        # Packed, old EMDB entries show only here that the operators are not there.
        whole = skipped + bytes(target[:done])
        return np.frombuffer(whole, dtype=header.dtype).reshape(header.stored_shape)
    raise InputError(
        f"{path} is cut off: {done:,} of the {header.data_bytes:,} bytes that its header "
        "promises are there. Copy or download it again."
    )


def _skip_extended_header(stream: BinaryIO, header: MapHeader, path: Path) -> bytes:
    """Read on to the values; of a packed file also what was read over."""
    length = header.extended_bytes
    packed = isinstance(stream, gzip.GzipFile)
    if not packed:
        # Some old EMDB entries announce symmetry operators that they do not have.
        size = os.fstat(stream.fileno()).st_size
        if length and size == HEADER_BYTES + header.data_bytes:
            return b""
    if length > MAX_EXTENDED_BYTES:
        raise InputError(
            f"{path} is damaged: its header announces an extended header of {length:,} bytes. Copy "
            "or download it again."
        )
    skipped = bytearray()
    while length > 0:
        block = stream.read(min(length, CHUNK_BYTES))
        if not block:
            raise InputError(
                f"{path} is cut off within its extended header: copy or download it again."
            )
        length -= len(block)
        if packed:
            skipped += block
    return bytes(skipped)


def _check_values(values: NDArray[np.generic], path: Path) -> None:
    if values.dtype.kind != "f":
        return
    # Section by section: a Boolean array of a large map is a quarter of the map's memory.
    bad = sum(int(np.count_nonzero(~np.isfinite(section))) for section in values)
    if bad:
        raise InputError(
            f"{path} has {bad:,} of {values.size:,} voxels that are not numbers (NaN or "
            "infinite): make the map again, or replace them by 0."
        )
    huge = 0
    if values.dtype.itemsize > 2:
        limit = values.dtype.type(MOST_DENSITY)
        huge = sum(int(np.count_nonzero(np.abs(section) > limit)) for section in values)
    if huge:
        raise InputError(
            f"{path} has {huge:,} of {values.size:,} voxels beyond ±{MOST_DENSITY:.0e}, which no "
            "density is: replace them by 0, or bring the map to another scale (ChimeraX: volume "
            "scale #1 factor 1e-30)."
        )


def frame_text(grid: Grid | MapHeader) -> str:
    """Size, voxel size and origin of a grid, for a message."""
    size = " × ".join(str(length) for length in grid.shape[::-1])
    voxel = " × ".join(f"{length:.4g}" for length in grid.voxel_size)
    origin = ", ".join(f"{x:.4g}" for x in grid.origin)
    return f"{size} voxels of {voxel} Å from {origin}"
