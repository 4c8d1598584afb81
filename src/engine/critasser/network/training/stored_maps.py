"""Densities of many maps in one file, of which only the pieces that are cut are read.

Thousands of maps do not fit into memory, least of all once for every process that cuts crops. They
lie one after the other in half precision in a ``.npy`` file; processes map it into memory and share
what the operating system keeps of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import numpy as np

from critasser.writing import appearing

__all__ = ["StoredMap", "map_file", "stored", "write_maps"]

MOST_FILES = 8
"""That one process keeps open: a split each, of a run or two."""


@dataclass(frozen=True)
class StoredMap:
    """Where a map lies in a file of densities.

    Attributes
    ----------
    file : str
    first : int
        Values before it.
    shape : tuple of int
        (nz, ny, nx).
    """

    file: str
    first: int
    shape: tuple[int, ...]

    def open(self) -> np.ndarray:
        """The values (nz, ny, nx) float16, read from the disk where they are looked at."""
        size = int(np.prod(self.shape))
        return _opened(self.file)[self.first : self.first + size].reshape(self.shape)


@lru_cache(MOST_FILES)
def _opened(file: str) -> np.ndarray:
    # One map of the whole file: each would keep a file open.
    return np.load(file, mmap_mode="r", allow_pickle=False)


def map_file(pack: Path) -> Path:
    """The file of densities beside a pack."""
    return pack.with_name(f"{pack.stem}-densities.npy")


def stored(file: Path, shapes: np.ndarray) -> list[StoredMap] | None:
    """The maps of a file, by their shapes (n, 3); None where the file does not hold as many values.

    Raises
    ------
    OSError, ValueError
        There is no such file, or it is no array.
    """
    sizes = np.prod(np.asarray(shapes, np.int64), axis=1)
    # A file that was made anew must not be taken for the old one.
    _opened.cache_clear()
    whole = _opened(str(file.resolve()))
    if whole.dtype != np.float16 or whole.shape != (int(sizes.sum()),):
        return None
    firsts = np.cumsum(sizes) - sizes
    return [
        StoredMap(str(file.resolve()), int(first), tuple(int(n) for n in shape))
        for first, shape in zip(firsts, shapes)
    ]


def write_maps(file: Path, maps: Iterable[np.ndarray]) -> None:
    """Write densities one after the other; only one at a time is in memory.

    Parameters
    ----------
    file : Path
        Appears whole.
    maps : iterable of ndarray (nz, ny, nx)
    """
    count = 0
    with appearing(file) as temporary:
        with temporary.open("wb") as out:
            # The length is known at the end only; a header's length does not depend on it.
            _write_header(out, 0)
            for values in maps:
                out.write(np.ascontiguousarray(values, np.float16).data)
                count += values.size
            out.seek(0, os.SEEK_SET)
            _write_header(out, count)
        _opened.cache_clear()


def _write_header(out: BinaryIO, count: int) -> None:
    header = {"descr": np.dtype(np.float16).str, "fortran_order": False, "shape": (count,)}
    np.lib.format.write_array_header_1_0(out, header)
