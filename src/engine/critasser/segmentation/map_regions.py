"""Segment a map: contour by itself, regions as large as chains, how many residues each holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from critasser.density import Grid, sample
from critasser.density_scale import background_of, mean_above
from critasser.errors import InputError
from critasser.segmentation.finding import find_regions, level_above
from critasser.segmentation.mates import index_operations, symmetry_mates
from critasser.segmentation.regions import Regions
from critasser.structure import Symmetry

__all__ = ["MapRegions", "automatic_level", "segment_map"]

CONTOUR = 0.5
"""Of the molecule's mean density (weighted by itself, above the background): near the contour at
which maps are displayed."""

CONTOUR_IN_NOISE = 3.0
"""Standard deviations of the solvent's noise, at least."""

LIKELY_BACKBONE = 0.15
"""Probability of backbone from which there is protein. As the next number chosen by hand."""
REACH = 5.0
"""Å from such voxels to the ends of side chains."""


@dataclass(frozen=True, eq=False)
class MapRegions:
    """Regions of a map.

    Attributes
    ----------
    labels : Grid
        Number of each voxel's region, from 1, the largest first; 0 outside. On the map's grid.
    level : float
        Contour of the map.
    volume : ndarray (n,)
        Å³ of each region.
    residues : ndarray (n,)
        Residues of protein that each is expected to hold.
    density : ndarray (n,)
        Mean density of each.
    centre : ndarray (n, 3)
        Of each, x, y, z in Å.
    neighbours : tuple of tuple of int
        Numbers of the regions that touch each, most contact first.
    left_out : float
        Å³ above the contour in no region: far from any backbone, or small pieces.
    copies : tuple of tuple of int
        Numbers of the regions that the map's symmetry leads each onto, where it was given.
    """

    labels: Grid
    level: float
    volume: NDArray[np.float64]
    residues: NDArray[np.float64]
    density: NDArray[np.float64]
    centre: NDArray[np.float64]
    neighbours: tuple[tuple[int, ...], ...]
    left_out: float
    copies: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.volume)


def automatic_level(grid: Grid) -> float:
    """A contour for a map, by its own density.

    Half of the molecule's mean density above the background, or three standard deviations of the
    solvent's noise where that is more.

    Raises
    ------
    ValueError
        No voxel is above the background.
    """
    solvent, mean, noise = _scale(grid)
    highest = float(grid.values.max()) - solvent
    return solvent + min(max(CONTOUR * mean, CONTOUR_IN_NOISE * noise), CONTOUR * highest)


def _scale(grid: Grid) -> tuple[float, float, float]:
    """Background, mean density of the molecule above it, and the solvent's noise."""
    solvent, _ = background_of(grid.values)
    mean = mean_above(grid.values, solvent)
    if not mean:
        raise ValueError("no density above the background")
    values = grid.values - np.float32(solvent)
    # Noise is symmetric about the background, and the molecule adds nothing below it.
    below = values[values < 0]
    noise = float(np.sqrt(np.mean(np.square(below, dtype=np.float64)))) if below.size else 0.0
    return solvent, mean, noise


def segment_map(
    grid: Grid,
    *,
    level: float | None = None,
    backbone: Grid | None = None,
    chain_residues: float | None = None,
    chains: int = 1,
    symmetry: Symmetry | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> MapRegions:
    """Divide a map into regions of about the size of a chain.

    Basins of the density above a contour are grouped by how they flow together under smoothing.

    Parameters
    ----------
    grid : Grid
        The map.
    level : float, optional
        Contour; `automatic_level` without.
    backbone : Grid, optional
        Probability of backbone in the same frame, of any voxel size: what lies farther than 5 Å
        from where it is likely is in no region.
    chain_residues : float, optional
        Residues of a chain; about 300 without, or what makes a few to a few dozen regions.
    chains : int
        How many of that size there are at least.
    symmetry : Symmetry, optional
        Of the map, which tells what regions are copies of each other.
    progress : callable, optional
        Told the fraction done and a message; may raise `Cancelled`.

    Returns
    -------
    MapRegions

    Raises
    ------
    InputError
        Nothing of the map is above the level.

    References
    ----------
    Pintilie et al., J. Struct. Biol. 170, 427 (2010).
    """
    tell = progress or (lambda fraction, message: None)
    level = automatic_level(grid) if level is None else level
    above = grid.values >= level
    if not above.any():
        raise InputError(f"nothing of the map is above the level {level:g}: give a lower one")
    values = grid.values
    if backbone is not None:
        # What is out of reach falls below every level.
        values = np.where(_near_backbone(grid, backbone), values, np.float32(values.min()) - 1)
        if not (values >= level).any():
            raise InputError(
                f"the network finds no backbone in what is above the level {level:g}: check the "
                "map's contour and hand, or segment by the density alone"
            )
    regions, group, _ = find_regions(
        values,
        level,
        grid.voxel_size[::-1],
        chain_residues=chain_residues,
        chains=chains,
        above=level_above(grid.values, level),
        told=lambda fraction: tell(fraction, "regions"),
    )
    return _described(grid, level, regions, group, int(above.sum()), symmetry)


def _near_backbone(grid: Grid, backbone: Grid) -> NDArray[np.bool_]:
    """Voxels of a map (nz, ny, nx) within reach of where backbone is likely."""
    away = ndimage.distance_transform_edt(
        backbone.values < LIKELY_BACKBONE, sampling=backbone.voxel_size[::-1]
    )
    if (backbone.values < LIKELY_BACKBONE).all():
        return np.zeros(grid.shape, dtype=np.bool_)
    reach = backbone.with_values((away <= REACH).astype(np.float32))
    near = np.zeros(grid.shape, dtype=np.bool_)
    zyx = np.indices(grid.shape[1:]).reshape(2, -1)
    for z in range(grid.shape[0]):
        index = np.vstack([np.full(zyx.shape[1], z), zyx]).T
        near[z] = (sample(reach, grid.to_position(index)) >= 0.5).reshape(grid.shape[1:])
    return near


def _described(
    grid: Grid,
    level: float,
    regions: Regions,
    group: NDArray,
    above: int,
    symmetry: Symmetry | None,
) -> MapRegions:
    count = int(group.max(initial=0))
    labels = regions.index_map(group)
    touching: dict[int, list[tuple[int, int]]] = {k: [] for k in range(1, count + 1)}
    for one, other, faces in regions.neighbours(group).tolist():
        touching[one].append((-faces, other))
        touching[other].append((-faces, one))
    number = np.arange(1, count + 1)
    middle = np.array(ndimage.center_of_mass(labels > 0, labels, number)).reshape(-1, 3)
    volume = regions.volumes(group)[1:]
    return MapRegions(
        grid.with_values(labels.astype(np.float32)),
        level,
        volume,
        regions.residues(group)[1:],
        regions.mean_densities(group)[1:],
        grid.to_position(middle),
        tuple(tuple(other for _, other in sorted(touching[k])) for k in number.tolist()),
        above * float(np.prod(grid.voxel_size)) - float(volume.sum()),
        _copies(grid, labels, count, symmetry),
    )


def _copies(
    grid: Grid, labels: NDArray, count: int, symmetry: Symmetry | None
) -> tuple[tuple[int, ...], ...]:
    """The regions that operations lead each of so many onto."""
    if symmetry is None:
        return ((),) * count
    places = np.concatenate([symmetry.rotation, symmetry.shift[..., None]], axis=2)
    frame = np.column_stack([np.diag(grid.voxel_size), grid.origin])
    mates = symmetry_mates(labels, index_operations(places, frame, (0, 0, 0)))
    return tuple(
        tuple(other for other in mates if other != k and mates[other] == mates.get(k))
        for k in range(1, count + 1)
    )
