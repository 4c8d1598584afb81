"""What the header of an MRC/CCP4 file says, and whether it can be believed.

Where the standard (MRC2014) leaves room, maps are placed as ChimeraX places them, so that models
lie where the person sees the map:

- the origin field rules where it is not zero, otherwise the start indices do;
- files named ``.map`` or ``.ccp4`` are placed by their start indices alone, as in CCP4;
- start indices and origins too large to be meant count as zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mrcfile import utils
from mrcfile.dtypes import HEADER_DTYPE
from numpy.typing import NDArray

from critasser.errors import InputError

__all__ = ["HEADER_BYTES", "MapHeader", "parse_header"]

HEADER_BYTES = HEADER_DTYPE.itemsize

DENSITY_MODES = (0, 1, 2, 6, 12)
COMPLEX_MODES = (3, 4)
SMALLEST_VOXEL, LARGEST_VOXEL = 0.05, 50.0
LARGEST_AXIS = 1 << 16
IMOD_STAMP = 1146047817
IMOD_SIGNED_BYTES = 1


@dataclass(frozen=True, eq=False)
class MapHeader:
    """A map's frame and how its values are stored.

    Attributes
    ----------
    shape : tuple (nz, ny, nx)
        Number of voxels along z, y, x.
    origin, voxel_size : ndarray (3,) float64
        As in `Grid`, x, y, z in Å.
    stored_shape : tuple
        Sections, rows, columns: slowest axis first, as in the file.
    to_zyx : tuple
        Transposes stored values to z, y, x.
    dtype : dtype
        Of the stored values, with their byte order.
    extended_bytes : int
        Length of the extended header.
    """

    shape: tuple[int, int, int]
    origin: NDArray[np.float64]
    voxel_size: NDArray[np.float64]
    stored_shape: tuple[int, int, int]
    to_zyx: tuple[int, int, int]
    dtype: np.dtype
    extended_bytes: int

    @property
    def data_bytes(self) -> int:
        """Size of the stored values in bytes."""
        size = self.dtype.itemsize
        for length in self.stored_shape:
            size *= length
        return size


def parse_header(block: bytes, path: Path) -> MapHeader:
    """Interpret the first 1024 bytes of a file.

    Parameters
    ----------
    block : bytes
        `HEADER_BYTES` bytes.
    path : Path
        For messages, and because the suffix decides how ChimeraX reads the origin.

    Raises
    ------
    InputError
        This is no map, or not one that a model can be built in.
    """
    found = _byte_ordered(block)
    if found is None:
        raise InputError(
            f"{path} is not a map: it has no MRC/CCP4 header. Save the map as .mrc, for example "
            "with ChimeraX."
        )
    header, byte_order = found
    mode = int(header["mode"])
    if mode in COMPLEX_MODES:
        raise InputError(
            f"{path} holds complex numbers (MRC mode {mode}), a Fourier transform rather than a "
            "density: give the map itself."
        )
    stored_shape = (int(header["nz"]), int(header["ny"]), int(header["nx"]))
    order = _axis_order(header, path)
    to_zyx = tuple(2 - order.index(axis) for axis in (2, 1, 0))
    shape = tuple(stored_shape[axis] for axis in to_zyx)
    _check_volume(header, stored_shape, path)
    _check_cell(header, path)
    voxel_size = _voxel_size(header, path)
    return MapHeader(
        shape=shape,
        origin=_origin(header, order, voxel_size, shape, path),
        voxel_size=voxel_size,
        stored_shape=stored_shape,
        to_zyx=to_zyx,
        dtype=_value_type(block, mode, byte_order),
        extended_bytes=max(0, int(header["nsymbt"])),
    )


def _byte_ordered(block: bytes) -> tuple[np.void, str] | None:
    """The header and the byte order that makes sense of it; None if neither does."""
    raw = np.frombuffer(block, dtype=HEADER_DTYPE.newbyteorder("<"))[0]
    try:
        stamped = utils.byte_order_from_machine_stamp(raw["machst"])
    except ValueError:
        stamped = "<"
    # The machine stamp is often wrong, and files from before 2000 have none.
    for order in (stamped, ">" if stamped == "<" else "<"):
        header = np.frombuffer(block, dtype=HEADER_DTYPE.newbyteorder(order))[0]
        sizes = [int(header[name]) for name in ("nx", "ny", "nz")]
        known = int(header["mode"]) in (*DENSITY_MODES, *COMPLEX_MODES)
        if known and all(0 < size < LARGEST_AXIS for size in sizes):
            return header, order
    return None


def _axis_order(header: np.void, path: Path) -> list[int]:
    """For columns, rows, sections: which of x (0), y (1), z (2) each runs along."""
    order = [int(header[name]) for name in ("mapc", "mapr", "maps")]
    if order == [0, 0, 0]:
        order = [1, 2, 3]
    if sorted(order) != [1, 2, 3]:
        raise InputError(
            f"{path} has the axis order {order} in its header, which is no order of 1, 2, 3: save "
            "it again with ChimeraX."
        )
    return [axis - 1 for axis in order]


def _check_volume(header: np.void, stored_shape: tuple[int, int, int], path: Path) -> None:
    sections, rows, columns = stored_shape
    what = None
    if min(stored_shape) == 1:
        what = f"a 2D image ({columns} × {rows} × {sections})"
    elif utils.spacegroup_is_volume_stack(int(header["ispg"])):
        what = "a stack of volumes"
    elif int(header["mz"]) == 1 or (int(header["ispg"]) == 0 and ".mrcs" in path.suffixes):
        what = f"a stack of {sections} 2D images"
    if what:
        raise InputError(f"{path} is {what}, not one 3D map: give the reconstructed map.")


def _check_cell(header: np.void, path: Path) -> None:
    angles = np.array([header["cellb"][name] for name in ("alpha", "beta", "gamma")], dtype=float)
    # Programs that know nothing of crystals leave zeros.
    if np.isfinite(angles).all() and angles.any() and not np.allclose(angles, 90.0, atol=0.1):
        told = ", ".join(f"{angle:g}" for angle in angles)
        raise InputError(
            f"{path} has cell angles of {told}°, and only right angles can be used: resample it on "
            "an orthogonal grid (ChimeraX: volume resample)."
        )


def _voxel_size(header: np.void, path: Path) -> NDArray[np.float64]:
    cell = np.array([header["cella"][name] for name in "xyz"], dtype=np.float64)
    samples = np.array([header[name] for name in ("mx", "my", "mz")], dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        voxel_size = cell / samples
    if not np.all((voxel_size >= SMALLEST_VOXEL) & (voxel_size <= LARGEST_VOXEL)):
        told = " × ".join(f"{size:g}" for size in np.nan_to_num(voxel_size))
        raise InputError(
            f"{path} gives its voxel size as {told} Å: set the real one and save it again "
            "(ChimeraX: volume #1 voxelSize 1.06)."
        )
    return voxel_size


def _origin(
    header: np.void,
    order: list[int],
    voxel_size: NDArray[np.float64],
    shape: tuple[int, ...],
    path: Path,
) -> NDArray[np.float64]:
    origin = np.array([header["origin"][name] for name in "xyz"], dtype=np.float64)
    by_name = {suffix.lower() for suffix in path.suffixes}
    has_field = bytes(header["map"])[:3] == b"MAP" and not by_name & {".map", ".ccp4"}
    # An origin in which a voxel is below float32's last digit was never written on purpose.
    meant = np.isfinite(origin).all() and np.all(np.abs(origin) < voxel_size * 2**24)
    if has_field and origin.any() and meant:
        return origin
    start = np.zeros(3)
    start[order] = [int(header[name]) for name in ("nxstart", "nystart", "nzstart")]
    samples = [int(header[name]) for name in ("mx", "my", "mz")]
    if np.any(np.abs(start) > 10 * max(*samples, *shape)):
        return np.zeros(3)
    return start * voxel_size


def _value_type(block: bytes, mode: int, byte_order: str) -> np.dtype:
    dtype = utils.dtype_from_mode(mode)
    # IMOD's own words 39 and 40 say whether its bytes are signed; MRC2014 takes them as signed.
    stamp, flags = np.frombuffer(block, dtype=f"{byte_order}i4", offset=152, count=2)
    if mode == 0 and stamp == IMOD_STAMP and not flags & IMOD_SIGNED_BYTES:
        dtype = np.dtype(np.uint8)
    return dtype.newbyteorder(byte_order)
