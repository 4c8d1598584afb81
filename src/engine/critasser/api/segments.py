"""Regions of a map, for users of the package."""

from __future__ import annotations

import os

from critasser.api.models import Sequences, as_target
from critasser.api.prediction import Progress
from critasser.density import Grid, read_map
from critasser.pipeline.segments import map_symmetry, segmented
from critasser.segmentation.map_regions import MapRegions

__all__ = ["MapRegions", "segment"]


def segment(
    density: str | os.PathLike[str] | Grid,
    *,
    level: float | None = None,
    sequences: Sequences | None = None,
    symmetry: str = "none",
    guided: bool = True,
    device: str = "auto",
    progress: Progress | None = None,
) -> MapRegions:
    """Divide a map into regions of about the size of a chain.

    Basins of the density above a contour are grouped by how they flow together under smoothing.

    Parameters
    ----------
    density : path or Grid
    level : float, optional
        Contour; by the map's own density without.
    sequences : path, Target or iterable of str, optional
        Of the chains in the map, which tell how large a region should be.
    symmetry : str
        Of the map, such as ``C4``, see `critasser.build`; it tells what regions are copies of each
        other. None is looked for.
    guided : bool
        Leave out what lies farther than 5 Å from all backbone that the network sees.
    device : {'auto', 'cpu', 'cuda'}
        Where the network runs.
    progress : callable, optional
        Given a fraction and a message.

    Returns
    -------
    MapRegions
        ``labels``, a `Grid` with the number of each voxel's region, and of each region ``volume``
        in Å³, ``residues`` expected in it, ``centre`` in Å, ``neighbours`` and ``copies``.

    Raises
    ------
    InputError
        The map cannot be used, does not have the symmetry, or nothing of it is above the level.

    References
    ----------
    Pintilie et al., J. Struct. Biol. 170, 427 (2010).

    Examples
    --------
    >>> regions = critasser.segment("map.mrc", level=0.3, guided=False)
    >>> len(regions.volume) == int(regions.labels.values.max())
    True
    """
    grid = density if isinstance(density, Grid) else read_map(density)
    lengths = () if sequences is None else tuple(map(len, as_target(sequences).sequences))
    found = map_symmetry(grid, symmetry)
    return segmented(
        grid, level=level, chain_lengths=lengths, symmetry=found and found.symmetry, guided=guided,
        device=device, progress=progress,
    )  # fmt: skip
