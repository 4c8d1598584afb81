"""How well a map agrees with itself after an operation: turned about an axis, and moved along it.

What is compared is detail: the map without what is broader than about 30 Å, as far as it reaches
beyond solvent. The outline of a rod or a ball agrees with itself however it is turned.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage
from scipy.spatial.transform import Rotation

from critasser.density import Grid, resample

__all__ = ["Field", "Turn", "correlations", "field_of", "scan"]

ENVELOPE_BLUR, HIGH, ENVELOPE = 4.0, 99.0, 0.3
"""Å, standard deviation; and the density so blurred, over a high percentile of it, from which a
voxel belongs to the molecule. Chosen by hand."""
BROAD = 10.0
"""Å, standard deviation of the Gaussian whose blur of the map is taken off it."""
BROAD_IN_STEPS = 2.0
"""The same, at least, in voxels of the comparison."""
LEAST_OVERLAP = 0.3
"""Of the detail, that must come to lie in the molecule for an operation to be compared."""
PADDING = 1.5
"""Size of the box of a scan over that of the molecule: operations that bring less than half of it
onto itself are of no interest."""


@dataclass(frozen=True)
class Turn:
    """An operation: a turn about an axis, and a shift along it.

    Attributes
    ----------
    direction : ndarray (3,)
        Of the axis; unit vector x, y, z.
    point : ndarray (3,)
        Å; a point of the axis.
    angle : float
        Degrees, by the right hand about the direction.
    rise : float
        Å along the direction.
    """

    direction: NDArray[np.float64]
    point: NDArray[np.float64]
    angle: float
    rise: float = 0.0

    @property
    def operation(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Rotation (3, 3) and shift (3,) in Å after it."""
        rotation = Rotation.from_rotvec(np.radians(self.angle) * self.direction).as_matrix()
        return rotation, self.point - rotation @ self.point + self.rise * self.direction


@dataclass(frozen=True, eq=False)
class Field:
    """Detail of a map on voxels of one size.

    Attributes
    ----------
    grid : Grid
        The detail; 0 outside the molecule.
    inside : ndarray (nz, ny, nx) float32
        1 in the molecule.
    positions : ndarray (n, 3)
        Å; voxels of the molecule.
    values : ndarray (n,)
        The detail there.
    """

    grid: Grid
    inside: NDArray[np.float32]
    positions: NDArray[np.float64]
    values: NDArray[np.float64]

    @property
    def step(self) -> float:
        """Å between voxels."""
        return float(self.grid.voxel_size[0])

    @property
    def middle(self) -> NDArray[np.float64]:
        """Å; centre of the molecule's voxels (3,)."""
        return self.positions.mean(axis=0)

    @property
    def radius(self) -> float:
        """Å, root mean square, of the molecule about its middle."""
        return float(np.sqrt(((self.positions - self.middle) ** 2).sum(axis=1).mean()))


def field_of(grid: Grid, step: float) -> Field:
    """Detail of a map that is on the scale of `normalise`.

    Parameters
    ----------
    grid : Grid
        Solvent 0, molecule 1 on average.
    step : float
        Å between voxels of the result: detail finer than twice that is left out.
    """
    blurred = ndimage.gaussian_filter(
        np.maximum(grid.values, 0), ENVELOPE_BLUR / grid.voxel_size[::-1]
    )
    coarse = resample(grid, step)
    level = ENVELOPE * float(np.percentile(blurred, HIGH))
    envelope = resample(grid.with_values(blurred), step).values > level
    width = max(BROAD / step, BROAD_IN_STEPS)
    detail = coarse.values - ndimage.gaussian_filter(coarse.values, width)
    if envelope.any():
        detail = detail - detail[envelope].mean()
    detail = np.where(envelope, detail, 0).astype(np.float32)
    index = np.argwhere(envelope)
    return Field(
        coarse.with_values(detail),
        envelope.astype(np.float32),
        coarse.to_position(index),
        detail[envelope].astype(np.float64),
    )


def correlations(
    field: Field, rotation: NDArray[np.float64], shift: NDArray[np.float64], most: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Correlation of a map's detail with its images, and what share of the detail each compares.

    Parameters
    ----------
    field : Field
    rotation, shift : ndarray (k, 3, 3), (k, 3)
        Operations; shifts in Å.
    most : int
        Most voxels to compare at; 0 for all.

    Returns
    -------
    correlation, overlap : ndarray (k,)
        0 correlation where the overlap is too small to tell.
    """
    every = max(1, len(field.values) // most) if most else 1
    positions, values = field.positions[::every], field.values[::every]
    found, share = np.zeros(len(rotation)), np.zeros(len(rotation))
    whole = float((values**2).sum())
    for k, (turn, move) in enumerate(zip(rotation, shift)):
        index = field.grid.to_index(positions @ turn.T + move).T
        there = ndimage.map_coordinates(field.grid.values, index, order=1, output=np.float64)
        inside = ndimage.map_coordinates(field.inside, index, order=0, output=np.float32) > 0
        here, there = values[inside], there[inside]
        power = float((here**2).sum())
        share[k] = power / max(whole, TINY)
        if share[k] >= LEAST_OVERLAP:
            norm = np.sqrt(power * float((there**2).sum()))
            found[k] = float(here @ there) / max(norm, TINY)
    return found, share


def scan(
    field: Field, directions: NDArray[np.float64], angle: float, rise: float | None
) -> list[tuple[float, Turn]]:
    """The best shift for a turn about each of many directions.

    Parameters
    ----------
    field : Field
    directions : ndarray (k, 3)
        Unit vectors.
    angle : float
        Degrees.
    rise : float, optional
        Å along each direction; any without it.

    Returns
    -------
    list of (float, Turn)
        Correlation, times what share of the detail it compares; of each direction.
    """
    shape = tuple(fft.next_fast_len(int(np.ceil(PADDING * n)), real=True) for n in field.grid.shape)
    detail = field.grid.values
    still = fft.rfftn(detail, shape, workers=1)
    whole = max(float((field.values**2).sum()), TINY)
    shifts = _shifts(shape, field.step)
    centre = np.array(detail.shape) / 2 - 0.5
    middle = field.grid.to_position(centre)
    found = []
    for direction in directions:
        turn = Rotation.from_rotvec(np.radians(angle) * direction).as_matrix()
        back = turn.T[::-1, ::-1]  # from where each voxel, z y x, comes
        moved = ndimage.affine_transform(detail, back, centre - back @ centre, order=1)
        score = fft.irfftn(still * fft.rfftn(moved, shape, workers=1).conj(), shape, workers=1)
        if rise is not None:
            along = sum(s * d for s, d in zip(shifts, direction[::-1]))
            score[np.abs(along - rise) > field.step] = -np.inf
        best = np.unravel_index(score.argmax(), shape)
        shift = np.array([shifts[axis].ravel()[best[axis]] for axis in (2, 1, 0)])
        found.append((float(score[best]) / whole, _turn(direction, angle, middle, turn, shift)))
    return found


TINY = 1e-12
"""Keeps divisions by nothing finite."""


def _shifts(shape: tuple[int, ...], step: float) -> list[NDArray[np.float64]]:
    """Å of each voxel of a correlation along z, y, x, to be broadcast."""
    return np.meshgrid(
        *(step * n * fft.fftfreq(n) for n in shape), indexing="ij", sparse=True
    )


def _turn(
    direction: NDArray[np.float64],
    angle: float,
    middle: NDArray[np.float64],
    rotation: NDArray[np.float64],
    shift: NDArray[np.float64],
) -> Turn:
    """The screw that a rotation about the middle and a shift after it are."""
    rise = float(shift @ direction)
    across = shift - rise * direction
    # The axis is where the turn undoes the shift across it.
    point = np.linalg.lstsq(np.eye(3) - rotation, across, rcond=None)[0]
    return Turn(direction, middle + point, angle, rise)
