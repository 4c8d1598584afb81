"""Choose the B-factor at which the networks read a map best.

Deposited maps are blurred or over-sharpened. Networks read best a map that is as sharp as it can be
before noise takes over; at that B-factor they tell amino acids apart with the highest probability.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from critasser.calpha import find_calpha
from critasser.density import Grid
from critasser.density.sharpening import sharpened
from critasser.network import predict
from critasser.network.residue.reading import judge_residues, read_residues
from critasser.structure import CalphaSet

__all__ = ["BFACTORS", "choose_bfactor"]

BFACTORS = (150.0, 100.0, 60.0, 30.0, 0.0, -30.0, -60.0, -90.0, -120.0)
"""Å² that are tried; negative ones sharpen."""

SIDE = 112
"""Voxels; side of the part of a map on which the choice is made."""

FEWEST = 10
"""Least number of Cα positions from which a B-factor is chosen."""

SAMPLE = 160
"""Number of Cα positions, those nearest their median, whose amino acids are read."""

SEARCH_SHARE, READING_SHARE, LOOK_SHARE = 0.1, 0.5, 0.2
"""Shares of the work: finding Cα positions; reading their amino acids at all B-factors that are
tried; and each of the two looks at a sharpened map."""

MESSAGE = "estimating the sharpness of the map"

UNKNOWN = 1.0 / 20.0
"""Probability of each amino acid where nothing is known of the residue."""


def choose_bfactor(
    density: Grid,
    length: int,
    weights: Path,
    residue_weights: Path,
    *,
    device: str | torch.device = "auto",
    progress: Callable[[float, str], None] = lambda done, message: None,
) -> float:
    """Choose the B-factor at which the networks read a map best.

    Parameters
    ----------
    density : Grid
        Normalised map at 1 Å.
    length : int
        Residues expected in it.
    weights, residue_weights : Path
        The two networks.
    device : str or torch.device
    progress : callable
        Told the fraction of the work and a message; may raise `Cancelled`.

    Returns
    -------
    float
        Å², for `sharpened`. First, of `BFACTORS` the one at which amino acids are read with the
        highest probability, at the Cα found in the map as it is. Then, of this one, half of it and
        0, the one at which Cα found anew and their amino acids have the highest probability: noise
        that sharpening amplifies makes Cα less certain.
    """
    part, share = _fullest_part(density)
    count = max(FEWEST, round(length * share))

    def search(grid: Grid) -> CalphaSet:
        found = find_calpha(predict(grid, weights, device=device), count)
        order = np.argsort(-found.probability, kind="stable")[:count]
        return found.select(order)

    progress(0.0, MESSAGE)
    found = search(part)
    if len(found) < FEWEST:
        return 0.0
    # What the residue network says alone: the map network has seen the map as it is.
    away = np.linalg.norm(found.positions - np.median(found.positions, axis=0), axis=1)
    asked = found.select(np.sort(np.argsort(away, kind="stable")[:SAMPLE]))
    asked = dataclasses.replace(asked, amino_acid=np.full((len(asked), 20), UNKNOWN))

    def certainty(bfactor: float) -> float:
        done = BFACTORS.index(bfactor) / len(BFACTORS)
        progress(SEARCH_SHARE + READING_SHARE * done, MESSAGE)
        read, _ = judge_residues(
            sharpened(part, bfactor), asked, residue_weights, device=device, rounds=1
        )
        return float(read.amino_acid.max(axis=1).mean())

    best = max(BFACTORS, key=certainty)
    if not best:
        return 0.0

    def sureness(bfactor: float) -> float:
        looked = 0 if bfactor == best else 1
        progress(SEARCH_SHARE + READING_SHARE + LOOK_SHARE * looked, MESSAGE)
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
