"""Tell from a map whether its voxel size can be right.

Proteins are of one size: Cα that follow each other are 3.8 Å apart. Networks that have learnt this
tell amino acids apart best where a map has the size that it should have, and 15 % beside it they
tell them clearly less. So a map is shown to them larger and smaller than it says it is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from scipy import ndimage
from scipy.special import entr

from critasser.calpha import find_calpha
from critasser.density import BLOCK, Grid, resample
from critasser.network import predict
from critasser.network.residue.reading import read_residues

__all__ = ["told_scale"]

STEP = 1.15
"""From one size that is tried to the next."""

MOST_STEPS = 5
"""To either side: sizes from half to twice that of the map, both included."""

USUAL_TRIES = 3
"""Sizes that are tried of a map of the right size."""

SIDE = 40
"""Voxels; side of the part of a map that is looked at."""

SCATTER = 1.0
"""Normalised density, above which voxels are of the molecule."""

VOLUME = 40.0
"""Å³ of such density for each position that is looked for, a third of a residue's volume."""

FEWEST = 20
"""Positions from which something is told."""

BEST_READ = 50
"""Positions that count: those whose amino acids are told best."""

ENOUGH = 1.6
"""Nats about an amino acid from which they are believed, and sizes far off need not be tried. At
their own size experimental maps of group train have 2.0 to 2.9 up to 3.5 Å, and 0.4 to 1.8 at 4 Å
and poorer; at half of it or twice a helix, or a few positions of a blob, have up to 1.3."""

LEAST_GAIN = 0.25
"""Nats at the best size over those at the map's own. Of 17 experimental maps of group train one has
more at another size, 0.14; at 1.33 times their size six have 0.7 to 1.4 more at the right one."""


def told_scale(
    density: Grid,
    weights: Path,
    residue_weights: Path,
    *,
    device: str | torch.device = "auto",
    progress: Callable[[float, str], None] = lambda done, message: None,
) -> float:
    """How large the voxels of a map should be, over what they are.

    Parameters
    ----------
    density : Grid
        Normalised map at 1 Å.
    weights, residue_weights : Path
        The two networks.
    device : str or torch.device
    progress : callable
        Told the fraction of the work and a message; may raise `Cancelled`.

    Returns
    -------
    float
        1 where the size is right, or nothing tells.
    """
    known: dict[int, float] = {}

    def information(step: int) -> float:
        if step not in known:
            progress(min(len(known) / USUAL_TRIES, 1.0), "checking the voxel size of the map")
            known[step] = _information(density, STEP**step, weights, residue_weights, device)
        return known[step]

    best = max((0, -1, 1), key=information)
    if known[best] < ENOUGH:
        # Twice or half the size, as of binned images, lies beyond where the nearest ones lead.
        best = max((best, -MOST_STEPS, MOST_STEPS), key=information)
    while True:
        near = (k for k in (best - 1, best, best + 1) if abs(k) <= MOST_STEPS)
        better = max(near, key=information)
        if better == best:
            break
        best = better
    if known[best] < max(ENOUGH, known[0] + LEAST_GAIN):
        return 1.0
    below, middle, above = (information(best + k) for k in (-1, 0, 1))
    bend = below - 2 * middle + above
    return float(STEP ** (best + (0.5 * (below - above) / bend if bend < 0 else 0.0)))


def _information(
    density: Grid, scale: float, weights: Path, residue_weights: Path, device: str | torch.device
) -> float:
    """Nats that the networks tell of amino acids in a map of another size."""
    cut = _fullest_part(density, round(SIDE / scale))
    part = resample(Grid(cut.values, cut.origin, cut.voxel_size * scale))
    count = max(FEWEST, round(float((part.values > SCATTER).sum()) / VOLUME))
    found = find_calpha(predict(part, weights, device=device), count)
    if len(found) < FEWEST:
        return 0.0
    read = read_residues(part, found, residue_weights, len(found), device=device)
    told = np.log(read.amino_acid.shape[1]) - entr(read.amino_acid).sum(axis=1)
    return float(np.sort(told)[-BEST_READ:].mean())


def _fullest_part(density: Grid, side: int) -> Grid:
    """A box of some voxels a side at most, where the molecule fills most of it."""
    filled = (density.values > SCATTER).astype(np.float32)
    for axis, length in enumerate(density.shape):
        filled = np.add.reduceat(filled, np.arange(0, length, BLOCK), axis=axis)
    around = ndimage.uniform_filter(filled, max(1, side // BLOCK), mode="constant")
    middle = BLOCK * np.array(np.unravel_index(around.argmax(), around.shape)) + BLOCK // 2
    first = np.clip(middle - side // 2, 0, np.maximum(np.array(density.shape) - side, 0))
    values = density.values[tuple(slice(a, a + side) for a in first)]
    return Grid(values, density.origin + first[::-1] * density.voxel_size, density.voxel_size)
