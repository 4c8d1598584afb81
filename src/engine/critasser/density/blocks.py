"""Channels on a grid that are 0 in most places: only the blocks that hold something are kept."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from critasser.writing import appearing

__all__ = ["BLOCK", "SparseBlocks", "read_blocks", "write_blocks"]

BLOCK = 8
"""Voxels along a block's side."""


class SparseBlocks:
    """Channels on a grid, 0 outside some blocks of 8³ voxels.

    Parameters
    ----------
    shape : tuple (nz, ny, nx)
        Voxels of the grid; its last blocks may reach beyond it.
    places : array_like (n, 3)
        Block z, y, x of each block that is kept, in blocks from the grid's first voxel.
    values : ndarray (n, c, 8, 8, 8)
        May be a memory map.

    Attributes
    ----------
    shape : tuple (c, nz, ny, nx)

    Raises
    ------
    ValueError
        Places outside the grid or given twice.
    """

    def __init__(
        self, shape: tuple[int, int, int], places: ArrayLike, values: NDArray[np.floating]
    ) -> None:
        places = np.asarray(places, dtype=np.int64).reshape(-1, 3)
        size = -(-np.array(shape) // BLOCK)
        if len(places) != len(values) or values.shape[2:] != (BLOCK,) * 3:
            raise ValueError(f"{len(places)} places for blocks of shape {values.shape}")
        if np.any(places < 0) or np.any(places >= size):
            raise ValueError("a block lies outside the grid")
        self.shape = (values.shape[1], *shape)
        self._places = places
        self._values = values
        self._number = np.full(size, -1, dtype=np.int32)
        self._number[tuple(places.T)] = np.arange(len(places))
        if np.count_nonzero(self._number >= 0) != len(places):
            raise ValueError("a block is given twice")

    @property
    def dtype(self) -> np.dtype:
        """Of the values."""
        return self._values.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def channels(self, first: int, last: int) -> SparseBlocks:
        """Channels `first` to `last`, the last excluded; nothing is copied."""
        return SparseBlocks(self.shape[1:], self._places, self._values[:, first:last])

    def __getitem__(self, index: tuple) -> NDArray[np.floating]:
        """Values (c, n) of all channels at voxels: ``blocks[..., z, y, x]``, arrays (n,) of int."""
        if len(index) != 4 or index[0] is not Ellipsis:
            raise IndexError("blocks are read as blocks[..., z, y, x] or by dense()")
        z, y, x = (np.asarray(i) for i in index[1:])
        number = self._number[z // BLOCK, y // BLOCK, x // BLOCK]
        result = np.zeros((len(number), self.shape[0]), dtype=self.dtype)
        kept = number >= 0
        inner = tuple(i[kept] % BLOCK for i in (z, y, x))
        result[kept] = self._values[(number[kept], slice(None), *inner)]
        return result.T

    def part(
        self, first: tuple[int, int, int], last: tuple[int, int, int]
    ) -> NDArray[np.floating]:
        """All channels from voxel `first` to `last` (z, y, x), the last excluded.

        Both are multiples of 8; `last` may lie beyond the grid, where all is 0.
        """
        blocks = tuple(b // BLOCK - a // BLOCK for a, b in zip(first, last))
        whole = np.zeros((self.shape[0], *(BLOCK * n for n in blocks)), dtype=self.dtype)
        window = tuple(slice(a // BLOCK, b // BLOCK) for a, b in zip(first, last))
        number = self._number[window]
        for z, y, x in np.argwhere(number >= 0).tolist():
            place = tuple(slice(BLOCK * k, BLOCK * (k + 1)) for k in (z, y, x))
            whole[(slice(None), *place)] = self._values[number[z, y, x]]
        return whole

    def __array__(self, dtype: object = None, copy: bool | None = None) -> NDArray[np.floating]:
        """All channels whole, for numpy; as large as `shape` says."""
        return np.stack([self.dense(k) for k in range(len(self))]).astype(dtype or self.dtype)

    def dense(self, channel: int) -> NDArray[np.floating]:
        """One channel (nz, ny, nx) whole.

        Memory of a fresh array counts only where it is written to, so this costs little more than
        the blocks do.
        """
        size = self._number.shape
        whole = np.zeros(tuple(BLOCK * n for n in size), dtype=self.dtype)
        blocks = whole.reshape(size[0], BLOCK, size[1], BLOCK, size[2], BLOCK)
        z, y, x = self._places.T
        blocks[z, :, y, :, x, :] = self._values[:, channel]
        return whole[tuple(slice(n) for n in self.shape[1:])]


def _record(channels: int) -> np.dtype:
    return np.dtype([("place", "<i2", 3), ("values", "<f2", (channels, BLOCK, BLOCK, BLOCK))])


def write_blocks(
    path: Path, channels: int, parts: Iterable[tuple[NDArray[np.integer], NDArray[np.float16]]]
) -> None:
    """Write blocks as they come, by atomic rename: a ``.npy`` of records (place, values).

    Parameters
    ----------
    path : Path
    channels : int
    parts : iterable of (ndarray (n, 3), ndarray (n, channels, 8, 8, 8))
        Places and values as for `SparseBlocks`. One part at a time is in memory.
    """
    record, count = _record(channels), 0

    def header() -> None:
        descr = np.lib.format.dtype_to_descr(record)
        about = {"descr": descr, "fortran_order": False, "shape": (count,)}
        # The length in the header has room to grow: it is known only at the end.
        np.lib.format.write_array_header_1_0(file, about)

    with appearing(path) as temporary, temporary.open("wb") as file:
        header()
        start = file.tell()
        for places, values in parts:
            records = np.empty(len(places), dtype=record)
            records["place"], records["values"] = places, values
            file.write(records.view(np.uint8))
            count += len(records)
        file.seek(0)
        header()
        if file.tell() != start:
            raise RuntimeError("numpy left no room for the number of blocks in the header")


def read_blocks(path: Path, shape: tuple[int, int, int]) -> SparseBlocks:
    """Blocks that `write_blocks` wrote, mapped into memory: what is not looked at costs nothing.

    Parameters
    ----------
    path : Path
    shape : tuple (nz, ny, nx)
        Voxels of the grid that they lie on.

    Raises
    ------
    ValueError, OSError, EOFError
        Not such a file, or not of such a grid.
    """
    records = np.load(path, mmap_mode="r", allow_pickle=False)
    names = records.dtype.names
    if names != ("place", "values") or records.dtype != _record(records.dtype["values"].shape[0]):
        raise ValueError("no blocks of a network's answer in it")
    return SparseBlocks(shape, records["place"], records["values"])
