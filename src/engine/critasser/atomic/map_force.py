"""Makes the map a force on atoms: each is drawn up the density by its atomic number."""

from __future__ import annotations

import numpy as np
import openmm
from numpy.typing import NDArray
from scipy.ndimage import spline_filter

from critasser.atomic.force_field import ANGSTROM_PER_NM, GROUP_MAP
from critasser.atomic.map_kernels import density_and_gradient
from critasser.density import Grid

__all__ = ["MapForce"]

PADDING = 3
"""Voxels of nothing around the map: a cubic spline looks two ahead."""


class MapForce:
    """Energy ``-scale * sum_i w_i rho(x_i)`` of atoms in a map, as an OpenMM force.

    The density between voxels is a cubic spline, so energy and force agree everywhere and the
    minimiser can trust them; it costs the map itself in memory and is evaluated in a numba kernel.

    Parameters
    ----------
    density : Grid
        Normalised map.
    particles : (n,) int
        Atoms of the system that feel it.
    weights : (n,)
        Their weights, such as atomic numbers.
    """

    def __init__(
        self, density: Grid, particles: NDArray[np.int64], weights: NDArray[np.float64]
    ) -> None:
        values = np.pad(np.clip(density.values, 0.0, None).astype(np.float64), PADDING)
        self._coefficients = spline_filter(values, order=3, mode="mirror").astype(np.float32)
        self._spacing = density.voxel_size[::-1].copy()
        self._origin = density.origin[::-1] - PADDING * self._spacing
        self._weights = np.asarray(weights, dtype=np.float64)
        self.force = openmm.PythonForce(self._evaluate, {"map_scale": 0.0})
        self.force.setParticles([int(particle) for particle in particles])
        self.force.setForceGroup(GROUP_MAP)

    @property
    def weights(self) -> NDArray[np.float64]:
        """Weights (n,) of the atoms; may be replaced between minimisations."""
        return self._weights

    @weights.setter
    def weights(self, weights: NDArray[np.float64]) -> None:
        self._weights = np.array(weights, dtype=np.float64)

    def score(self, positions: NDArray[np.float64]) -> float:
        """Weighted mean density at positions (n, 3) x, y, z in Å."""
        total, _ = self._density(positions)
        return total / float(self._weights.sum())

    def _density(self, positions: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        index = (positions[:, ::-1] - self._origin) / self._spacing
        gradient = np.empty_like(index)
        total = density_and_gradient(
            self._coefficients, index, self._weights, self._spacing, gradient
        )
        return total, gradient[:, ::-1]

    def _evaluate(self, state: openmm.State) -> tuple[float, NDArray[np.float64]]:
        positions = state.getPositions(asNumpy=True)._value * ANGSTROM_PER_NM
        scale = state.getParameters()["map_scale"]
        if scale == 0.0 or not np.isfinite(positions).all():
            return 0.0, np.zeros_like(positions)
        total, gradient = self._density(positions)
        return -scale * total, scale * ANGSTROM_PER_NM * gradient
