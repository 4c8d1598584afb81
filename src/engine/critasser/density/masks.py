"""Masks: which voxels of a map belong to the molecule, and how far.

Masks come binary, with soft edges, on any scale (0 … 1, 0 … 255, 0 … 0.13), and ringing where they
were resampled in Fourier space. They have in common that most voxels within have one value, their
plateau, and most outside another. Half way between the two is where the mask ends. Masks that were
blurred until nothing of a plateau is left fade to nothing at their border; they are divided where
the variance within both parts is least (Otsu 1979). Densities that were cut out do not fade; of
these everything above 0 is within.

References
----------
Otsu N (1979) IEEE Trans. Syst. Man Cybern. 9, 62.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from critasser.density.grid import Grid
from critasser.density.mapfile import frame_text, read_map_header, read_values
from critasser.density.mapheader import MapHeader
from critasser.errors import InputError

__all__ = ["Mask", "looks_like_mask", "read_mask", "read_soft_mask"]

BINS = 32
HIGH_PLATEAU = 0.7
"""Least height of a plateau, of the way from outside to the highest value: ringing overshoots by a
tenth, and densities have their most common values near the bottom."""

PLATEAU_WIDTH = 0.1
"""Of its height; ringing."""

PLATEAU_SHARE = 0.3
"""Of the voxels in the upper half that are on the plateau, at least."""

HIGHEST_SOFT = (0.9, 1.1)
"""Highest values of soft masks that are too thin for a plateau."""

LOWEST_SOFT = -0.1
MOST_LABELS = 20
"""Whole numbers up to this are labels of segments."""

CUT_OUT = 0.3
"""Least share of voxels that are exactly 0 around a density that was cut out."""

FADED, HIGHEST_BLURRED = 0.02, 1.0
"""Of the highest value, what voxels at the border of a blurred mask have at most in the median
(blurred masks 0.001, simulated densities to 0.012, densities cut out at a contour or around a model
0.1 to 0.3); and its highest value, as blurring goes up to 1 at most and simulated densities have
any."""

NOTHING = 1e-3
"""Of the highest value; what blurring in Fourier space leaves far outside."""

OTSU_BINS = 256

FAINTEST = 0.1
"""Of the plateau; what is less is ringing and not an edge."""

ENOUGH = 4 << 20
"""Voxels of a map by which it is told whether it is a mask."""

MOST_APART = 0.25
"""Voxels between places of a voxel in two grids that count as the same: rounded voxel sizes."""


@dataclass(frozen=True, eq=False)
class Mask:
    """Which voxels belong to the molecule.

    Attributes
    ----------
    weight : ndarray (nz, ny, nx) float32
        0 … 1, the soft edge kept; exactly 0 outside.
    """

    weight: NDArray[np.float32]

    @cached_property
    def inside(self) -> NDArray[np.bool_]:
        """Voxels of more than half weight."""
        return self.weight > 0.5


def read_mask(path: str | os.PathLike, like: Grid, max_bytes: int = 2 << 30) -> NDArray[np.bool_]:
    """Which voxels (nz, ny, nx) are inside a mask; parameters and errors as `read_soft_mask`."""
    return read_soft_mask(path, like, max_bytes).inside


def read_soft_mask(path: str | os.PathLike, like: Grid, max_bytes: int = 2 << 30) -> Mask:
    """Read a mask of a map.

    Parameters
    ----------
    path : path
        A mask of any scale, also soft or resampled; labels of segments or a density that was cut
        out (above 0 is inside).
    like : Grid
        The map that it is a mask of.

    Raises
    ------
    InputError
        As for `read_map`; the mask is on another grid than the map, or empty; it is neither a mask
        nor cut out.
    """
    path = Path(path)
    header = read_map_header(path)
    if not _coincide(like, header):
        raise InputError(_elsewhere(like, header, path))
    values, _ = read_values(path, max_bytes)
    weight = _weight(values, path)
    if not (weight > 0.5).any():
        raise InputError(f"The mask {path} is empty: no voxel is above 0.")
    return Mask(np.ascontiguousarray(weight, dtype=np.float32))


def looks_like_mask(grid: Grid) -> bool:
    """Whether most voxels of a map have one of two values, as those of a mask do."""
    step = max(1, math.ceil((grid.values.size / ENOUGH) ** (1 / 3)))
    values = grid.values[::step, ::step, ::step]
    low, high = float(values.min()), float(values.max())
    return low < high and _plateaus(values, low, high) is not None


def _coincide(grid: Grid, header: MapHeader) -> bool:
    if grid.shape != header.shape:
        return False
    count = np.array(grid.shape[::-1]) - 1
    first = np.abs(header.origin - grid.origin)
    last = np.abs(header.origin + header.voxel_size * count - grid.upper)
    return bool(np.all(np.maximum(first, last) <= MOST_APART * grid.voxel_size))


def _elsewhere(grid: Grid, header: MapHeader, path: Path) -> str:
    """What to do with a mask on another grid."""
    name = path.name
    there = ",".join(f"{x:.4f}".rstrip("0").rstrip(".") for x in grid.origin)
    step = ",".join(f"{x:.5f}".rstrip("0").rstrip(".") for x in grid.voxel_size)
    alike = grid.shape == header.shape
    same_step = np.allclose(grid.voxel_size, header.voxel_size, rtol=1e-3, atol=0)
    if alike and same_step:
        here = ",".join(f"{x:.4f}".rstrip("0").rstrip(".") for x in header.origin)
        return (
            f"The mask {path} is on another grid than the map, by its origin only: {here} Å, the "
            f"map's is {there} Å. Give it the map's (ChimeraX: open {name}, then volume #mask "
            f"origin {there}, and save it)."
        )
    if alike and np.allclose(grid.origin, header.origin, atol=grid.voxel_size.min(), rtol=0):
        return (
            f"The mask {path} is on another grid than the map, by its voxel size only "
            f"({frame_text(header)}; the map: {frame_text(grid)}): give it the map's (ChimeraX: "
            f"volume #mask voxelSize {step}, and save it)."
        )
    return (
        f"The mask {path} is on another grid than the map ({frame_text(header)}; the map: "
        f"{frame_text(grid)}): put it on the map's grid (ChimeraX: volume resample #mask onGrid "
        "#map)."
    )


def _weight(values: NDArray[np.generic], path: Path) -> NDArray[np.generic]:
    """How far each voxel is inside."""
    low, high = float(values.min()), float(values.max())
    if high <= 0:
        return np.zeros(values.shape, dtype=np.float32)
    if low == high or _are_labels(values, low, high):
        return values > 0
    levels = _levels(values, low, high)
    if levels is None:
        floor = NOTHING * high
        if (
            low >= -floor
            and high <= HIGHEST_BLURRED
            and _at_border(values, floor) <= FADED * high
        ):
            weight = 0.5 * values.astype(np.float32) / _otsu(values[values > floor])
            weight[weight < FAINTEST] = 0
            return np.minimum(weight, 1)
        if np.mean(values == 0) >= CUT_OUT:
            return values > 0
        raise InputError(
            f"The mask {path} does not tell inside from outside: its values, {low:.3g} to "
            f"{high:.3g}, have no plateau and are not 0 around the molecule. Give a mask of 0 and "
            "1, or the density cut out (ChimeraX: volume mask, or segment)."
        )
    outside, plateau = levels
    weight = (values.astype(np.float32) - outside) / (plateau - outside)
    weight[weight < FAINTEST] = 0
    return np.minimum(weight, 1)


def _at_border(values: NDArray[np.generic], floor: float) -> float:
    """Median of the voxels above a floor that touch one below by a face; infinite without any."""
    inside = values > floor
    border = np.zeros_like(inside)
    for axis in range(inside.ndim):
        ahead = [slice(None)] * inside.ndim
        behind = list(ahead)
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        edge = inside[tuple(ahead)] != inside[tuple(behind)]
        border[tuple(ahead)] |= edge
        border[tuple(behind)] |= edge
    border &= inside
    return float(np.median(values[border])) if border.any() else np.inf


def _otsu(values: NDArray[np.generic]) -> float:
    """The threshold that leaves the least variance within the parts above and below it."""
    counts, edges = np.histogram(values, bins=OTSU_BINS)
    middle = 0.5 * (edges[1:] + edges[:-1])
    below = np.cumsum(counts)[:-1]
    above = counts.sum() - below
    sums = np.cumsum(counts * middle)
    apart = sums[:-1] / np.maximum(below, 1) - (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    return float(edges[1:-1][np.argmax(below * above * apart**2)])


def _are_labels(values: NDArray[np.generic], low: float, high: float) -> bool:
    if low < 0 or not 1 < high <= MOST_LABELS:
        return False
    return all(bool(np.all(section == np.rint(section))) for section in values)


def _levels(values: NDArray[np.generic], low: float, high: float) -> tuple[float, float] | None:
    """The values outside and inside; None where there is no such pair."""
    if (found := _plateaus(values, low, high)) is not None:
        return found
    if low >= LOWEST_SOFT and HIGHEST_SOFT[0] <= high <= HIGHEST_SOFT[1]:
        return 0.0, 1.0 if high > 1 else high
    return None


def _plateaus(values: NDArray[np.generic], low: float, high: float) -> tuple[float, float] | None:
    """The values that most voxels outside and inside have; None where they do not."""
    middle = 0.5 * (low + high)
    upper = values[values >= middle]
    outside, plateau = _most_common(values[values < middle]), _most_common(upper)
    near = np.abs(upper - plateau) <= PLATEAU_WIDTH * (plateau - outside)
    if plateau - outside >= HIGH_PLATEAU * (high - outside) and near.mean() >= PLATEAU_SHARE:
        return outside, plateau
    return None


def _most_common(values: NDArray[np.generic]) -> float:
    """The median of the fullest bin of a histogram."""
    low, high = float(values.min()), float(values.max())
    if high - low <= BINS * np.spacing(np.float32(max(abs(low), abs(high)))):
        return low  # as good as one value
    counts, edges = np.histogram(values, bins=BINS, range=(low, high))
    fullest = int(np.argmax(counts))
    inside = values[(values >= edges[fullest]) & (values <= edges[fullest + 1])]
    return float(np.median(inside))
