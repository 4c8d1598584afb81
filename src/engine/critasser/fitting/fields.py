"""What residues of a rigid body look for in the map: one field for each kind of residue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from critasser.density import FeatureMaps
from critasser.structure import COIL, HELIX, STRAND

__all__ = ["TICKS", "Fields", "network_fields"]

KINDS = (HELIX, STRAND, COIL)

STRUCTURE_WEIGHT = 1.0
"""Of the probability of a residue's own secondary structure beside that of backbone."""

CALPHA_WEIGHT = 1.0
"""Of the Cα probability beside that of backbone."""

TICKS = 3 * len(KINDS)
"""Calls of `tick` in a blur: one for each axis of each field."""

DETAIL = 6.0
"""Å; standard deviation of the blur beyond which nothing tells places apart. Among the fields as
they are a domain lies best in the middle of a complex, across several chains. In maps of 6 and 10 Å
of packed validation chains the search had the right places of four of five models that are 2 to 4 Å
off at ranks of 0 to 39, one not among 400; by detail all are among the first three."""

MOLECULE = 0.1
"""Backbone probability above which a voxel is taken for protein, to bring fields to one scale."""


@dataclass(frozen=True, eq=False)
class Fields:
    """Values that a residue gains at a place, by its secondary structure.

    Attributes
    ----------
    values : ndarray (3, nz, ny, nx) float32
        For residues of helix, strand and coil; mean 0 and deviation 1 inside the molecule.
    origin : ndarray (3,) float64
        x, y, z in Å of voxel 0.
    step : float
        Å between voxels.
    outside : ndarray (3,) float64
        Value beyond the box.
    """

    values: NDArray[np.float32]
    origin: NDArray[np.float64]
    step: float
    outside: NDArray[np.float64]

    def blurred(self, width: float, tick: Callable[[], None] | None = None) -> Fields:
        """The same fields, convolved with a Gaussian of standard deviation `width` in Å.

        Of large fields that takes seconds: `tick` is called `TICKS` times on the way, and may
        raise.
        """
        values = []
        for one, level in zip(self.values, self.outside):
            for axis in range(one.ndim):
                one = gaussian_filter1d(
                    one, width / self.step, axis=axis, mode="constant", cval=float(level)
                )
                if tick is not None:
                    tick()
            values.append(one)
        return Fields(np.stack(values), self.origin, self.step, self.outside)

    @cached_property
    def detail(self) -> Fields:
        """The same fields less what is wider than `DETAIL` in them; 0 beyond the box.

        The middle of a molecule is no better there than its rim. So the Laplacian does in fits at
        low resolution (Chacón & Wriggers, J Mol Biol 317, 375, 2002).
        """
        return self.detailed()

    def detailed(self, tick: Callable[[], None] | None = None) -> Fields:
        """Their `detail`, made anew; `tick` as for `blurred`."""
        values = self.values - self.blurred(DETAIL, tick).values
        return Fields(values, self.origin, self.step, np.zeros(len(values)))

    def sampled(self, step: float, tick: Callable[[], None] | None = None) -> Fields:
        """Blurred by 0.6 of a new voxel size, a multiple of this one's in Å, and sampled at it;
        `tick` as for `blurred`."""
        every = max(1, round(step / self.step))
        blur = self.blurred(COARSE_BLUR * every * self.step, tick)
        smooth = blur.values[:, ::every, ::every, ::every]
        return Fields(smooth, self.origin, every * self.step, self.outside)

    def padded(self, margin: float) -> Fields:
        """With a margin in Å of outside at the far ends: a periodic search does not wrap then."""
        pad = int(np.ceil(margin / self.step))
        nz, ny, nx = self.values.shape[1:]
        values = np.empty((len(self.values), nz + pad, ny + pad, nx + pad), dtype=np.float32)
        values[:] = self.outside[:, None, None, None]
        values[:, :nz, :ny, :nx] = self.values
        return Fields(values, self.origin, self.step, self.outside)

    @cached_property
    def upper(self) -> NDArray[np.float64]:
        """x, y, z in Å of the last voxel."""
        return self.origin + self.step * (np.array(self.values.shape[:0:-1]) - 1)


COARSE_BLUR = 0.6
"""Standard deviation of the blur before sampling, in new voxels: half a voxel's width and a little
more, so that nothing falls between."""


def network_fields(features: FeatureMaps) -> Fields:
    """Fields from what the networks saw: backbone, Cα, and a residue's own secondary structure.

    Parameters
    ----------
    features : FeatureMaps
        Of the cropped map at 1 Å.

    Returns
    -------
    Fields
    """
    backbone = np.asarray(features.backbone, dtype=np.float32)
    common = backbone + CALPHA_WEIGHT * np.asarray(features.calpha, dtype=np.float32)
    values = []
    for kind in KINDS:
        own = features.structure_grid(kind).values if kind != COIL else 0.0
        # Structure counts where there is backbone: elsewhere the network has to say something too.
        values.append(common + STRUCTURE_WEIGHT * backbone * own)
    fields = np.stack(values).astype(np.float32)
    inside = backbone > MOLECULE
    if not inside.any():
        inside = np.ones_like(backbone, dtype=bool)
    mean = fields[:, inside].mean(axis=1, dtype=np.float64)
    deviation = fields[:, inside].std(axis=1, dtype=np.float64) + 1e-6
    scaled = (fields - mean[:, None, None, None]) / deviation[:, None, None, None]
    return Fields(
        scaled.astype(np.float32),
        np.asarray(features.origin, dtype=np.float64),
        float(features.voxel_size[0]),
        -mean / deviation,
    )
