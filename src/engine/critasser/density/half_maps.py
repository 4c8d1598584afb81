"""Half maps: what two independent halves of the data say of a map's noise, place by place.

Both halves are split into bands of frequency. In each band their correlation within a Gaussian
window around a voxel is the Fourier shell correlation of that window. It tells how far detail
reaches there, and, after Wiener, by how much each band of the whole map is to be weakened there.

References
----------
Rosenthal PB, Henderson R (2003) J Mol Biol 333:721 (0.143, and the whole map from halves). Cardone
G, Heymann JB, Steven AC (2013) J Struct Biol 184:226 (windows).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from critasser.density.correlation import pcc
from critasser.density.grid import Grid
from critasser.density.mapfile import frame_text, read_map, read_map_header
from critasser.density.normalise import masked_level
from critasser.errors import InputError

__all__ = ["BANDS", "LEVEL", "LocalDetail", "local_detail", "read_half_maps"]

LEVEL = 0.143
"""Correlation of halves at which a map of all data and a perfect map correlate by one half."""

BANDS = 1 / np.array(
    [40.0, 20.0, 13.0, 10.0, 8.0, 6.8, 5.9, 5.2, 4.65, 4.2, 3.8, 3.5, 3.2, 2.95, 2.7, 2.5, 2.3, 2.1]
)
"""1/Å; middles of the bands, between which they overlap linearly and add up to 1."""

WINDOW = 6.0
"""Å; standard deviation of the window: narrow enough to tell a domain from its neighbour, and wide
enough for a hundred independent terms in each band of 5 Å or finer."""

SAME = 1 - 1e-6
"""Correlation from which two maps are one."""

INSIDE = 0.3
"""Density, on the scale of `normalise`, smoothed by half a window, above which the molecule is."""

TINY = 1e-20
"""Keeps divisions by an empty band finite."""


@dataclass(frozen=True, eq=False)
class LocalDetail:
    """What half maps say of a map.

    Attributes
    ----------
    filtered : Grid
        The map with each band weakened at each place as its noise asks for.
    resolution : Grid
        Å at which halves correlate by 0.143 in a window around each voxel; 2.1 Å also where they
        still do beyond, and 40 Å where they never do.
    frequency, correlation : ndarray (k,)
        1/Å; correlation of the halves by band within the molecule.
    overall : float
        Å at which that falls below 0.143.
    """

    filtered: Grid
    resolution: Grid
    frequency: NDArray[np.float64]
    correlation: NDArray[np.float64]
    overall: float


def read_half_maps(paths: tuple[Path, Path], whole: Grid, whole_path: Path) -> tuple[Grid, Grid]:
    """Read the two half maps of a map.

    Parameters
    ----------
    paths : tuple of two paths
    whole : Grid
    whole_path : path
        Its file, for messages.

    Raises
    ------
    InputError
        As for `read_map`; a half map is on another grid than the map, masked, the map itself or
        nothing like it; both are the same.
    """
    first, second = (_read_half_map(path, whole) for path in paths)
    if pcc(first, second) > SAME:
        raise InputError(
            f"The half maps {paths[0]} and {paths[1]} are the same map: give one of each half of "
            "the particles."
        )
    for path, half in zip(paths, (first, second)):
        alike = pcc(half, whole)
        if alike <= 0:
            raise InputError(
                f"The half map {path} does not correlate with the map {whole_path} ({alike:.2f}): "
                "its contrast goes the other way, or it is of another map. Give the half maps that "
                "the map was made of."
            )
        if alike > SAME:
            raise InputError(
                f"The half map {path} is the whole map {whole_path}: give the maps of the two "
                "halves of the particles, unfiltered, as the reconstruction left them."
            )
        if masked_level(half) is not None:
            raise InputError(
                f"The half map {path} is masked: what is cut away has no noise to measure. Give it "
                "as the reconstruction left it."
            )
    return first, second


def _read_half_map(path: Path, whole: Grid) -> Grid:
    header = read_map_header(path)
    if not whole.same_frame(header):
        raise InputError(
            f"The half map {path} is on another grid than the map ({frame_text(header)}; the map: "
            f"{frame_text(whole)}): give the half maps that the map was made of, not cut or "
            "resampled otherwise."
        )
    return read_map(path)


def local_detail(
    whole: Grid,
    first: Grid,
    second: Grid,
    finest: float = 0.0,
    progress: Callable[[float], None] = lambda share: None,
) -> LocalDetail:
    """Measure noise by windows, and take it from a map.

    Parameters
    ----------
    whole : Grid
        Normalised, at 1 Å; however it was sharpened.
    first, second : Grid
        Its half maps in the same frame, on any scale.
    finest : float
        Å; what the voxels can hold as the maps came, two of them. Finer bands hold nothing.
    progress : callable
        Given the share that is done; may raise to stop.

    Returns
    -------
    LocalDetail

    Notes
    -----
    Where halves correlate by F, the map of all data has a signal-to-noise ratio of 2 F / (1 − F),
    and Wiener's factor is 2 F / (1 + F).
    """
    near = ndimage.gaussian_filter(whole.values, WINDOW / 2) > INSIDE
    if not near.any():
        near = whole.values > whole.values.mean()
    filtered = np.zeros(whole.shape, np.float32)
    resolution = np.full(whole.shape, 1 / BANDS[0], np.float32)
    before = np.ones(whole.shape, np.float32)
    unresolved = np.ones(whole.shape, bool)
    curve = np.zeros(len(BANDS))
    for k, (image, left, right) in enumerate(_bands(whole, first, second)):
        if BANDS[k] * finest > 1:
            found = np.zeros(whole.shape, np.float32)
        else:
            found, curve[k] = _correlations(left, right, near)
        filtered += image * (2 * np.clip(found, 0, None) / (1 + np.clip(found, 0, None)))
        falls = unresolved & (found < LEVEL)
        if k:
            # Between the band before, which was still above, and this one.
            step = (before[falls] - LEVEL) / np.maximum(before[falls] - found[falls], TINY)
            frequency = BANDS[k - 1] + np.clip(step, 0, 1) * (BANDS[k] - BANDS[k - 1])
            resolution[falls] = 1 / frequency
        unresolved &= ~falls
        before = found
        progress((k + 1) / len(BANDS))
    resolution[unresolved] = 1 / BANDS[-1]
    return LocalDetail(
        whole.with_values(filtered), whole.with_values(resolution), BANDS.copy(), curve,
        _crossing(curve),
    )  # fmt: skip


def _bands(*grids: Grid) -> Iterator[list[NDArray[np.float32]]]:
    """Each grid's part in each of `BANDS`, band by band; the parts add up to the grid."""
    shape, voxel = grids[0].shape, grids[0].voxel_size[::-1]
    full = [fft.next_fast_len(n, real=True) for n in shape]
    f = np.fft.fftfreq(full[0], voxel[0])[:, None, None].astype(np.float32) ** 2
    f = f + np.fft.fftfreq(full[1], voxel[1])[:, None].astype(np.float32) ** 2
    f = np.sqrt(f + np.fft.rfftfreq(full[2], voxel[2]).astype(np.float32) ** 2)
    place = np.interp(f, BANDS, np.arange(len(BANDS))).astype(np.float32)
    spectra = [fft.rfftn(grid.values, full, workers=1) for grid in grids]
    inside = tuple(slice(n) for n in shape)
    for k in range(len(BANDS)):
        weight = np.clip(1 - np.abs(place - k), 0, None)
        yield [fft.irfftn(one * weight, full, workers=1)[inside] for one in spectra]


def _correlations(
    left: NDArray[np.float32], right: NDArray[np.float32], near: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], float]:
    """Correlation of a band's halves in a window around each voxel, and within the molecule."""
    products = left * right, left * left, right * right
    common, first, second = (
        ndimage.gaussian_filter(one, WINDOW, mode="reflect") for one in products
    )
    local = common / np.sqrt(np.maximum(first * second, TINY))
    common, first, second = (float(one[near].sum(dtype=np.float64)) for one in products)
    return local, common / np.sqrt(max(first * second, TINY))


def _crossing(curve: NDArray[np.float64]) -> float:
    below = np.flatnonzero(curve < LEVEL)
    if not len(below):
        return float(1 / BANDS[-1])
    k = int(below[0])
    if k == 0:
        return float(1 / BANDS[0])
    step = (curve[k - 1] - LEVEL) / (curve[k - 1] - curve[k])
    return float(1 / (BANDS[k - 1] + step * (BANDS[k] - BANDS[k - 1])))
