"""Maps from and to MRC/CCP4 files."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import mrcfile
import numpy as np
from numpy.typing import NDArray

from critasser.density.grid import Grid
from critasser.density.mapheader import HEADER_BYTES, MapHeader, parse_header
from critasser.errors import InputError
from critasser.writing import appearing

__all__ = ["read_map", "read_map_header", "read_mask", "write_map"]

GZIP_MAGIC = b"\x1f\x8b"
CHUNK_BYTES = 16 << 20
MAX_EXTENDED_BYTES = 64 << 20
LABEL = "Critasser"


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
    with _opened(path) as stream:
        header = _read_header(stream, path)
        return _grid(_read_values(stream, header, path, max_bytes), header, path)


def read_map_header(path: str | os.PathLike) -> MapHeader:
    """Read only where a map is and how large; checks and errors as `read_map`, values aside."""
    path = Path(path)
    with _opened(path) as stream:
        return _read_header(stream, path)


def read_mask(path: str | os.PathLike, like: Grid, max_bytes: int = 2 << 30) -> NDArray[np.bool_]:
    """Read which voxels of a map belong to the molecule.

    Parameters
    ----------
    path : path
        A mask (values 0 … 1, also soft: 0.5 divides) or a segmented map (above 0 is inside).
    like : Grid
        The map that it is a mask of.

    Returns
    -------
    ndarray (nz, ny, nx) bool

    Raises
    ------
    InputError
        As for `read_map`; the mask is on another grid than the map, or empty.
    """
    path = Path(path)
    with _opened(path) as stream:
        header = _read_header(stream, path)
        if not like.same_frame(header):
            raise InputError(
                f"The mask {path} is on another grid than the map ({_told(header)}; the map: "
                f"{_told(like)}): put it on the map's grid (ChimeraX: volume resample #mask onGrid "
                "#map)."
            )
        values = _read_values(stream, header, path, max_bytes)
    _check_finite(values, path)
    soft = values.min() >= 0 and 0.99 <= values.max() <= 1.01
    inside = np.ascontiguousarray(values.transpose(header.to_zyx) > (0.5 if soft else 0))
    if not inside.any():
        raise InputError(f"The mask {path} is empty: no voxel is above 0.")
    return inside


def write_map(path: str | os.PathLike, grid: Grid) -> None:
    """Write a grid as MRC2014: float32, x fastest, its place in the origin field.

    Parameters
    ----------
    path : path
        Ends in ``.mrc``; appears whole, by atomic rename. (Readers of ``.map`` and ``.ccp4``
        files do not look at the origin field.)
    grid : Grid
    """
    path = Path(path)
    if path.suffix != ".mrc":
        raise ValueError(f"maps are written as .mrc, not {path.name}")
    with appearing(path) as temporary, mrcfile.new(temporary, overwrite=True) as mrc:
        mrc.set_data(grid.values)
        mrc.set_volume()
        # mrcfile puts the time here, and equal maps would be unequal files.
        mrc.header.label[0] = LABEL
        mrc.header.nlabl = 1
        mrc.voxel_size = tuple(grid.voxel_size)
        mrc.header.origin = tuple(grid.origin)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The file's bytes, unpacked where gzipped; InputError for whatever the file does to us."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == GZIP_MAGIC
            file.seek(0)
            if packed:
                with gzip.open(file) as unpacked:
                    yield unpacked
            else:
                yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            f"{path} is cut off or damaged ({error}): copy or download it again."
        ) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None


def _read_header(stream: BinaryIO, path: Path) -> MapHeader:
    block = stream.read(HEADER_BYTES)
    if len(block) < HEADER_BYTES:
        raise InputError(
            f"{path} is not a map: its {len(block)} bytes are less than a map's header. Save the "
            "map as .mrc, for example with ChimeraX."
        )
    return parse_header(block, path)


def _read_values(
    stream: BinaryIO, header: MapHeader, path: Path, max_bytes: int
) -> NDArray[np.generic]:
    """Values as stored: sections, rows, columns."""
    if header.data_bytes > max_bytes:
        size = " × ".join(str(length) for length in header.shape[::-1])
        raise InputError(
            f"{path} is too large: {size} voxels are {header.data_bytes / 2**30:.3g} GB, more than "
            f"the {max_bytes / 2**30:.3g} GB allowed. Cut out the molecule (ChimeraX: volume #1 "
            "subregion …) or bin the map."
        )
    _skip_extended_header(stream, header, path)
    # Memory that is never written to costs nothing, so a header that lies does no harm.
    values = np.empty(header.stored_shape, dtype=header.dtype)
    target = memoryview(values.reshape(-1).view(np.uint8))
    done = 0
    while done < len(target):
        count = stream.readinto(target[done : done + CHUNK_BYTES])
        if not count:
            raise InputError(
                f"{path} is cut off: {done:,} of the {header.data_bytes:,} bytes that its header "
                "promises are there. Copy or download it again."
            )
        done += count
    return values


def _skip_extended_header(stream: BinaryIO, header: MapHeader, path: Path) -> None:
    length = header.extended_bytes
    if not isinstance(stream, gzip.GzipFile):
        # Some old EMDB entries announce symmetry operators that they do not have.
        size = os.fstat(stream.fileno()).st_size
        if length and size == HEADER_BYTES + header.data_bytes:
            length = 0
    if length > MAX_EXTENDED_BYTES:
        raise InputError(
            f"{path} is damaged: its header announces an extended header of {length:,} bytes. Copy "
            "or download it again."
        )
    while length > 0:
        block = stream.read(min(length, CHUNK_BYTES))
        if not block:
            raise InputError(
                f"{path} is cut off within its extended header: copy or download it again."
            )
        length -= len(block)


def _grid(values: NDArray[np.generic], header: MapHeader, path: Path) -> Grid:
    _check_finite(values, path)
    low, high = values.min(), values.max()
    if low == high:
        what = "are 0" if low == 0 else f"have the same value, {low:g}"
        raise InputError(
            f"{path} is empty: all its voxels {what}. Give the map before it was masked or lost."
        )
    return Grid(values.transpose(header.to_zyx), header.origin, header.voxel_size)


def _check_finite(values: NDArray[np.generic], path: Path) -> None:
    if values.dtype.kind != "f":
        return
    # Section by section: a Boolean array of a large map is a quarter of the map's memory.
    bad = sum(int(np.count_nonzero(~np.isfinite(section))) for section in values)
    if bad:
        raise InputError(
            f"{path} has {bad:,} of {values.size:,} voxels that are not numbers (NaN or "
            "infinite): make the map again, or replace them by 0."
        )


def _told(grid: Grid | MapHeader) -> str:
    size = " × ".join(str(length) for length in grid.shape[::-1])
    voxel = " × ".join(f"{length:.4g}" for length in grid.voxel_size)
    origin = ", ".join(f"{x:.4g}" for x in grid.origin)
    return f"{size} voxels of {voxel} Å from {origin}"
