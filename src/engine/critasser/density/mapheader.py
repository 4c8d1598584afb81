"""What the header of an MRC/CCP4 file says, and whether it can be believed.

Where the standard (MRC2014) leaves room, maps are placed and their values read as ChimeraX does it,
so that models lie where the person sees the map:

- the origin field rules where it is not zero, otherwise the start indices do;
- files whose names end in ``.map`` or ``.ccp4`` (then perhaps ``.gz``) are placed by their start
  indices alone, as in CCP4, and so are files without the word ``MAP``, from before 2000;
- start indices and origins too large to be meant count as zero;
- the bytes of mode 0 are signed, but unsigned in files from before 2000, where IMOD says so, and in
  files named ``.rec``;
- a label 'Chimera rotation' turns the map about its origin;
- cell angles that no cell can have count as right angles.

References
----------
MRC2014: Cheng A et al. (2015) J. Struct. Biol. 192, 146. ChimeraX: `map_data/src/mrc`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mrcfile import utils
from mrcfile.dtypes import HEADER_DTYPE
from numpy.typing import NDArray

from critasser.errors import InputError

__all__ = ["HEADER_BYTES", "MapHeader", "Turn", "parse_header"]

HEADER_BYTES = HEADER_DTYPE.itemsize

DENSITY_MODES = (0, 1, 2, 6, 12)
COMPLEX_MODES = (3, 4)
PACKED_MODE = 101
"""IMOD's two voxels a byte."""

SMALLEST_VOXEL, LARGEST_VOXEL = 0.05, 50.0
LARGEST_AXIS = 1 << 16
IMOD_STAMP = 1146047817
IMOD_SIGNED_BYTES = 1
CCP4_SUFFIXES = (".map", ".ccp4")
IMOD_SUFFIX = ".rec"
ROTATION = "Chimera rotation: "
RIGHT_ANGLE = 90.0
SLIGHT = 0.1
"""Degrees by which an angle may be off without moving a voxel of a map by more than its size."""

MEANT_STARTS = 10
"""Start indices beyond so many lengths of the map were never written on purpose."""


@dataclass(frozen=True, eq=False)
class Turn:
    """The grid of a map that is turned against the axes.

    Voxel i, j, k along x, y, z lies at ``origin + rotation @ (voxel_size * (i, j, k))``.

    Attributes
    ----------
    rotation : ndarray (3, 3) float64
    origin, voxel_size : ndarray (3,) float64
        x, y, z in Å.
    shape : tuple (nz, ny, nx)
    """

    rotation: NDArray[np.float64]
    origin: NDArray[np.float64]
    voxel_size: NDArray[np.float64]
    shape: tuple[int, int, int]

    def upright(self) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[int, int, int]]:
        """Origin, voxel size and shape of the upright grid that holds this one."""
        ends = (np.array(self.shape[::-1]) - 1) * self.voxel_size
        corners = np.array(list(np.ndindex(2, 2, 2))) * ends @ self.rotation.T + self.origin
        step = np.full(3, self.voxel_size.min())
        low, high = corners.min(axis=0), corners.max(axis=0)
        count = np.ceil((high - low) / step - 1e-6).astype(int) + 1
        return low, step, (int(count[2]), int(count[1]), int(count[0]))


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
    turn : Turn or None
        The map's own grid where it is turned; shape, origin and voxel size are then those of the
        upright grid onto which it is resampled.
    notes : tuple of str
        What the person should know of the map's frame, each in a line.
    """

    shape: tuple[int, int, int]
    origin: NDArray[np.float64]
    voxel_size: NDArray[np.float64]
    stored_shape: tuple[int, int, int]
    to_zyx: tuple[int, int, int]
    dtype: np.dtype
    extended_bytes: int
    turn: Turn | None = None
    notes: tuple[str, ...] = ()

    @property
    def data_bytes(self) -> int:
        """Size of the stored values in bytes."""
        return self.dtype.itemsize * math.prod(self.stored_shape)


def parse_header(block: bytes, path: Path) -> MapHeader:
    """Interpret the first 1024 bytes of a file.

    Parameters
    ----------
    block : bytes
        `HEADER_BYTES` bytes.
    path : Path
        For messages, and because the suffix decides how ChimeraX reads origin and bytes.

    Raises
    ------
    InputError
        This is no map, or not one that a model can be built in.
    """
    header, byte_order = _byte_ordered(block, path)
    stored_shape = (int(header["nz"]), int(header["ny"]), int(header["nx"]))
    order = _axis_order(header, path)
    to_zyx = tuple(2 - order.index(axis) for axis in (2, 1, 0))
    shape = tuple(stored_shape[axis] for axis in to_zyx)
    _check_volume(header, stored_shape, path)
    _check_cell(header, path)
    voxel_size = _voxel_size(header, path)
    origin, notes = _origin(header, order, voxel_size, shape, path)
    turn = None
    rotation = _rotation(header, path)
    if rotation is not None:
        turn = Turn(rotation, origin, voxel_size, shape)
        origin, voxel_size, shape = turn.upright()
        notes.append(f"{path.name} is turned by a label in its header; it is resampled upright")
    return MapHeader(
        shape=shape,
        origin=origin,
        voxel_size=voxel_size,
        stored_shape=stored_shape,
        to_zyx=to_zyx,
        dtype=_value_type(block, header, byte_order, path),
        extended_bytes=max(0, int(header["nsymbt"])),
        turn=turn,
        notes=tuple(notes),
    )


def _byte_ordered(block: bytes, path: Path) -> tuple[np.void, str]:
    """The header and the byte order that makes sense of it."""
    # The machine stamp is often wrong, and files from before 2000 have none: sizes tell.
    for order in "<>":
        header = np.frombuffer(block, dtype=HEADER_DTYPE.newbyteorder(order))[0]
        sizes = [int(header[name]) for name in ("nx", "ny", "nz")]
        if not all(0 < size < LARGEST_AXIS for size in sizes):
            continue
        mode = int(header["mode"])
        if mode in DENSITY_MODES:
            return header, order
        if mode in COMPLEX_MODES:
            raise InputError(
                f"{path} holds complex numbers (MRC mode {mode}), a Fourier transform rather than "
                "a density: give the map itself."
            )
        if mode == PACKED_MODE:
            raise InputError(
                f"{path} holds two voxels a byte (MRC mode {mode}): save it with one number a "
                "voxel (IMOD: newstack -mode 2)."
            )
    raise InputError(
        f"{path} is not a map: it has no MRC/CCP4 header. Save the map as .mrc, for example with "
        "ChimeraX."
    )


def _suffix(path: Path) -> str:
    """The last suffix, that of packing aside, in lower case."""
    name = Path(path.name[:-3]) if path.suffix.lower() == ".gz" else path
    return name.suffix.lower()


def _is_new(header: np.void) -> bool:
    """Whether the header has the fields of 2000, and not those of before."""
    return header["map"].ljust(4, b"\0") == b"MAP "


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
    elif utils.spacegroup_is_volume_stack(int(header["ispg"])) and header["mz"] != sections:
        what = "a stack of volumes"
    elif int(header["mz"]) == 1 or (int(header["ispg"]) == 0 and _suffix(path) == ".mrcs"):
        what = f"a stack of {sections} 2D images"
    if what:
        raise InputError(f"{path} is {what}, not one 3D map: give the reconstructed map.")


def _check_cell(header: np.void, path: Path) -> None:
    angles = np.array([header["cellb"][name] for name in ("alpha", "beta", "gamma")], dtype=float)
    possible = (
        np.isfinite(angles).all()
        and np.all((angles > 0) & (angles < 180))
        and angles.sum() < 360
        and 2 * angles.max() < angles.sum()
    )
    # Programs that know nothing of crystals leave zeros.
    if possible and not np.allclose(angles, RIGHT_ANGLE, atol=SLIGHT, rtol=0):
        told = ", ".join(f"{angle:g}" for angle in angles)
        raise InputError(
            f"{path} has cell angles of {told}°, and only right angles can be used: resample it on "
            "an orthogonal grid (ChimeraX: volume resample)."
        )


def _voxel_size(header: np.void, path: Path) -> NDArray[np.float64]:
    cell = np.array([header["cella"][name] for name in "xyz"], dtype=np.float64)
    samples = np.array([header[name] for name in ("mx", "my", "mz")], dtype=np.float64)
    remedy = "set the real one and save it again (ChimeraX: volume #1 voxelSize 1.06)."
    if not (np.isfinite(cell).all() and np.all(cell > 0) and np.all(samples > 0)):
        sides = " × ".join(f"{side:g}" for side in cell)
        counts = ", ".join(f"{count:g}" for count in samples)
        raise InputError(
            f"{path} does not give its voxel size: in its header the cell is {sides} Å and MX, MY, "
            f"MZ are {counts}: {remedy}"
        )
    voxel_size = cell / samples
    if not np.all((voxel_size >= SMALLEST_VOXEL) & (voxel_size <= LARGEST_VOXEL)):
        told = " × ".join(f"{size:g}" for size in voxel_size)
        raise InputError(f"{path} gives its voxel size as {told} Å: {remedy}")
    return voxel_size


def _origin(
    header: np.void,
    order: list[int],
    voxel_size: NDArray[np.float64],
    shape: tuple[int, ...],
    path: Path,
) -> tuple[NDArray[np.float64], list[str]]:
    """Where the first voxel is, and what to tell of that."""
    origin = np.array([header["origin"][name] for name in "xyz"], dtype=np.float64)
    # An origin in which a voxel makes no difference was never written on purpose.
    meant = bool(np.isfinite(origin).all() and np.all(origin + voxel_size != origin))
    meant = meant and bool(origin.any()) and _is_new(header)
    by_start = _suffix(path) in CCP4_SUFFIXES
    if meant and not by_start:
        return origin, []
    start = np.zeros(3)
    start[order] = [int(header[name]) for name in ("nxstart", "nystart", "nzstart")]
    samples = [int(header[name]) for name in ("mx", "my", "mz")]
    if np.any(np.abs(start) > MEANT_STARTS * max(*samples, *shape)):
        start[:] = 0
    found = start * voxel_size
    if meant and not np.allclose(found, origin, atol=voxel_size.min(), rtol=0):
        there, here = (", ".join(f"{x:.4g}" for x in at) for at in (origin, found))
        return found, [
            f"{path.name} is placed by its start indices, at {here} Å, as ChimeraX places files "
            f"named .map or .ccp4; its origin field says {there} Å: name it .mrc where that is "
            "meant"
        ]
    return found, []


def _rotation(header: np.void, path: Path) -> NDArray[np.float64] | None:
    """By which the map is turned about its origin; None where it is not."""
    found = None
    for label in np.atleast_1d(header["label"]):
        text = label.decode("latin-1").rstrip("\0 ")
        if not text.startswith(ROTATION):
            continue
        try:
            x, y, z, angle = (float(word) for word in text[len(ROTATION) :].split())
        except ValueError:
            raise InputError(
                f"{path} has a label in its header that cannot be read ({text!r}): save the map "
                "again with ChimeraX."
            ) from None
        found = _about_axis(np.array([x, y, z]), math.radians(angle))
    if found is None or not np.isfinite(found).all():
        return None
    return None if np.allclose(found, np.eye(3), atol=math.radians(SLIGHT) / 2) else found


def _about_axis(axis: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    """The rotation by an angle in radians, right-handed about an axis (Rodrigues)."""
    length = float(np.linalg.norm(axis))
    if not length:
        return np.eye(3)
    x, y, z = axis / length
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross


def _value_type(block: bytes, header: np.void, byte_order: str, path: Path) -> np.dtype:
    mode = int(header["mode"])
    dtype = utils.dtype_from_mode(mode)
    if mode == 0 and _suffix(path) not in CCP4_SUFFIXES:
        # IMOD's own words 39 and 40 say whether its bytes are signed.
        stamp, flags = np.frombuffer(block, dtype=f"{byte_order}i4", offset=152, count=2)
        if stamp == IMOD_STAMP and _is_new(header):
            unsigned = not flags & IMOD_SIGNED_BYTES
        else:
            unsigned = not _is_new(header) or _suffix(path) == IMOD_SUFFIX
        dtype = np.dtype(np.uint8) if unsigned else dtype
    return dtype.newbyteorder(byte_order)
