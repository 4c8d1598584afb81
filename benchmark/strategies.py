"""List the ways to Cα positions that are measured side by side.

To measure another one, add it to `STRATEGIES`. What is asked of a map as a whole (a number a map:
its resolution, whether its hand is right) goes to `MAP_MEASURES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.baselines import highest_density, shifted_density
from critasser.calpha import find_calpha
from critasser.calpha.hand import tell_hand
from critasser.density import FeatureMaps, Grid
from critasser.network import predict, predict_resolution, read_residues
from critasser.shipped import RESIDUE_NETWORK, shipped
from critasser.structure import CalphaSet

__all__ = ["DEFAULT", "MAP_MEASURES", "STRATEGIES", "VIEWS", "MapMeasure", "Strategy"]

VIEWS = (0, 7, *(view for view in range(24) if view not in (0, 7)))
"""Rotations of the cube in the order in which they are predicted; the pipeline takes the first
two."""


@dataclass(frozen=True)
class Strategy:
    """A way to Cα positions.

    Attributes
    ----------
    views : int
        Of the network, the first of `VIEWS`, whose mean it needs; 0 where density is enough.
    find : function (features, density, length) -> CalphaSet
        Features are that mean, None without views; density is normalised, at 1 Å; length is the
        number of residues with a Cα.
    sharp : bool
        Whether features and density are of the map as sharp as the networks read it best.
    """

    views: int
    find: Callable[[FeatureMaps | None, Grid, int], CalphaSet]
    sharp: bool = False


def _on_mean(views: int, rule: str) -> Strategy:
    return Strategy(views, lambda features, _, length: find_calpha(features, length, strategy=rule))


def _read(features: FeatureMaps, density: Grid, length: int) -> CalphaSet:
    peaks = find_calpha(features, length)
    return read_residues(density, peaks, shipped(RESIDUE_NETWORK), length)


STRATEGIES = {
    "read-2": Strategy(2, _read, sharp=True),
    "refined-2": _on_mean(2, "refined"),
    "refined-1": _on_mean(1, "refined"),
    "refined-24": _on_mean(24, "refined"),
    "paper-2": _on_mean(2, "paper"),
    "mean-shift": Strategy(0, lambda _, density, length: shifted_density(density, length)),
    "naive": Strategy(0, lambda _, density, length: highest_density(density, length)),
}
"""The number is that of views averaged. ``refined``: local maxima moved by mean shift; ``read``:
these read by the residue network in a map as sharp as both networks read it best, as builds do;
``paper``: the paper's rule."""

DEFAULT = tuple(name for name, strategy in STRATEGIES.items() if strategy.views <= 2)


@dataclass(frozen=True)
class MapMeasure:
    """Something that is asked of a map as a whole.

    Attributes
    ----------
    title : str
        Of the column.
    network : str
        Whose weights it gets: ``calpha`` (the network that is measured) or ``resolution``.
    measure : function (density, weights, resolution, length) -> float
        Of the normalised map at 1 Å; resolution is the true one in Å, length the residues in it.
    summary : function (values) -> str
        Of all maps of a shell.
    """

    title: str
    network: str
    measure: Callable[[Grid, Path, float, int], float]
    summary: Callable[[Sequence[float]], str]


def _resolution_error(density: Grid, weights: Path, resolution: float, length: int) -> float:
    return predict_resolution(density, weights) - resolution


def _hands_right(density: Grid, weights: Path, resolution: float, length: int) -> float:
    """Of two: is the map likelier a protein's than a mirror image, and its mirror image not?"""
    right = 0
    for values, mirrored in ((density.values, False), (density.values[..., ::-1], True)):
        features = predict(density.with_values(np.ascontiguousarray(values)), weights)
        right += (tell_hand(find_calpha(features, length)).right < 0.5) == mirrored
    return float(right)


MAP_MEASURES = {
    "resolution": MapMeasure(
        "resolution, median error, Å",
        "resolution",
        _resolution_error,
        lambda errors: f"{np.median(np.abs(errors)):.2f}",
    ),
    "hand": MapMeasure(
        "hand right, of maps and mirror images",
        "calpha",
        _hands_right,
        lambda right: f"{sum(right):.0f} of {2 * len(right)}",
    ),
}
