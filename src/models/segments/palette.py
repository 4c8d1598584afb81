"""Choose colours of regions: different where they touch, also for the colour-blind."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

__all__ = ["PALETTE", "choose_colors"]

PALETTE = (
    "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7",
    "#882255", "#332288", "#999933", "#44aa99", "#bbbbbb",
)  # fmt: skip
"""Okabe and Ito's seven, then some of Paul Tol's muted ones."""

_RGB = np.array([[int(one[k : k + 2], 16) for k in (1, 3, 5)] for one in PALETTE], dtype=float)

_FAR = 150.0
"""Distance of colours from which on farther is no better."""


def choose_colors(
    numbers, neighbours: np.ndarray, taken: Mapping[int, tuple[int, ...]] | None = None
) -> dict[int, tuple[int, int, int, int]]:
    """A colour for each region.

    Parameters
    ----------
    numbers : iterable of int
        Regions without colours, most important first.
    neighbours : ndarray (m, 3) of int
        Pairs of regions that touch, and by how much.
    taken : mapping
        Colours (red, green, blue, …; 0 to 255) of other regions.

    Returns
    -------
    dict
        Red, green, blue, alpha, 0 to 255.
    """
    colors = {number: np.array(color[:3], dtype=float) for number, color in (taken or {}).items()}
    beside: dict[int, set[int]] = {}
    for one, other in np.asarray(neighbours)[:, :2].tolist():
        beside.setdefault(one, set()).add(other)
        beside.setdefault(other, set()).add(one)
    used = np.zeros(len(PALETTE))
    for color in colors.values():
        used[np.linalg.norm(_RGB - color, axis=1) < 1.0] += 1
    found = {}
    for number in map(int, numbers):
        apart = np.full(len(PALETTE), _FAR)
        for other in beside.get(number, ()):
            if other in colors:
                apart = np.minimum(apart, np.linalg.norm(_RGB - colors[other], axis=1))
        # Different from neighbours first, then the colour that is rarest so far.
        choice = int(np.lexsort((np.arange(len(PALETTE)), used, -apart))[0])
        used[choice] += 1
        colors[number] = _RGB[choice]
        found[number] = (*(int(part) for part in _RGB[choice]), 255)
    return found
