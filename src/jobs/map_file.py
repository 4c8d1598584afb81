"""Write maps as MRC files for the engine."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

__all__ = ["write_mrc"]


def write_mrc(
    path: Path,
    planes: Iterable[np.ndarray],
    size: Sequence[int],
    origin: Sequence[float],
    voxel_size: Sequence[float],
) -> tuple[float, float]:
    """Write an MRC2014 file of 32-bit numbers, axes in the order x y z, section by section.

    Parameters
    ----------
    path : Path
        Appears whole, by atomic rename.
    planes : iterable of ndarray (ny, nx)
        The sections z = 0, 1, …
    size : three ints
        nx, ny, nz.
    origin : three floats
        Å; centre of the first voxel, in the header's origin field.
    voxel_size : three floats
        Å.

    Returns
    -------
    tuple of float
        Least and greatest value written; NaN where the map has such.

    Raises
    ------
    ValueError
        The planes are not of that number and shape.
    """
    nx, ny, nz = (int(n) for n in size)
    part = path.with_name(f".part-{os.getpid()}-{path.name}")
    lowest, highest, total, squares, count = np.inf, -np.inf, 0.0, 0.0, 0
    try:
        with part.open("wb") as file:
            file.write(bytes(1024))
            for plane in planes:
                if plane.shape != (ny, nx):
                    raise ValueError(f"section {count} is {plane.shape}, not {(ny, nx)}")
                values = np.ascontiguousarray(plane, dtype="<f4")
                file.write(values.tobytes())
                lowest = np.minimum(lowest, values.min())
                highest = np.maximum(highest, values.max())
                total += float(values.sum(dtype=np.float64))
                squares += float(np.square(values, dtype=np.float64).sum())
                count += 1
            if count != nz:
                raise ValueError(f"{count} sections, not {nz}")
            mean = total / (nx * ny * nz)
            deviation = max(squares / (nx * ny * nz) - mean * mean, 0.0) ** 0.5
            file.seek(0)
            file.write(
                _header((nx, ny, nz), origin, voxel_size, (lowest, highest, mean, deviation))
            )
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return float(lowest), float(highest)


def _header(
    size: Sequence[int],
    origin: Sequence[float],
    voxel_size: Sequence[float],
    statistics: Sequence[float],
) -> bytes:
    """The 1024 bytes of https://www.ccpem.ac.uk/mrc-format/mrc2014/."""
    cell = [n * step for n, step in zip(size, voxel_size)]
    words = struct.pack("<3i i 3i 3i", *size, 2, 0, 0, 0, *size)
    words += struct.pack("<3f 3f 3i", *cell, 90.0, 90.0, 90.0, 1, 2, 3)
    words += struct.pack("<3f 2i", *statistics[:3], 1, 0)
    words += bytes(12) + struct.pack("<i", 20140) + bytes(84)
    words += struct.pack("<3f", *origin) + b"MAP " + bytes((0x44, 0x44, 0, 0))
    words += struct.pack("<f i", statistics[3], 1)
    label = b"written by Critasser for its engine"
    return (words + label.ljust(80)).ljust(1024, b"\0")
