"""Correlation of two densities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from critasser.density.grid import Grid

__all__ = ["pcc"]


def pcc(a: Grid, b: Grid, mask: NDArray[np.bool_] | None = None) -> float:
    """Pearson's correlation over grid points.

    Parameters
    ----------
    a, b : Grid
        In the same frame.
    mask : ndarray (nz, ny, nx) bool, optional
        Grid points to use; all without it.

    Returns
    -------
    float
        −1 … 1; 0 where either density is constant or no point is left.

    Raises
    ------
    ValueError
        The grids are not in the same frame.
    """
    if not a.same_frame(b):
        raise ValueError("correlation needs both maps in one frame")
    x = a.values if mask is None else a.values[mask]
    y = b.values if mask is None else b.values[mask]
    if x.size == 0:
        return 0.0
    x = x.ravel().astype(np.float64)
    y = y.ravel().astype(np.float64)
    x -= x.mean()
    y -= y.mean()
    norm = np.sqrt(np.dot(x, x) * np.dot(y, y))
    return float(np.clip(np.dot(x, y) / norm, -1.0, 1.0)) if norm > 0 else 0.0
