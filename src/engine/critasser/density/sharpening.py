"""Maps blurred or sharpened by a B-factor."""

from __future__ import annotations

import numpy as np
from scipy import fft

from critasser.density.grid import Grid
from critasser.density.normalise import normalise

__all__ = ["sharpened"]

FINEST = 2.5
"""Å; finer detail is scaled as detail of this size is, so that noise at the edge of the spectrum is
not blown up without limit."""


def sharpened(density: Grid, bfactor: float) -> Grid:
    """Blur (or, with a negative B-factor, sharpen) a normalised map and normalise it again.

    Each Fourier coefficient at spatial frequency s is multiplied by ``exp(-B s² / 4)``, where s is
    cut at ``1 / FINEST``.

    Parameters
    ----------
    density : Grid
        Normalised map at 1 Å.
    bfactor : float
        B in Å²; 0 gives the map itself.

    Returns
    -------
    Grid
    """
    if not bfactor:
        return density
    shape = density.shape
    frequencies = [fft.fftfreq(n) ** 2 for n in shape[:2]] + [fft.rfftfreq(shape[2]) ** 2]
    z, y, x = (f.astype(np.float32) for f in frequencies)
    spectrum = fft.rfftn(np.asarray(density.values, np.float32), workers=-1)
    # Section by section, for large maps.
    for k, plane in enumerate(spectrum):
        square = np.minimum(z[k] + y[:, None] + x[None, :], 1 / FINEST**2)
        plane *= np.exp(-bfactor / 4 * square)
    values = fft.irfftn(spectrum, s=shape, overwrite_x=True, workers=-1)
    return normalise(density.with_values(values.astype(np.float32)))
