"""Put a template that lies in one unit of a symmetric molecule into the other units too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from critasser.density import Grid
from critasser.structure import CalphaSet, Symmetry, Target, Template, cr_score

__all__ = ["in_equal_places"]

TAKEN = 10.0
"""Å between the middles of two chains that lie in one place."""
LEAST_INSIDE = 0.8
"""Of a chain's residues, that must lie in the map: boxes cut filaments."""


def in_equal_places(
    template: Template, target: Target, symmetry: Symmetry, calpha: CalphaSet, grid: Grid
) -> Template:
    """A template with the copies of a chain that have no place in the places of its images.

    Parameters
    ----------
    template : Template
        Of the target.
    target : Target
        Chains of one sequence are copies of each other.
    symmetry : Symmetry
        Of the map.
    calpha : CalphaSet
        By which the template is scored.
    grid : Grid
        The map.

    Returns
    -------
    Template
        The same where no copy lacks a place, or no place is free.
    """
    positions = template.positions.copy()
    parts = target.chain_slices
    letters = [sequence.letters for sequence in target.sequences]
    for one in dict.fromkeys(letters):
        copies = [part for part, own in zip(parts, letters) if own == one]
        placed = [p for p in copies if np.isfinite(positions[p]).any()]
        free = [p for p in copies if not np.isfinite(positions[p]).any()]
        if not placed or not free:
            continue
        images = np.concatenate([symmetry.images(positions[p]) for p in placed])
        middles = np.nanmean(images, axis=1)
        start = np.nanmean(positions[placed[0]], axis=0)
        taken = [np.nanmean(positions[p], axis=0) for p in placed]
        for k in np.argsort(np.linalg.norm(middles - start, axis=1), kind="stable"):
            away = min(np.linalg.norm(middles[k] - other) for other in taken)
            if free and away > TAKEN and _inside(images[k], grid) >= LEAST_INSIDE:
                positions[free.pop(0)] = images[k]
                taken.append(middles[k])
    score = cr_score(positions, calpha.positions, len(target))
    return replace(template, positions=positions, score=score)


def _inside(positions: NDArray[np.float64], grid: Grid) -> float:
    """Share of a chain's placed residues (n, 3) within the map."""
    placed = positions[np.isfinite(positions).all(axis=1)]
    return float(((placed >= grid.origin) & (placed <= grid.upper)).all(axis=1).mean())
