"""How sharp the networks are to see a map.

Maps come blurred and over-sharpened, and networks read best what is as sharp as it can be before
noise takes over. Where that is they tell themselves: amino acids are told apart most surely there.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import torch
from scipy import fft

from critasser.calpha import find_calpha
from critasser.density import Grid, normalise
from critasser.network import predict
from critasser.network.residue.reading import judge_residues, read_residues
from critasser.structure import CalphaSet

__all__ = ["BFACTORS", "choose_bfactor", "sharpened"]

BFACTORS = (150.0, 100.0, 60.0, 30.0, 0.0, -30.0, -60.0, -90.0, -120.0)
"""Å² that are tried; negative ones sharpen."""

FINEST = 2.5
"""Å; what is finer is sharpened no more than this."""

SIDE = 112
"""Voxels of the part of a map that is looked at."""

FEWEST = 10
"""Positions that tell anything of a map."""

SAMPLE = 160
"""Positions, those nearest the middle of all, whose amino acids are asked for."""


def sharpened(density: Grid, bfactor: float) -> Grid:
    """A normalised map blurred (or, negative, sharpened) by a B-factor in Å², normalised again."""
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


def choose_bfactor(
    density: Grid,
    length: int,
    weights: Path,
    residue_weights: Path,
    *,
    device: str | torch.device = "auto",
) -> float:
    """The B-factor by which the networks are to see a map.

    Parameters
    ----------
    density : Grid
        Normalised map at 1 Å.
    length : int
        Residues expected in it.
    weights, residue_weights : Path
        The two networks.
    device : str or torch.device

    Returns
    -------
    float
        Å², for `sharpened`: of `BFACTORS` the one at which amino acids at the Cα found in the map
        as it is are surest, half of it, or 0: where the Cα found then, and their amino acids, are
        surest. Noise that sharpening brings up makes Cα less so.
    """
    part, share = _fullest_part(density)
    count = max(FEWEST, round(length * share))

    def search(grid: Grid) -> CalphaSet:
        found = find_calpha(predict(grid, weights, device=device), count)
        order = np.argsort(-found.probability, kind="stable")[:count]
        return found.select(order)

    found = search(part)
    if len(found) < FEWEST:
        return 0.0
    # What the residue network says alone: the map network has seen the map as it is.
    away = np.linalg.norm(found.positions - np.median(found.positions, axis=0), axis=1)
    asked = found.select(np.sort(np.argsort(away, kind="stable")[:SAMPLE]))
    asked = dataclasses.replace(asked, amino_acid=np.full((len(asked), 20), 0.05))

    def certainty(bfactor: float) -> float:
        read, _ = judge_residues(
            sharpened(part, bfactor), asked, residue_weights, device=device, rounds=1
        )
        return float(read.amino_acid.max(axis=1).mean())

    best = max(BFACTORS, key=certainty)
    if not best:
        return 0.0

    def sureness(bfactor: float) -> float:
        grid = sharpened(part, bfactor)
        there = search(grid) if bfactor else found
        if len(there) < FEWEST:
            return 0.0
        read = read_residues(grid, there, residue_weights, count, device=device)
        return float((read.probability + read.amino_acid.max(axis=1))[:count].mean())

    return max((best, best / 2, 0.0), key=sureness)


def _fullest_part(density: Grid) -> tuple[Grid, float]:
    """A box of `SIDE` voxels at most around the middle of the density, and its share of it."""
    weight = np.clip(density.values, 0.0, None) ** 2
    first = []
    for axis, n in enumerate(density.shape):
        along = weight.sum(axis=tuple(k for k in range(3) if k != axis), dtype=np.float64)
        middle = float(along @ np.arange(n) / max(along.sum(), 1e-12))
        first.append(int(np.clip(round(middle - SIDE / 2), 0, max(n - SIDE, 0))))
    box = tuple(slice(a, a + SIDE) for a in first)
    share = float(weight[box].sum(dtype=np.float64) / max(weight.sum(dtype=np.float64), 1e-12))
    origin = density.origin + np.array(first[::-1]) * density.voxel_size
    return Grid(np.ascontiguousarray(density.values[box]), origin, density.voxel_size), share
