"""Compare two maps by frequency: Fourier shell correlation, and the shift between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

__all__ = ["ShellCorrelation", "best_shift", "shell_correlation"]

TINY = 1e-30
"""Keeps divisions by an empty shell finite."""

ROUNDING = 1e-4
"""Shells; what lies on the edge of one belongs to the next."""

FEWEST_SHELLS = 4
"""Without so many voxels from the centre to a face there is no curve to speak of."""


@dataclass(frozen=True, eq=False)
class ShellCorrelation:
    """Correlation of two maps by frequency, in shells as wide as the longest box is fine.

    Attributes
    ----------
    frequency : ndarray (k,)
        1/Å, means of the shells.
    correlation : ndarray (k,)
        −1 … 1.
    """

    frequency: NDArray[np.float64]
    correlation: NDArray[np.float64]

    def resolution(self, level: float) -> float:
        """Å at which the correlation falls below a level for the first time, interpolated.

        Infinite where it is never above; the finest shell's where it never falls.
        """
        below = np.flatnonzero(self.correlation < level)
        if not len(below):
            return float(1 / self.frequency[-1])
        k = int(below[0])
        if k == 0:
            return float("inf")
        high, low = self.correlation[k - 1], self.correlation[k]
        step = (high - level) / max(high - low, TINY)
        return float(1 / np.interp(step, (0, 1), self.frequency[k - 1 : k + 1]))


def shell_correlation(
    a: NDArray[np.floating], b: NDArray[np.floating], voxel_size: NDArray[np.float64]
) -> ShellCorrelation:
    """Fourier shell correlation of two maps on one grid, up to Nyquist.

    Parameters
    ----------
    a, b : ndarray (nz, ny, nx)
    voxel_size : ndarray (3,)
        Along x, y, z in Å.

    Raises
    ------
    ValueError
        The maps have different shapes, or less than eight voxels along every axis.

    References
    ----------
    Harauz & van Heel (1986) Optik 73:146.
    """
    if a.shape != b.shape:
        raise ValueError(f"maps of shapes {a.shape} and {b.shape}")
    shell, count, width = _shells(a.shape, voxel_size)
    if count < FEWEST_SHELLS:
        raise ValueError(f"a map of shape {a.shape} is too small to be compared by frequency")
    left, right = (fft.rfftn(one.astype(np.float32), workers=1) for one in (a, b))
    common = _totals((left * right.conj()).real, shell, count)
    powers = _totals(np.abs(left) ** 2, shell, count) * _totals(np.abs(right) ** 2, shell, count)
    correlation = common / np.sqrt(np.maximum(powers, TINY))
    frequency = (np.arange(count) + 0.5) * width
    # The first shell is the mean and the shape of the box.
    return ShellCorrelation(frequency[1:], correlation[1:])


def best_shift(
    moved: NDArray[np.floating],
    fixed: NDArray[np.floating],
    voxel_size: NDArray[np.float64],
    resolution: float,
    farthest: float | None = None,
) -> tuple[NDArray[np.float64], float]:
    """The translation by which a map fits another best, all frequencies counted alike.

    Parameters
    ----------
    moved, fixed : ndarray (nz, ny, nx)
        The box counts as going round.
    voxel_size : ndarray (3,)
        Along x, y, z in Å.
    resolution : float
        Å; finer detail is not looked at.
    farthest : float, optional
        Å along each axis; by default any translation within the box.

    Returns
    -------
    shift : ndarray (3,)
        x, y, z in Å, to be added to positions in `moved`; between voxels by a parabola.
    correlation : float
        There, of the maps with all their shells given equal power.
    """
    shell, count, width = _shells(fixed.shape, voxel_size)
    kept = min(count, int(np.ceil(1 / (resolution * width))))
    product = _whitened(fixed, shell, count, kept)
    product *= _whitened(moved, shell, count, kept).conj()
    terms = _totals((np.abs(product) > 0).astype(np.float32), shell, count).sum()
    values = fft.irfftn(product, fixed.shape, workers=1) * fixed.size
    if farthest is not None:
        for axis, voxel in enumerate(voxel_size[::-1]):
            place = np.abs(fft.fftfreq(fixed.shape[axis], 1 / fixed.shape[axis])) * voxel
            far = [slice(None)] * 3
            far[axis] = place > farthest
            values[tuple(far)] = -np.inf
    best = np.unravel_index(int(values.argmax()), values.shape)
    steps = [
        (k - n if k > n // 2 else k) + _between(values, best, axis)
        for axis, (k, n) in enumerate(zip(best, values.shape))
    ]
    correlation = float(values[best]) / max(terms, 1.0)
    return np.array(steps[::-1]) * voxel_size, correlation


def _between(values: NDArray[np.floating], best: tuple[int, ...], axis: int) -> float:
    """Where the parabola through the highest voxel and its neighbours is highest, in voxels."""
    sides = []
    for step in (-1, 1):
        place = list(best)
        place[axis] = (place[axis] + step) % values.shape[axis]
        sides.append(float(values[tuple(place)]))
    low, high = sides
    bend = low - 2 * float(values[best]) + high
    return 0.5 * (low - high) / bend if np.isfinite(bend) and bend < 0 else 0.0


def _shells(
    shape: tuple[int, ...], voxel_size: NDArray[np.float64]
) -> tuple[NDArray[np.int32], int, float]:
    """The shell of each value of an `rfftn`, how many lie within Nyquist, their width in 1/Å."""
    z, y, x = voxel_size[::-1]
    width = 1 / max(n * v for n, v in zip(shape, voxel_size[::-1]))
    f = fft.fftfreq(shape[0], z)[:, None, None].astype(np.float32) ** 2
    f = f + fft.fftfreq(shape[1], y)[:, None].astype(np.float32) ** 2
    f = np.sqrt(f + fft.rfftfreq(shape[2], x).astype(np.float32) ** 2)
    count = int(0.5 / (max(voxel_size) * width))
    return np.minimum(f / width + ROUNDING, count).astype(np.int32), count, width


def _totals(values: NDArray, shell: NDArray[np.int32], count: int) -> NDArray[np.float64]:
    """Sums over whole shells of what is the same at opposite frequencies."""
    values = values.copy()
    # The column at Nyquist would count once, but lies beyond the last shell.
    values[..., 1:] *= 2
    return np.bincount(shell.ravel(), values.ravel(), count + 1)[:count]


def _whitened(
    values: NDArray[np.floating], shell: NDArray[np.int32], count: int, kept: int
) -> NDArray[np.complex64]:
    """A map's transform with a mean power of 1 in each shell but the first, 0 beyond `kept`."""
    spectrum = fft.rfftn(values.astype(np.float32), workers=1)
    number = np.maximum(_totals(np.ones(shell.shape, np.float32), shell, count), 1)
    power = _totals(np.abs(spectrum) ** 2, shell, count) / number
    scale = np.zeros(count + 1, np.float32)
    scale[1:kept] = 1 / np.sqrt(np.maximum(power[1:kept], TINY))
    return spectrum * scale[shell]
