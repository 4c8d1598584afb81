"""Maps from and to MRC/CCP4 files."""

from __future__ import annotations

import gzip
import os
import tempfile
import warnings
from pathlib import Path

import mrcfile
import numpy as np

from critasser.density.grid import Grid
from critasser.errors import InputError

__all__ = ["read_map", "write_map"]


def read_map(path: str | os.PathLike, max_bytes: int = 2 << 30) -> Grid:
    """Read a map."""
    with mrcfile.open(path, permissive=False) as mrc:
        header = mrc.header
        order = [int(header.mapc) - 1, int(header.mapr) - 1, int(header.maps) - 1]
        start = np.zeros(3)
        start[order] = [header.nxstart, header.nystart, header.nzstart]
        cell = np.array([header.cella.x, header.cella.y, header.cella.z], dtype=np.float64)
        voxel_size = cell / [header.mx, header.my, header.mz]
        origin = np.array([header.origin.x, header.origin.y, header.origin.z], dtype=np.float64)
        if not origin.any():
            origin = start * voxel_size
        axes = [2 - order.index(axis) for axis in (2, 1, 0)]
        return Grid(mrc.data.transpose(axes), origin, voxel_size)


def write_map(path: str | os.PathLike, grid: Grid) -> None:
    """Write a grid as MRC2014, float32, with its place in the origin field; by atomic rename."""
    path = Path(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".mrc.part")
    os.close(handle)
    try:
        with mrcfile.new(temporary, overwrite=True) as mrc:
            mrc.set_data(grid.values)
            mrc.voxel_size = tuple(grid.voxel_size)
            mrc.header.origin = tuple(grid.origin)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
